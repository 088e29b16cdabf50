import { createPublicKey, verify } from 'node:crypto';

const MIN_RSA_BITS = 2048;

/** "Its minimum length is 2,048 bits" (developer guide, `config-custom-auth`); signatures are of RSA (`custom-auth`). */
export function isSigningKey(pem: string): boolean {
  try {
    const key = createPublicKey(pem);
    return key.asymmetricKeyType === 'rsa' && (key.asymmetricKeyDetails?.modulusLength ?? 0) >= MIN_RSA_BITS;
  } catch {
    return false;
  }
}

/** SHA-256 with RSA over the token, in Base64, by any of the keys ("Signing the token"). */
export function isSignedBy(keys: readonly string[], token: string, signature: string): boolean {
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(signature)) return false;
  const bytes = Buffer.from(signature, 'base64');
  return keys.some((pem) => verify('sha256', Buffer.from(token, 'utf8'), pem, bytes));
}
