import { createPrivateKey, webcrypto } from 'node:crypto';
import type { Entropy } from './entropy.ts';
import { x509 } from './x509.ts';

export interface KeyAndCertificate {
  readonly certificatePem: string;
  /** PKCS #8 */
  readonly privateKeyPem: string;
}

const DAY = 86_400_000;
/** Clients whose clock is behind the server's still accept a certificate made just now. */
const BACKDATED = DAY;
const CA_LIFETIME = 3650 * DAY;
/** Below 825 days, the longest that Apple's clients accept of a private CA. */
const SERVER_LIFETIME = 820 * DAY;

/**
 * `*.s3.localhost` serves virtual-hosted buckets of clients that accept no wildcard right below a top-level domain,
 * as Node's `tls.checkServerIdentity` does not; `*.iot.localhost` serves further endpoints of AWS IoT.
 */
const DNS_NAMES = ['localhost', '*.localhost', 's3.localhost', '*.s3.localhost', '*.iot.localhost'];
const IP_ADDRESSES = ['127.0.0.1', '::1'];

const KEY_ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256' } as const;
const SIGNING_ALGORITHM = { name: 'ECDSA', hash: 'SHA-256' } as const;

const CA_NAME = 'CN=Fleetwright Local Root CA, O=Fleetwright';

export async function issueRootCa(now: number, entropy: Entropy): Promise<KeyAndCertificate> {
  const keys = await generateKeys();
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    name: CA_NAME,
    keys,
    serialNumber: serialNumber(entropy),
    ...validity(now, CA_LIFETIME),
    signingAlgorithm: SIGNING_ALGORITHM,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return { certificatePem: certificate.toString('pem'), privateKeyPem: await exportKey(keys.privateKey) };
}

export async function issueServerCertificate(
  ca: KeyAndCertificate,
  now: number,
  entropy: Entropy,
): Promise<KeyAndCertificate> {
  const keys = await generateKeys();
  const issuer = new x509.X509Certificate(ca.certificatePem);
  const certificate = await x509.X509CertificateGenerator.create({
    subject: 'CN=localhost, O=Fleetwright',
    issuer: issuer.subject,
    publicKey: keys.publicKey,
    signingKey: await importKey(ca.privateKeyPem),
    serialNumber: serialNumber(entropy),
    ...validity(now, SERVER_LIFETIME),
    signingAlgorithm: SIGNING_ALGORITHM,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
      new x509.SubjectAlternativeNameExtension([
        ...DNS_NAMES.map((value) => ({ type: 'dns' as const, value })),
        ...IP_ADDRESSES.map((value) => ({ type: 'ip' as const, value })),
      ]),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
      await x509.AuthorityKeyIdentifierExtension.create(issuer.publicKey),
    ],
  });
  return { certificatePem: certificate.toString('pem'), privateKeyPem: await exportKey(keys.privateKey) };
}

function validity(now: number, lifetime: number): { notBefore: Date; notAfter: Date } {
  return { notBefore: new Date(now - BACKDATED), notAfter: new Date(now - BACKDATED + lifetime) };
}

/** RFC 5280 §4.1.2.2: positive and at most 20 octets. */
function serialNumber(entropy: Entropy): string {
  const bytes = Buffer.from(entropy.bytes(16));
  bytes[0] = ((bytes[0] as number) & 0x7f) | 0x40;
  return bytes.toString('hex');
}

function generateKeys(): Promise<webcrypto.CryptoKeyPair> {
  return webcrypto.subtle.generateKey(KEY_ALGORITHM, true, ['sign', 'verify']);
}

async function exportKey(key: webcrypto.CryptoKey): Promise<string> {
  const der = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', key));
  return createPrivateKey({ key: der, format: 'der', type: 'pkcs8' }).export({
    format: 'pem',
    type: 'pkcs8',
  }) as string;
}

function importKey(pem: string): Promise<webcrypto.CryptoKey> {
  const der = createPrivateKey(pem).export({ format: 'der', type: 'pkcs8' });
  return webcrypto.subtle.importKey('pkcs8', der, KEY_ALGORITHM, false, ['sign']);
}
