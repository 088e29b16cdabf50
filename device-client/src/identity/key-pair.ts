import { createPrivateKey, createPublicKey, generateKeyPairSync, webcrypto } from 'node:crypto';
import { x509 } from './x509.ts';

/** ECDSA on P-256: accepted by AWS IoT for CSRs and light enough for small devices. */
const CURVE = 'P-256';

/** Makes a private key, PKCS #8 PEM. It never leaves the device. */
export function generatePrivateKey(): string {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: CURVE });
  return privateKey.export({ format: 'pem', type: 'pkcs8' }).toString();
}

/** PKCS #10 request, PEM, signed by the key. `commonName` is for people: AWS IoT sets the subject itself. */
export async function certificateSigningRequest(privateKeyPem: string, commonName: string): Promise<string> {
  const algorithm = { name: 'ECDSA', namedCurve: CURVE, hash: 'SHA-256' };
  const key = createPrivateKey(privateKeyPem);
  const pkcs8 = key.export({ format: 'der', type: 'pkcs8' });
  const spki = createPublicKey(key).export({ format: 'der', type: 'spki' });
  const request = await x509.Pkcs10CertificateRequestGenerator.create({
    name: [{ CN: [commonName] }],
    keys: {
      privateKey: await webcrypto.subtle.importKey('pkcs8', pkcs8, algorithm, true, ['sign']),
      publicKey: await webcrypto.subtle.importKey('spki', spki, algorithm, true, ['verify']),
    },
    signingAlgorithm: algorithm,
  });
  return request.toString('pem');
}
