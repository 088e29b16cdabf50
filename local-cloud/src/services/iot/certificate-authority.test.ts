import { createHash, createPublicKey, generateKeyPairSync, webcrypto, X509Certificate } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ManualClock } from '../../core/clock.ts';
import { seededEntropy } from '../../core/entropy.ts';
import { x509 } from '../../core/x509.ts';
import { CertificateAuthority } from './certificate-authority.ts';

const clock = new ManualClock();

function newDirectory(): string {
  return join(mkdtempSync(join(tmpdir(), 'fleetwright-ca-')), 'iot');
}

const directory = newDirectory();
const authority = new CertificateAuthority(directory, clock, seededEntropy('ca'));

const EC = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
const rsa = (modulusLength: number, hash = 'SHA-256') => ({
  name: 'RSASSA-PKCS1-v1_5',
  hash,
  modulusLength,
  publicExponent: new Uint8Array([1, 0, 1]),
});

async function makeCsr(
  algorithm: webcrypto.RsaHashedKeyGenParams | (webcrypto.EcKeyGenParams & { hash?: string }),
  name = 'CN=PS-0001',
) {
  const keys = (await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])) as webcrypto.CryptoKeyPair;
  const csr = await x509.Pkcs10CertificateRequestGenerator.create({ name, keys, signingAlgorithm: algorithm });
  return { keys, pem: csr.toString('pem') };
}

test('a CSR gets its own key certified, under its own subject, by the issuer and until the date of AWS IoT', async () => {
  const { keys, pem } = await makeCsr(EC);
  const { certificateId, certificatePem } = await authority.issueFromCsr(pem);
  const certificate = new X509Certificate(certificatePem);
  const spki = Buffer.from(await webcrypto.subtle.exportKey('spki', keys.publicKey));
  expect(certificate.publicKey.export({ format: 'der', type: 'spki' })).toEqual(spki);
  expect(certificateId).toBe(createHash('sha256').update(certificate.raw).digest('hex'));
  expect(certificate.subject).toBe('CN=PS-0001');
  expect(certificate.issuer.split('\n')).toEqual([
    'OU=Amazon Web Services',
    'O=Amazon.com Inc.',
    'L=Seattle',
    'ST=Washington',
    'C=US',
  ]);
  // x509-client-certs: "expire at midnight UTC on December 31, 2049 (2049-12-31T23:59:59Z)"
  expect(Date.parse(certificate.validTo)).toBe(Date.UTC(2049, 11, 31, 23, 59, 59));
  expect(Date.parse(certificate.validFrom)).toBeLessThanOrEqual(clock.now());
  expect(certificate.ca).toBe(false);
});

test('the same CSR results in a distinct certificate each time (API CreateCertificateFromCsr)', async () => {
  const { pem } = await makeCsr(EC);
  const first = await authority.issueFromCsr(pem);
  const second = await authority.issueFromCsr(pem);
  expect(second.certificateId).not.toBe(first.certificateId);
});

test('keys made by the cloud are RSA 2048, match their certificate and are not kept', async () => {
  const issued = await authority.issueWithKeys();
  const certificate = new X509Certificate(issued.certificatePem);
  expect(issued.privateKeyPem).toMatch(/^-----BEGIN RSA PRIVATE KEY-----/);
  expect(certificate.publicKey.asymmetricKeyDetails?.modulusLength).toBe(2048);
  expect(createPublicKey(issued.privateKeyPem).equals(certificate.publicKey)).toBe(true);
  expect(certificate.subject).toBe('CN=AWS IoT Certificate');
  expect(readdirSync(directory)).toEqual(['device-ca.key.pem']);
});

test('the key of the authority is readable by its owner alone and stays the same after a restart', async () => {
  await authority.issueWithKeys();
  const file = join(directory, 'device-ca.key.pem');
  expect(statSync(file).mode & 0o777).toBe(0o600);
  const before = readFileSync(file, 'utf8');
  const again = new CertificateAuthority(directory, clock, seededEntropy('again'));
  await again.issueFromCsr((await makeCsr(EC)).pem);
  expect(readFileSync(file, 'utf8')).toBe(before);
});

test.each([
  ['RSA 2048', rsa(2048)],
  ['RSA 3072 with SHA-384', rsa(3072, 'SHA-384')],
  ['NIST P-384', { name: 'ECDSA', namedCurve: 'P-384', hash: 'SHA-384' }],
  ['NIST P-521', { name: 'ECDSA', namedCurve: 'P-521', hash: 'SHA-512' }],
])('a CSR with a key of %s is certified', async (_name, algorithm) => {
  const { pem } = await makeCsr(algorithm);
  await expect(authority.issueFromCsr(pem)).resolves.toHaveProperty('certificateId');
});

test('a CSR without a subject is certified as AWS IoT Certificate', async () => {
  const { certificatePem } = await authority.issueFromCsr((await makeCsr(EC, '')).pem);
  expect(new X509Certificate(certificatePem).subject).toBe('CN=AWS IoT Certificate');
});

describe('refuses with InvalidRequestException', () => {
  const refused = (pem: string) =>
    expect(authority.issueFromCsr(pem)).rejects.toMatchObject({ code: 'InvalidRequestException', statusCode: 400 });

  test('an RSA key below 2048 bits', async () => refused((await makeCsr(rsa(1024))).pem));
  test('a signature over SHA-1', async () => refused((await makeCsr(rsa(2048, 'SHA-1'))).pem));
  test('text that is no CSR', () => refused('not a csr'));
  test('an empty CSR', () => refused(''));
  test('a certificate in place of a CSR', async () => refused((await authority.issueWithKeys()).certificatePem));
  test('two CSRs at once', async () => refused((await makeCsr(EC)).pem.repeat(2)));
  test('a CSR longer than 4096 characters', async () => refused((await makeCsr(EC)).pem + ' '.repeat(4096)));
  test('PEM around rubbish', () =>
    refused('-----BEGIN CERTIFICATE REQUEST-----\nAAAABBBB\n-----END CERTIFICATE REQUEST-----\n'));

  test('a CSR whose key is not the one that signed it', async () => {
    const { pem } = await makeCsr(EC);
    const der = Buffer.from(pem.replace(/-----[^-]+-----|\s/g, ''), 'base64');
    const other = generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({ format: 'der', type: 'spki' });
    const own = new x509.Pkcs10CertificateRequest(der).publicKey.rawData;
    const at = der.indexOf(Buffer.from(own));
    other.copy(der, at);
    await refused(
      `-----BEGIN CERTIFICATE REQUEST-----\n${der.toString('base64')}\n-----END CERTIFICATE REQUEST-----\n`,
    );
  });

  test('a key of another kind', async () => refused((await makeCsr({ name: 'Ed25519', namedCurve: '' })).pem));

  test('a key on another curve', async () => {
    const { pem } = await makeCsr(EC);
    const der = Buffer.from(pem.replace(/-----[^-]+-----|\s/g, ''), 'base64');
    const curve = der.indexOf(Buffer.from('2a8648ce3d030107', 'hex'));
    // prime239v1 (1.2.840.10045.3.1.4) in place of P-256 (….3.1.7).
    der[curve + 7] = 4;
    await refused(
      `-----BEGIN CERTIFICATE REQUEST-----\n${der.toString('base64')}\n-----END CERTIFICATE REQUEST-----\n`,
    );
  });
});
