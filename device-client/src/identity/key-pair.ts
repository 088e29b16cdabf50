import { createPrivateKey, createPublicKey, generateKeyPairSync, sign } from 'node:crypto';
import { signingRequest } from './signing-request.ts';

/** ECDSA on P-256: accepted by AWS IoT for CSRs and light enough for small devices. */
const CURVE = 'P-256';

/** Makes a private key, PKCS #8 PEM. It never leaves the device. */
export function generatePrivateKey(): string {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: CURVE });
  return privateKey.export({ format: 'pem', type: 'pkcs8' }).toString();
}

/** ECDSA with SHA-256, DER. */
export function signWith(privateKeyPem: string, bytes: Uint8Array): Buffer {
  return sign('sha256', bytes, privateKeyPem);
}

/** PKCS #10 request, PEM, signed by the key. `commonName` is for people: AWS IoT sets the subject itself. */
export function certificateSigningRequest(privateKeyPem: string, commonName: string): Promise<string> {
  return signingRequest({
    commonName,
    publicKey: createPublicKey(createPrivateKey(privateKeyPem)).export({ format: 'der', type: 'spki' }),
    sign: async (bytes) => signWith(privateKeyPem, bytes),
  });
}
