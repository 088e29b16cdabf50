import { createPrivateKey, randomBytes, webcrypto, X509Certificate } from 'node:crypto';
import { x509 } from '../../../core/x509.ts';

export interface TestIdentity {
  readonly certificatePem: string;
  /** PKCS #8 */
  readonly privateKeyPem: string;
  readonly certificate: X509Certificate;
}

type Name = string | Record<string, string[]>[];

/** A customer's own CA. */
export interface TestAuthority extends TestIdentity {
  issue(subject: Name, validity?: { notBefore: number; notAfter: number }): Promise<TestIdentity>;
}

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
const DAY = 86_400_000;

/** `now` in ms since the epoch: its certificates are valid from a minute before, for a day. */
export async function makeAuthority(name: Name, now: number, isAuthority = true): Promise<TestAuthority> {
  const keys = await webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
  const own = await x509.X509CertificateGenerator.createSelfSigned({
    name,
    keys,
    serialNumber: serialNumber(),
    notBefore: new Date(now - 60_000),
    notAfter: new Date(now + DAY),
    signingAlgorithm: ALGORITHM,
    extensions: [
      new x509.BasicConstraintsExtension(isAuthority, undefined, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return {
    ...(await identityOf(own, keys.privateKey)),
    async issue(subject, validity = { notBefore: now - 60_000, notAfter: now + DAY }) {
      const device = await webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
      const issued = await x509.X509CertificateGenerator.create({
        issuer: own.subjectName.toJSON(),
        subject,
        publicKey: device.publicKey,
        signingKey: keys.privateKey,
        serialNumber: serialNumber(),
        notBefore: new Date(validity.notBefore),
        notAfter: new Date(validity.notAfter),
        signingAlgorithm: ALGORITHM,
        extensions: [await x509.AuthorityKeyIdentifierExtension.create(keys.publicKey)],
      });
      return identityOf(issued, device.privateKey);
    },
  };
}

async function identityOf(
  certificate: InstanceType<typeof x509.X509Certificate>,
  privateKey: webcrypto.CryptoKey,
): Promise<TestIdentity> {
  const certificatePem = certificate.toString('pem');
  const der = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', privateKey));
  const key = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
  return {
    certificatePem,
    privateKeyPem: key.export({ format: 'pem', type: 'pkcs8' }) as string,
    certificate: new X509Certificate(certificatePem),
  };
}

function serialNumber(): string {
  const bytes = randomBytes(16);
  bytes[0] = ((bytes[0] as number) & 0x7f) | 0x40;
  return bytes.toString('hex');
}
