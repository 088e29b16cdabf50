import { createPrivateKey, webcrypto, X509Certificate } from 'node:crypto';
import { systemClock } from '../../core/clock.ts';
import { systemEntropy } from '../../core/entropy.ts';
import type { ServerIdentity } from '../../core/tls.ts';
import { issueRootCa, issueServerCertificate, type KeyAndCertificate } from '../../core/tls-certificates.ts';
import { x509 } from '../../core/x509.ts';

/** A device's certificate and key, for tests. */
export interface DeviceIdentity {
  readonly certificatePem: string;
  readonly privateKeyPem: string;
  readonly certificate: X509Certificate;
  /** Lower-case hexadecimal SHA-256 of the DER certificate. */
  readonly certificateId: string;
}

const DAY = 86_400_000;

let shared: Promise<{ ca: KeyAndCertificate; server: ServerIdentity }> | undefined;

/** One CA and server certificate for all tests of a file: making keys is slow. */
export function testServerIdentity(): Promise<{ ca: KeyAndCertificate; server: ServerIdentity }> {
  shared ??= (async () => {
    const now = systemClock.now();
    const ca = await issueRootCa(now, systemEntropy);
    const server = await issueServerCertificate(ca, now, systemEntropy);
    return {
      ca,
      server: {
        caCertificatePem: ca.certificatePem,
        certificatePem: server.certificatePem,
        privateKeyPem: server.privateKeyPem,
      },
    };
  })();
  return shared;
}

/** A self-signed device certificate: the broker goes by registration, not by the CA. */
export async function issueDeviceIdentity(name: string): Promise<DeviceIdentity> {
  const keys = await webcrypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, true, ['sign', 'verify']);
  const now = systemClock.now();
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    name: `CN=${name}`,
    keys,
    serialNumber: systemEntropy.bytes(8).toString('hex'),
    notBefore: new Date(now - DAY),
    notAfter: new Date(now + 365 * DAY),
    signingAlgorithm: { name: 'ECDSA', hash: 'SHA-256' },
  });
  const certificatePem = certificate.toString('pem');
  const der = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey));
  const privateKeyPem = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' }).export({
    format: 'pem',
    type: 'pkcs8',
  }) as string;
  const parsed = new X509Certificate(certificatePem);
  return { certificatePem, privateKeyPem, certificate: parsed, certificateId: certificateIdOf(parsed) };
}

export function certificateIdOf(certificate: X509Certificate): string {
  return certificate.fingerprint256.replaceAll(':', '').toLowerCase();
}
