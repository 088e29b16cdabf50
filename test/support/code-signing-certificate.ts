import type { webcrypto } from 'node:crypto';
import { x509 } from '../../local-cloud/src/core/x509.ts';
import type { KeyAndCertificate } from './certificates.ts';

export interface CodeSigningOptions {
  readonly curve?: 'P-256' | 'P-384';
  readonly rsaBits?: number;
  /** Signs certificates instead of code. */
  readonly ca?: boolean;
  /** ms since the epoch */
  readonly notBefore?: number;
  /** ms since the epoch */
  readonly notAfter?: number;
  readonly issuer?: { readonly certificatePem: string; readonly keys: webcrypto.CryptoKeyPair };
}

export interface CodeSigningCertificate extends KeyAndCertificate {
  readonly keys: webcrypto.CryptoKeyPair;
}

const DAY = 86_400_000;

/**
 * A certificate as AWS Signer wants it: key usage digital signature, extended key usage code signing (AWS Signer developer
 * guide, "Obtain and import a code-signing certificate"). Self-signed unless an issuer is given.
 */
export async function codeSigningCertificate(
  commonName: string,
  options: CodeSigningOptions = {},
): Promise<CodeSigningCertificate> {
  const { curve = 'P-256', rsaBits, issuer } = options;
  const algorithm =
    rsaBits === undefined
      ? { name: 'ECDSA', namedCurve: curve, hash: 'SHA-256' }
      : {
          name: 'RSASSA-PKCS1-v1_5',
          hash: 'SHA-256',
          modulusLength: rsaBits,
          publicExponent: new Uint8Array([1, 0, 1]),
        };
  const keys = (await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])) as webcrypto.CryptoKeyPair;
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: '0a0b',
    subject: `CN=${commonName}`,
    issuer: issuer === undefined ? `CN=${commonName}` : new x509.X509Certificate(issuer.certificatePem).subject,
    notBefore: new Date(options.notBefore ?? Date.now() - DAY),
    notAfter: new Date(options.notAfter ?? Date.now() + 365 * DAY),
    publicKey: keys.publicKey,
    signingKey: (issuer?.keys ?? keys).privateKey,
    signingAlgorithm: issuer === undefined ? algorithm : { name: 'ECDSA', hash: 'SHA-256' },
    extensions: options.ca
      ? [
          new x509.BasicConstraintsExtension(true, undefined, true),
          new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign, true),
        ]
      : [
          new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
          new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.codeSigning]),
        ],
  });
  const pkcs8 = Buffer.from(await crypto.subtle.exportKey('pkcs8', keys.privateKey));
  return {
    keys,
    certificatePem: certificate.toString('pem'),
    privateKeyPem: `-----BEGIN PRIVATE KEY-----\n${pkcs8.toString('base64')}\n-----END PRIVATE KEY-----\n`,
  };
}
