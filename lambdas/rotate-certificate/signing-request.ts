import { createPublicKey, type KeyObject, verify } from 'node:crypto';
import { messageOf } from '../shared/errors.ts';

export type CheckedRequest =
  /** DER of its SubjectPublicKeyInfo */
  { readonly ok: true; readonly publicKey: Buffer } | { readonly ok: false; readonly problem: string };

/** IoT API reference, CreateCertificateFromCsr: RSA of at least 2,048 bits, and ECC on these curves. */
const MIN_RSA_BITS = 2_048;
const CURVES: readonly string[] = ['prime256v1', 'secp384r1', 'secp521r1'];

/** DER of the signature algorithms that AWS IoT takes (developer guide, `x509-client-certs`), without RSASSA-PSS. */
const HASHES: Readonly<Record<string, string>> = {
  // sha256WithRSAEncryption, sha384…, sha512… (RFC 8017, appendix C)
  '2a864886f70d01010b': 'sha256',
  '2a864886f70d01010c': 'sha384',
  '2a864886f70d01010d': 'sha512',
  // ecdsa-with-SHA256, -SHA384, -SHA512 (RFC 5758, 3.2)
  '2a8648ce3d040302': 'sha256',
  '2a8648ce3d040303': 'sha384',
  '2a8648ce3d040304': 'sha512',
};

/** Checks a PKCS #10 request (RFC 2986): its key is strong enough, and its sender holds the private half. */
export function checkSigningRequest(pem: string): CheckedRequest {
  try {
    return check(pem);
  } catch (error) {
    return { ok: false, problem: `it cannot be decoded: ${messageOf(error)}` };
  }
}

function check(pem: string): CheckedRequest {
  const request = sequence(derOf(pem));
  const [info, algorithm, signature] = request;
  if (info === undefined || algorithm === undefined || signature?.tag !== BIT_STRING || request.length !== 3) {
    return { ok: false, problem: 'it is no PKCS #10 request' };
  }
  const [, , keyInfo] = sequence(info.bytes);
  if (keyInfo === undefined) return { ok: false, problem: 'it names no key' };
  const key = createPublicKey({ key: keyInfo.bytes, format: 'der', type: 'spki' });
  const weakness = weaknessOf(key);
  if (weakness !== undefined) return { ok: false, problem: weakness };
  const hash = HASHES[sequence(algorithm.bytes)[0]?.content.toString('hex') ?? ''];
  if (hash === undefined) return { ok: false, problem: 'its signature algorithm is not supported' };
  // The first byte of a bit string counts its unused bits.
  if (!verify(hash, info.bytes, key, signature.content.subarray(1))) {
    return { ok: false, problem: 'its signature does not verify' };
  }
  return { ok: true, publicKey: keyInfo.bytes };
}

function weaknessOf({ asymmetricKeyDetails: details, asymmetricKeyType: type }: KeyObject): string | undefined {
  if (type === 'rsa') {
    return (details?.modulusLength ?? 0) >= MIN_RSA_BITS ? undefined : `an RSA key has at least ${MIN_RSA_BITS} bits`;
  }
  const fits = type === 'ec' && CURVES.includes(details?.namedCurve ?? '');
  return fits ? undefined : 'the key is neither RSA nor on NIST P-256, P-384 or P-521';
}

function derOf(pem: string): Buffer {
  const match = /^-----BEGIN CERTIFICATE REQUEST-----([\sA-Za-z0-9+/=]+)-----END CERTIFICATE REQUEST-----\s*$/.exec(
    pem,
  );
  if (match === null) throw new Error('not one PEM block');
  return Buffer.from(match[1] as string, 'base64');
}

interface Element {
  readonly tag: number;
  /** With tag and length. */
  readonly bytes: Buffer;
  readonly content: Buffer;
}

const SEQUENCE = 0x30;
const BIT_STRING = 0x03;

/** Elements of the one sequence that fills `der` (X.690, 8.1). @throws Error */
function sequence(der: Buffer): Element[] {
  const outer = elementAt(der, 0);
  if (outer.tag !== SEQUENCE || outer.bytes.length !== der.length) throw new Error('not one sequence');
  const elements: Element[] = [];
  for (let at = 0; at < outer.content.length; ) {
    const element = elementAt(outer.content, at);
    elements.push(element);
    at += element.bytes.length;
  }
  return elements;
}

function elementAt(der: Buffer, at: number): Element {
  const tag = der.readUInt8(at);
  const first = der.readUInt8(at + 1);
  const more = first < 0x80 ? 0 : first & 0x7f;
  if (first === 0x80 || more > 3) throw new Error('a length that DER does not have');
  const length = more === 0 ? first : der.readUIntBE(at + 2, more);
  const start = at + 2 + more;
  if (start + length > der.length) throw new Error('it ends too early');
  return { tag, bytes: der.subarray(at, start + length), content: der.subarray(start, start + length) };
}
