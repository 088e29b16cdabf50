import { webcrypto } from 'node:crypto';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { x509 } from '../identity/x509.ts';
import { judgeClock } from './judge-clock.ts';
import { readServerTime } from './server-time.ts';

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
const DAY = 86_400_000;

async function keyPair() {
  const keys = await webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
  const pkcs8 = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey)).toString('base64');
  return { keys, pem: `-----BEGIN PRIVATE KEY-----\n${pkcs8}\n-----END PRIVATE KEY-----\n` };
}

async function authority(name: string) {
  const { keys } = await keyPair();
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: '01',
    name: `CN=${name}`,
    notBefore: new Date(Date.now() - 1_000 * DAY),
    notAfter: new Date(Date.now() + 1_000 * DAY),
    signingAlgorithm: ALGORITHM,
    keys,
    extensions: [new x509.BasicConstraintsExtension(true, undefined, true)],
  });
  return { certificate, keys, pem: certificate.toString('pem') };
}

type Authority = Awaited<ReturnType<typeof authority>>;

async function serve(issuer: Authority, from: number, to: number, date: string | undefined, name = 'localhost') {
  const { keys, pem } = await keyPair();
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: '02',
    subject: `CN=${name}`,
    issuer: issuer.certificate.subject,
    notBefore: new Date(from),
    notAfter: new Date(to),
    signingAlgorithm: ALGORITHM,
    publicKey: keys.publicKey,
    signingKey: issuer.keys.privateKey,
    extensions: [new x509.SubjectAlternativeNameExtension([{ type: 'dns', value: name }])],
  });
  const server = createServer({ key: pem, cert: certificate.toString('pem') }, (_request, response) => {
    response.sendDate = false;
    response.writeHead(403, date === undefined ? {} : { date });
    response.end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  servers.push(server);
  return `https://localhost:${(server.address() as AddressInfo).port}/`;
}

const servers: Server[] = [];
let ours: Authority;
let theirs: Authority;

beforeAll(async () => {
  ours = await authority('ours');
  theirs = await authority('theirs');
});
afterAll(() => {
  for (const server of servers) server.close();
});

test('the time is read from a server whose certificates the device cannot date, and judged by them', async () => {
  const then = Date.now() + 500 * DAY;
  // By this machine's clock the certificate is not valid yet, as on a device that is in 1970.
  const url = await serve(ours, then - DAY, then + DAY, new Date(then).toUTCString());
  const server = await readServerTime({ url, caPem: ours.pem });
  expect(Math.abs(server.time - then)).toBeLessThanOrEqual(1_000);
  const verdict = judgeClock({ now: Date.now(), floor: 0, tolerance: 30_000, server });
  expect(verdict).toMatchObject({ kind: 'wrong', blocksTls: true });
});

test.each([
  ['of an unknown CA', () => serve(theirs, 0, Date.now() + DAY, new Date().toUTCString()), /its CA is unknown/],
  [
    'of an unknown CA whose certificate is not valid yet',
    () => serve(theirs, Date.now() + DAY, Date.now() + 2 * DAY, new Date().toUTCString()),
    /its CA is unknown/,
  ],
  [
    'with a certificate for another name',
    () => serve(ours, 0, Date.now() + DAY, new Date().toUTCString(), 'elsewhere.example'),
    /not for localhost/,
  ],
  ['that does not say the time', () => serve(ours, 0, Date.now() + DAY, undefined), /does not say the time/],
])('a server %s is not believed', async (_name, made, message) => {
  await expect(readServerTime({ url: await made(), caPem: ours.pem })).rejects.toThrow(message);
});

test('a server that is not there is told as such, and stopping ends the question', async () => {
  await expect(readServerTime({ url: 'https://127.0.0.1:9/', caPem: ours.pem })).rejects.toMatchObject({
    code: 'CLOCK_WRONG',
  });
  const abort = new AbortController();
  const asking = readServerTime({ url: await serve(ours, 0, 1, undefined), caPem: ours.pem, signal: abort.signal });
  abort.abort();
  await expect(asking).rejects.toThrow(/stopped/);
});
