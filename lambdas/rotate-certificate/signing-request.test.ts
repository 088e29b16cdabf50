import { X509Certificate } from 'node:crypto';
import { makeKeys } from '../../test/support/signing-keys.ts';
import { checkSigningRequest } from './signing-request.ts';

const rsa = (modulusLength: number) => ({
  name: 'RSASSA-PKCS1-v1_5',
  hash: 'SHA-256',
  modulusLength,
  publicExponent: new Uint8Array([1, 0, 1]),
});
const curve = (namedCurve: string, hash: string) => ({ name: 'ECDSA', namedCurve, hash });

// source: IoT API reference, CreateCertificateFromCsr
test.each([
  ['P-256', curve('P-256', 'SHA-256')],
  ['P-384', curve('P-384', 'SHA-384')],
  ['P-521', curve('P-521', 'SHA-512')],
  ['RSA of 2,048 bits', rsa(2_048)],
])('a request with a key on %s is good, and its key is told', async (_name, algorithm) => {
  const { certificatePem, csrPem } = await makeKeys('pump', algorithm);
  const key = new X509Certificate(certificatePem).publicKey.export({ type: 'spki', format: 'der' });
  expect(checkSigningRequest(csrPem)).toEqual({ ok: true, publicKey: key });
});

test('a weak key is refused', async () => {
  const { csrPem } = await makeKeys('pump', rsa(1_024));
  expect(checkSigningRequest(csrPem)).toEqual({ ok: false, problem: 'an RSA key has at least 2048 bits' });
});

test('a request that was changed, or is longer or shorter than itself, is refused', async () => {
  const own = await makeKeys('pump');
  const der = (pem: string) => Buffer.from(pem.replace(/-----[^-]+-----/g, ''), 'base64');
  const pem = (bytes: Buffer) =>
    `-----BEGIN CERTIFICATE REQUEST-----\n${bytes.toString('base64')}\n-----END CERTIFICATE REQUEST-----\n`;
  const bytes = der(own.csrPem);
  // The subject's last letter: "pump" becomes "pumq".
  const changed = Buffer.from(bytes);
  changed[bytes.indexOf('pump') + 3] = 0x71;
  expect(checkSigningRequest(pem(changed))).toEqual({ ok: false, problem: 'its signature does not verify' });
  expect(checkSigningRequest(pem(Buffer.concat([bytes, Buffer.from([0])])))).toMatchObject({ ok: false });
  expect(checkSigningRequest(pem(bytes.subarray(0, -1)))).toMatchObject({ ok: false });
});

test.each([
  '',
  'nonsense',
  '-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n-----END CERTIFICATE REQUEST-----',
  '-----BEGIN CERTIFICATE REQUEST-----\nMAA=\n-----END CERTIFICATE REQUEST-----',
  '-----BEGIN CERTIFICATE REQUEST-----\nMIAAAA==\n-----END CERTIFICATE REQUEST-----',
])('%j is no request', (text) => {
  expect(checkSigningRequest(text).ok).toBe(false);
});
