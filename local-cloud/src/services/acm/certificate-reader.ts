import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import type { ExtendedKeyUsage, KeyAlgorithm, KeyUsage } from '@aws-sdk/client-acm';
import { AwsError } from '../../core/errors.ts';
import { x509 } from '../../core/x509.ts';
import { MAX_CERTIFICATE_BYTES, MAX_CHAIN_BYTES, MAX_PRIVATE_KEY_BYTES } from './limits.ts';

const BLOCK = /-----BEGIN CERTIFICATE-----[\s\S]*?-----END CERTIFICATE-----/g;

export interface ReadCertificate {
  readonly certificatePem: string;
  readonly chainPem: string | undefined;
  /** DER PKCS #8 */
  readonly privateKey: Buffer;
  readonly keyAlgorithm: KeyAlgorithm;
}

/**
 * Certificate, key and chain as ACM takes them (user guide, "Prerequisites for importing certificates"). No message
 * repeats anything of the key.
 *
 * @throws AwsError ValidationException
 */
export function readCertificate(
  input: {
    Certificate?: Uint8Array | undefined;
    PrivateKey?: Uint8Array | undefined;
    CertificateChain?: Uint8Array | undefined;
  },
  now: number,
): ReadCertificate {
  const text = textOf('certificate', input.Certificate, MAX_CERTIFICATE_BYTES);
  const blocks = text.match(BLOCK) ?? [];
  if (blocks.length > 1) {
    throw invalid(
      'The certificate field contains more than one certificate. You can specify only one certificate in this field.',
    );
  }
  const certificate = parse(blocks[0], 'The certificate is not a valid PEM-encoded X.509 certificate.');
  if (!isVersion3(certificate)) throw invalid('The certificate is not an X.509 version 3 certificate.');
  const keyAlgorithm = keyAlgorithmOf(certificate.publicKey);
  if (Date.parse(certificate.validFrom) > now) throw invalid('The certificate is not valid yet.');
  if (Date.parse(certificate.validTo) < now) throw invalid('The certificate has expired.');
  const key = readPrivateKey(textOf('privateKey', input.PrivateKey, MAX_PRIVATE_KEY_BYTES));
  if (!certificate.checkPrivateKey(key)) throw invalid('The private key does not match the certificate.');
  const chain =
    input.CertificateChain === undefined
      ? undefined
      : textOf('certificateChain', input.CertificateChain, MAX_CHAIN_BYTES);
  if (chain !== undefined) checkChain(certificate, chain);
  return {
    certificatePem: certificate.toString(),
    chainPem: chain
      ?.match(BLOCK)
      ?.map((block) => `${block}\n`)
      .join(''),
    privateKey: key.export({ type: 'pkcs8', format: 'der' }),
    keyAlgorithm,
  };
}

/** Every certificate of the chain has signed the one before it. */
function checkChain(certificate: X509Certificate, chain: string): void {
  const blocks = chain.match(BLOCK) ?? [];
  if (blocks.length === 0) throw invalid('The certificate chain is not valid PEM.');
  let subject = certificate;
  for (const block of blocks) {
    const issuer = parse(block, 'The certificate chain holds an invalid certificate.');
    if (!subject.checkIssued(issuer) || !subject.verify(issuer.publicKey)) {
      throw invalid('Could not validate the certificate with the certificate chain.');
    }
    subject = issuer;
  }
}

function readPrivateKey(pem: string): KeyObject {
  if (/ENCRYPTED/.test(pem)) throw invalid('The private key is encrypted. It must be unencrypted.');
  try {
    return createPrivateKey(pem);
  } catch {
    throw invalid('The private key is not valid PEM.');
  }
}

function keyAlgorithmOf(key: KeyObject): KeyAlgorithm {
  const { namedCurve, modulusLength } = key.asymmetricKeyDetails ?? {};
  const name = key.asymmetricKeyType === 'ec' ? CURVES[namedCurve ?? ''] : RSA_SIZES[modulusLength ?? 0];
  if (name === undefined || (key.asymmetricKeyType !== 'ec' && key.asymmetricKeyType !== 'rsa')) {
    throw invalid('The key algorithm or key size of the certificate is not supported.');
  }
  return name;
}

const CURVES: Readonly<Record<string, KeyAlgorithm>> = {
  prime256v1: 'EC_prime256v1',
  secp384r1: 'EC_secp384r1',
  secp521r1: 'EC_secp521r1',
};
const RSA_SIZES: Readonly<Record<number, KeyAlgorithm>> = {
  1024: 'RSA_1024',
  2048: 'RSA_2048',
  3072: 'RSA_3072',
  4096: 'RSA_4096',
};

/** RFC 5280, section 4.1: TBSCertificate begins with `[0] EXPLICIT Version` unless it is version 1; 2 stands for 3. */
function isVersion3({ raw }: X509Certificate): boolean {
  const inner = contentAt(raw, 0);
  const first = contentAt(raw, inner);
  return raw.subarray(first, first + 5).equals(Buffer.from([0xa0, 0x03, 0x02, 0x01, 0x02]));
}

/** Where the content of the DER element at `offset` begins. */
function contentAt(der: Buffer, offset: number): number {
  const length = der[offset + 1] ?? 0;
  return offset + 2 + (length > 0x80 ? length - 0x80 : 0);
}

function parse(pem: string | undefined, refusal: string): X509Certificate {
  if (pem === undefined) throw invalid(refusal);
  try {
    return new X509Certificate(pem);
  } catch {
    throw invalid(refusal);
  }
}

function textOf(path: string, bytes: Uint8Array | undefined, most: number): string {
  if (bytes === undefined || bytes.length === 0) {
    throw invalid(
      `1 validation error detected: Value at '${path}' failed to satisfy constraint: Member must not be null`,
    );
  }
  if (bytes.length > most) {
    throw invalid(
      `1 validation error detected: Value at '${path}' failed to satisfy constraint: Member must have length less than or equal to ${most}`,
    );
  }
  return Buffer.from(bytes).toString('latin1');
}

function invalid(message: string): AwsError {
  return new AwsError('ValidationException', message);
}

const KEY_USAGES: readonly [flag: number, name: NonNullable<KeyUsage['Name']>][] = [
  [x509.KeyUsageFlags.digitalSignature, 'DIGITAL_SIGNATURE'],
  [x509.KeyUsageFlags.nonRepudiation, 'NON_REPUDIATION'],
  [x509.KeyUsageFlags.keyEncipherment, 'KEY_ENCIPHERMENT'],
  [x509.KeyUsageFlags.dataEncipherment, 'DATA_ENCIPHERMENT'],
  [x509.KeyUsageFlags.keyAgreement, 'KEY_AGREEMENT'],
  [x509.KeyUsageFlags.keyCertSign, 'CERTIFICATE_SIGNING'],
  [x509.KeyUsageFlags.cRLSign, 'CRL_SIGNING'],
  [x509.KeyUsageFlags.encipherOnly, 'ENCIPHER_ONLY'],
  [x509.KeyUsageFlags.decipherOnly, 'DECIPHER_ONLY'],
];

const EXTENDED_KEY_USAGES: Readonly<Record<string, NonNullable<ExtendedKeyUsage['Name']>>> = {
  '2.5.29.37.0': 'ANY',
  '1.3.6.1.5.5.7.3.1': 'TLS_WEB_SERVER_AUTHENTICATION',
  '1.3.6.1.5.5.7.3.2': 'TLS_WEB_CLIENT_AUTHENTICATION',
  '1.3.6.1.5.5.7.3.3': 'CODE_SIGNING',
  '1.3.6.1.5.5.7.3.4': 'EMAIL_PROTECTION',
  '1.3.6.1.5.5.7.3.5': 'IPSEC_END_SYSTEM',
  '1.3.6.1.5.5.7.3.6': 'IPSEC_TUNNEL',
  '1.3.6.1.5.5.7.3.7': 'IPSEC_USER',
  '1.3.6.1.5.5.7.3.8': 'TIME_STAMPING',
  '1.3.6.1.5.5.7.3.9': 'OCSP_SIGNING',
};

/** What DescribeCertificate tells of a certificate's own content. */
export interface CertificateFacts {
  readonly domainName: string | undefined;
  readonly alternativeNames: readonly string[];
  readonly subject: string;
  readonly issuer: string;
  readonly serial: string;
  readonly notBefore: number;
  readonly notAfter: number;
  readonly signatureAlgorithm: string;
  readonly keyUsages: readonly KeyUsage[];
  readonly extendedKeyUsages: readonly ExtendedKeyUsage[];
}

export function factsOf(pem: string): CertificateFacts {
  const certificate = new x509.X509Certificate(pem);
  const usage = certificate.getExtension(x509.KeyUsagesExtension)?.usages ?? 0;
  const extended = certificate.getExtension(x509.ExtendedKeyUsageExtension)?.usages ?? [];
  const names = certificate.getExtension(x509.SubjectAlternativeNameExtension)?.names.items ?? [];
  const alternativeNames = names.filter(({ type }) => type === 'dns').map(({ value }) => value);
  const commonName = certificate.subjectName.getField('CN')[0];
  const signature = certificate.signatureAlgorithm as { name: string; hash?: { name: string } };
  return {
    domainName: commonName ?? alternativeNames[0],
    alternativeNames: alternativeNames.length > 0 ? alternativeNames : commonName === undefined ? [] : [commonName],
    subject: certificate.subject,
    issuer: certificate.issuerName.getField('O')[0] ?? certificate.issuerName.getField('CN')[0] ?? certificate.issuer,
    serial: certificate.serialNumber.match(/../g)?.join(':') ?? certificate.serialNumber,
    notBefore: certificate.notBefore.getTime(),
    notAfter: certificate.notAfter.getTime(),
    signatureAlgorithm: `${signature.hash?.name.replace('-', '') ?? ''}WITH${signature.name === 'ECDSA' ? 'ECDSA' : 'RSA'}`,
    keyUsages: KEY_USAGES.filter(([flag]) => (usage & flag) !== 0).map(([, Name]) => ({ Name })),
    extendedKeyUsages: extended.map((oid) => ({
      Name: EXTENDED_KEY_USAGES[String(oid)] ?? 'CUSTOM',
      OID: String(oid),
    })),
  };
}
