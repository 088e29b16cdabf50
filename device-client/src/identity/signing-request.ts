import { DER_TAG, der, derBitString, derOid } from './der.ts';

/** RFC 5758 §3.2, `ecdsa-with-SHA256`: no parameters. */
const ECDSA_WITH_SHA256 = derOid('1.2.840.10045.4.3.2');
/** X.520, `commonName` */
const COMMON_NAME = derOid('2.5.4.3');
const VERSION_1 = der(DER_TAG.integer, Buffer.from([0]));

export interface SigningRequestOptions {
  /** For people: AWS IoT sets the subject itself. */
  readonly commonName: string;
  /** SubjectPublicKeyInfo, DER, of a P-256 key */
  readonly publicKey: Uint8Array;
  /** ECDSA with SHA-256, DER, by the private key, wherever it is. */
  sign(bytes: Uint8Array): Promise<Uint8Array>;
}

/** A PKCS #10 request (RFC 2986 §4), PEM. */
export async function signingRequest({ commonName, publicKey, sign }: SigningRequestOptions): Promise<string> {
  const name = der(
    DER_TAG.sequence,
    der(DER_TAG.set, der(DER_TAG.sequence, COMMON_NAME, der(DER_TAG.utf8String, Buffer.from(commonName)))),
  );
  const information = der(DER_TAG.sequence, VERSION_1, name, publicKey, der(DER_TAG.context0));
  const signature = derBitString(await sign(information));
  const request = der(DER_TAG.sequence, information, der(DER_TAG.sequence, ECDSA_WITH_SHA256), signature);
  const lines = request.toString('base64').match(/.{1,64}/g) ?? [];
  return ['-----BEGIN CERTIFICATE REQUEST-----', ...lines, '-----END CERTIFICATE REQUEST-----', ''].join('\n');
}
