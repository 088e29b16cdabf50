import { webcrypto } from 'node:crypto';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { readServerTime } from '../agent/server-time.ts';
import { x509 } from '../identity/x509.ts';
import { httpsClient } from '../update/download/http.ts';
import { openTunnel } from './proxy-tunnel.ts';
import { ConnectProxy } from './testing/connect-proxy.ts';

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
const CREDENTIALS = { username: 'pump', password: 'a:b' };

let server: Server;
let caPem: string;
let proxy: ConnectProxy;
let place: string;

beforeAll(async () => {
  const keys = await webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: '01',
    name: 'CN=localhost',
    notBefore: new Date(Date.now() - 86_400_000),
    notAfter: new Date(Date.now() + 86_400_000),
    signingAlgorithm: ALGORITHM,
    keys,
    extensions: [
      new x509.BasicConstraintsExtension(true, undefined, true),
      new x509.SubjectAlternativeNameExtension([{ type: 'dns', value: 'localhost' }]),
    ],
  });
  caPem = certificate.toString('pem');
  const pkcs8 = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey)).toString('base64');
  const key = `-----BEGIN PRIVATE KEY-----\n${pkcs8}\n-----END PRIVATE KEY-----\n`;
  server = createServer({ key, cert: caPem }, (_request, response) => void response.end('firmware'));
  await new Promise<void>((resolve) => server.listen(0, 'localhost', resolve));
  place = `localhost:${(server.address() as AddressInfo).port}`;
  proxy = new ConnectProxy(`${CREDENTIALS.username}:${CREDENTIALS.password}`);
  await proxy.start();
});
beforeEach(() => {
  proxy.tunnels.length = 0;
});
afterAll(async () => {
  await proxy.stop();
  server.close();
});

const settings = (more: object = CREDENTIALS) => ({ host: '127.0.0.1', port: proxy.port, ...more });

// source: RFC 9110 §9.3.6 (CONNECT); RFC 7617 (Basic: the password may hold colons)
test('a download goes through the tunnel, with TLS to the server behind it', async () => {
  const { body, status } = await httpsClient(caPem, settings()).get(
    `https://${place}/file`,
    undefined,
    new AbortController().signal,
  );
  let text = '';
  for await (const part of body) text += Buffer.from(part).toString();
  expect({ status, text, tunnels: proxy.tunnels }).toEqual({ status: 200, text: 'firmware', tunnels: [place] });
});

test('a server that is not who it should be is refused behind a proxy as well', async () => {
  const { signal } = new AbortController();
  const url = `https://${place.replace('localhost', '127.0.0.1')}/file`;
  await expect(httpsClient(caPem, settings()).get(url, undefined, signal)).rejects.toThrow(/altnames|ECONNREFUSED/);
  await expect(httpsClient(undefined, settings()).get(`https://${place}/`, undefined, signal)).rejects.toThrow(
    /self-signed/,
  );
});

test('the time is asked for through the tunnel', async () => {
  const answer = await readServerTime({ url: `https://${place}/`, caPem, proxy: settings() });
  expect(Math.abs(answer.time - Date.now())).toBeLessThan(5_000);
  expect(proxy.tunnels).toEqual([place]);
});

test.each<[string, object, string]>([
  ['that wants credentials', {}, 'it answered 407'],
  ['that does not know these', { username: 'pump', password: 'wrong' }, 'it answered 407'],
  ['that is not there', { ...CREDENTIALS, port: 9 }, 'ECONNREFUSED'],
])('a proxy %s is named, without the password', async (_what, more, why) => {
  const [host = '', port] = place.split(':');
  const failed = openTunnel({ host: '127.0.0.1', port: proxy.port, ...more }, host, Number(port));
  await expect(failed).rejects.toThrow(why);
  await expect(failed).rejects.not.toThrow('wrong');
});

test('a server that the proxy does not reach is an error', async () => {
  await expect(openTunnel(settings(), 'localhost', 9)).rejects.toThrow('it answered 502');
});
