import { createPublicKey, verify } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeSoftToken, type SoftToken, softTokenLibrary } from '../../../test/support/soft-token.ts';
import { StateDirectory } from '../state-directory.ts';
import { FileKeyStore } from './file-key-store.ts';
import { TokenKeyStore } from './token-key-store.ts';
import { x509 } from './x509.ts';

const SOFTHSM = softTokenLibrary();
const why = SOFTHSM === undefined ? ' (skipped: SoftHSM or pkcs11-tool is not installed)' : '';
const withToken = SOFTHSM === undefined ? test.skip : test;

let directory: string;
let token: SoftToken;
let store: TokenKeyStore;

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'fleetwright-token-test-'));
  if (SOFTHSM === undefined) return;
  token = makeSoftToken(SOFTHSM, directory);
  // The tool finds the token by its environment, which a test process cannot change for others: a script stands before it.
  store = new TokenKeyStore({
    library: token.library,
    tokenLabel: token.label,
    pin: readFileSync(token.pinFile, 'utf8').trim(),
    tool: token.toolScript,
  });
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

withToken(
  `PKCS#11: each key on a token signs with itself, however many there are${why}`,
  async () => {
    const names = ['device', 'device-a', 'device-b', 'device-c'];
    for (const name of names) {
      const key = await store.create(name);
      const request = new x509.Pkcs10CertificateRequest(await key.signingRequest(`CN of ${name}`));
      expect([name, await request.verify()]).toEqual([name, true]);
      const signature = await key.sign(Buffer.from(name));
      const publicKey = createPublicKey({ key: Buffer.from(request.publicKey.rawData), format: 'der', type: 'spki' });
      expect([name, verify('sha256', Buffer.from(name), publicKey, signature)]).toEqual([name, true]);
    }
    expect((await store.list()).map((key) => (key.kind === 'token' ? key.label : key)).sort()).toEqual(names);
    // Made again, it is the same key.
    const again = await (await store.create('device-b')).signingRequest('x');
    const first = await (await store.open({ kind: 'token', label: 'device-b' })).signingRequest('x');
    const keyOf = (pem: string) =>
      Buffer.from(new x509.Pkcs10CertificateRequest(pem).publicKey.rawData).toString('hex');
    expect(keyOf(again)).toBe(keyOf(first));
    await store.remove({ kind: 'token', label: 'device-b' });
    await store.remove({ kind: 'token', label: 'device-b' });
    expect(await store.list()).toHaveLength(3);
    await expect((await store.open({ kind: 'token', label: 'device-b' })).sign(Buffer.from('x'))).rejects.toMatchObject(
      { code: 'KEY_UNUSABLE', message: expect.stringContaining("has no key 'device-b'") },
    );
    const access = [...token.tool('--list-objects', '--type', 'privkey').matchAll(/Access:\s+(.*)/g)];
    expect(new Set(access.map(([, found]) => found))).toEqual(
      new Set(['sensitive, always sensitive, never extractable, local']),
    );
  },
  60_000,
);

withToken(`PKCS#11: a wrong PIN and a missing tool are named, without the PIN${why}`, async () => {
  const options = { library: token.library, tokenLabel: token.label, pin: '000111' };
  const wrong = new TokenKeyStore({ ...options, tool: token.toolScript }).create('device');
  await expect(wrong).rejects.toMatchObject({ code: 'KEY_UNUSABLE', message: expect.not.stringContaining('000111') });
  await expect(new TokenKeyStore({ ...options, tool: '/nowhere/pkcs11-tool' }).create('device')).rejects.toThrow(
    /is not installed/,
  );
});

test('a key that is in the other place than configured is refused', async () => {
  const files = new FileKeyStore(new StateDirectory(directory));
  await expect(files.open({ kind: 'token', label: 'device' })).rejects.toMatchObject({ code: 'KEY_UNUSABLE' });
  const tokens = new TokenKeyStore({ library: '/nowhere', tokenLabel: 'x', pin: 'y' });
  await expect(tokens.open({ kind: 'file', file: 'device.key.pem' })).rejects.toMatchObject({ code: 'KEY_UNUSABLE' });
});
