import { mkdtempSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { StateDirectory } from '../state-directory.ts';
import { nextBootId } from '../telemetry/boot-counter.ts';
import { IdentityStore } from './identity-store.ts';
import { certificateSigningRequest } from './key-pair.ts';
import { x509 } from './x509.ts';

const directory = () => new StateDirectory(mkdtempSync(join(tmpdir(), 'fleetwright-device-')));
const configuration = {
  topicRoot: 'fleetwright-dev',
  site: 'north',
  deviceType: 'pump',
  telemetryRule: 'rule',
  eventRule: 'event',
};

test('the key is made once, kept with mode 0600, and signs its own request', async () => {
  const state = directory();
  const key = (await new IdentityStore(state).firstKey()).connection.privateKeyPem ?? '';
  expect((await new IdentityStore(state).firstKey()).connection.privateKeyPem).toBe(key);
  expect(statSync(state.file('device.key.pem')).mode & 0o777).toBe(0o600);
  const request = new x509.Pkcs10CertificateRequest(await certificateSigningRequest(key, 'SN-1'));
  expect(await request.verify()).toBe(true);
  expect(request.subject).toBe('CN=SN-1');
});

test('a device is provisioned only once its whole identity is on disk', async () => {
  const state = directory();
  const store = new IdentityStore(state);
  await store.firstKey();
  expect(await store.load()).toBeUndefined();
  store.save({ thingName: 'pump-1', certificateId: 'c', certificatePem: 'PEM', configuration });
  expect(await store.load()).toMatchObject({ thingName: 'pump-1', certificatePem: 'PEM', configuration });
});

test('a damaged identity is named, not guessed at', async () => {
  const state = directory();
  const store = new IdentityStore(state);
  await store.firstKey();
  store.save({ thingName: 'pump-1', certificateId: 'c', certificatePem: 'PEM', configuration });
  writeFileSync(state.file('identity.json'), '{');
  await expect(store.load()).rejects.toThrow(/identity\.json is damaged/);
});

test('the boot counter grows over restarts and refuses rubbish', () => {
  const state = directory();
  expect([nextBootId(state), nextBootId(state), nextBootId(new StateDirectory(state.path))]).toEqual([1, 2, 3]);
  writeFileSync(state.file('boot-count'), 'many');
  expect(() => nextBootId(state)).toThrow(/boot-count holds 'many'/);
});
