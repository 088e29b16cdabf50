import { X509Certificate } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, createServer, type TLSSocket } from 'node:tls';
import { ManualClock, systemClock } from './clock.ts';
import { caFile, loadOrCreateServerIdentity } from './tls.ts';

const directory = () => mkdtempSync(join(tmpdir(), 'fleetwright-tls-'));

test('the identity serves TLS on localhost, 127.0.0.1 and virtual-hosted buckets to whoever trusts its CA', async () => {
  const identity = await loadOrCreateServerIdentity(directory(), systemClock);
  const server = createServer({ cert: identity.certificatePem, key: identity.privateKeyPem }, (socket) => socket.end());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  const dial = (servername: string, ca: string[]) =>
    new Promise<TLSSocket>((resolve, reject) => {
      const socket = connect({ port, host: '127.0.0.1', servername, ca }, () => resolve(socket.end()));
      socket.on('error', reject);
    });
  for (const name of ['localhost', 'lake.s3.localhost']) {
    await expect(dial(name, [identity.caCertificatePem])).resolves.toMatchObject({ authorized: true });
  }
  await expect(dial('example.com', [identity.caCertificatePem])).rejects.toThrow(/altnames/);
  await expect(dial('localhost', [])).rejects.toThrow();
  server.close();
  const leaf = new X509Certificate(identity.certificatePem);
  expect(leaf.subjectAltName).toBe(
    'DNS:localhost, DNS:*.localhost, DNS:s3.localhost, DNS:*.s3.localhost, DNS:*.iot.localhost, IP Address:127.0.0.1, IP Address:0:0:0:0:0:0:0:1',
  );
  expect(new X509Certificate(identity.caCertificatePem).subject).toContain('CN=Fleetwright Local Root CA');
});

test('a restart keeps the identity, and its keys are readable by the owner alone', async () => {
  const place = directory();
  const clock = new ManualClock();
  const first = await loadOrCreateServerIdentity(place, clock);
  expect(await loadOrCreateServerIdentity(place, clock)).toEqual(first);
  expect(readFileSync(caFile(place), 'utf8')).toBe(first.caCertificatePem);
  for (const key of ['ca-key.pem', 'server-key.pem'])
    expect(statSync(join(place, 'tls', key)).mode & 0o777).toBe(0o600);
});

test('a server certificate near its end is renewed under the same CA', async () => {
  const place = directory();
  const clock = new ManualClock();
  const first = await loadOrCreateServerIdentity(place, clock);
  await clock.advance(800 * 86_400_000);
  const renewed = await loadOrCreateServerIdentity(place, clock);
  expect(renewed.caCertificatePem).toBe(first.caCertificatePem);
  expect(renewed.certificatePem).not.toBe(first.certificatePem);
  expect(Date.parse(new X509Certificate(renewed.certificatePem).validTo)).toBeGreaterThan(
    clock.now() + 365 * 86_400_000,
  );
});

test('a lost CA is replaced together with the certificate it signed', async () => {
  const place = directory();
  const clock = new ManualClock();
  const first = await loadOrCreateServerIdentity(place, clock);
  rmSync(caFile(place));
  const second = await loadOrCreateServerIdentity(place, clock);
  expect(second.caCertificatePem).not.toBe(first.caCertificatePem);
  expect(
    new X509Certificate(second.certificatePem).verify(new X509Certificate(second.caCertificatePem).publicKey),
  ).toBe(true);
});

test('rubbish in place of a certificate refuses to start', async () => {
  const place = directory();
  await loadOrCreateServerIdentity(place, new ManualClock());
  writeFileSync(join(place, 'tls', 'server.pem'), 'rubbish');
  await expect(loadOrCreateServerIdentity(place, new ManualClock())).rejects.toMatchObject({
    code: 'DATA_DIRECTORY_UNUSABLE',
  });
});
