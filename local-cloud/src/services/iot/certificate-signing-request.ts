import { createPublicKey, type KeyObject } from 'node:crypto';
import { x509 } from '../../core/x509.ts';
import { invalidRequest } from './errors.ts';
import { MAX_CSR_LENGTH, MIN_RSA_BITS } from './limits.ts';

export interface CertificateRequest {
  readonly publicKey: InstanceType<typeof x509.PublicKey>;
  /** Undefined where the request names none. */
  readonly subject: InstanceType<typeof x509.Name> | undefined;
}

/** Curves of API CreateCertificateFromCsr, by their OpenSSL names: NIST P-256, P-384, P-521. */
const CURVES: readonly string[] = ['prime256v1', 'secp384r1', 'secp521r1'];
/** `x509-client-certs`, "Certificate signing algorithms supported by AWS IoT". */
const HASHES: readonly string[] = ['SHA-256', 'SHA-384', 'SHA-512'];
const PEM =
  /^\s*-----BEGIN (NEW )?CERTIFICATE REQUEST-----[A-Za-z0-9+/=\s]+-----END (NEW )?CERTIFICATE REQUEST-----\s*$/;

/**
 * Reads a PKCS #10 request and proves that its sender holds the key.
 * @throws AwsError InvalidRequestException when it is malformed, not signed by its own key, or its key is weak
 */
export async function readCertificateRequest(pem: string): Promise<CertificateRequest> {
  if (pem.length > MAX_CSR_LENGTH || !PEM.test(pem)) throw invalidCsr('it is not one PEM-encoded PKCS #10 request');
  const { request, key } = parse(pem);
  requireStrongKey(key);
  const { hash } = request.signatureAlgorithm as { hash?: { name?: string } };
  if (!HASHES.includes(hash?.name ?? '')) throw invalidCsr('its signature algorithm is not supported');
  if (!(await verifies(request))) throw invalidCsr('its signature does not verify');
  return { publicKey: request.publicKey, subject: request.subject === '' ? undefined : request.subjectName };
}

type Pkcs10 = InstanceType<typeof x509.Pkcs10CertificateRequest>;

function parse(pem: string): { request: Pkcs10; key: KeyObject } {
  try {
    const request = new x509.Pkcs10CertificateRequest(pem);
    const key = createPublicKey({ key: Buffer.from(request.publicKey.rawData), format: 'der', type: 'spki' });
    return { request, key };
  } catch (cause) {
    throw invalidCsr('it cannot be decoded', cause);
  }
}

async function verifies(request: Pkcs10): Promise<boolean> {
  try {
    return await request.verify();
  } catch {
    // A signature that does not even have the form of its algorithm.
    return false;
  }
}

function requireStrongKey(key: KeyObject): void {
  const { asymmetricKeyType: type, asymmetricKeyDetails: details } = key;
  if (type === 'rsa') {
    if ((details?.modulusLength ?? 0) >= MIN_RSA_BITS) return;
    throw invalidCsr(`an RSA key must have at least ${MIN_RSA_BITS} bits`);
  }
  if (type !== 'ec' || !CURVES.includes(details?.namedCurve ?? '')) {
    throw invalidCsr('the key must be RSA, or ECC on NIST P-256, P-384 or P-521');
  }
}

function invalidCsr(reason: string, cause?: unknown): Error {
  const error = invalidRequest(`The certificate signing request is not valid: ${reason}.`);
  if (cause !== undefined) error.cause = cause;
  return error;
}
