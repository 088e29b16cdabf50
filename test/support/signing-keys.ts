import { webcrypto } from 'node:crypto';
import { x509 } from '../../device-client/src/identity/x509.ts';

const P256 = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };

export type KeyAlgorithm =
  | typeof P256
  | { name: string; hash: string; modulusLength: number; publicExponent: Uint8Array };

export interface TestKeys {
  readonly csrPem: string;
  /** A certificate over the same key. */
  readonly certificatePem: string;
}

/** A key with a signing request and a certificate. */
export async function makeKeys(name: string, algorithm: KeyAlgorithm = P256): Promise<TestKeys> {
  const keys = (await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])) as webcrypto.CryptoKeyPair;
  const signingAlgorithm = algorithm;
  const request = await x509.Pkcs10CertificateRequestGenerator.create({ name: `CN=${name}`, keys, signingAlgorithm });
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    name: `CN=${name}`,
    keys,
    signingAlgorithm,
    notBefore: new Date(0),
    notAfter: new Date(4_102_444_800_000),
  });
  return { csrPem: `${request.toString('pem')}\n`, certificatePem: certificate.toString('pem') };
}
