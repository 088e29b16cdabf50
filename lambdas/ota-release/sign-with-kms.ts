import { GetPublicKeyCommand, type KMSClient, SignCommand } from '@aws-sdk/client-kms';
import { FunctionError } from '../shared/errors.ts';
import { pemKeyIdOf } from './key-id.ts';
import type { ManifestSigner } from './ports.ts';

/** Signs with a key of AWS KMS, ECC_NIST_P256 (KMS API reference, Sign: the signature is DER). */
export function kmsSigner(kms: KMSClient, KeyId: string): ManifestSigner {
  let publicKey: Promise<string> | undefined;
  const publicKeyPem = (): Promise<string> => {
    publicKey ??= read(kms, KeyId).catch((error: unknown) => {
      publicKey = undefined;
      throw error;
    });
    return publicKey;
  };
  return {
    publicKeyPem,
    async sign(_manifest, sha256) {
      const { Signature } = await kms.send(
        new SignCommand({
          KeyId,
          Message: Buffer.from(sha256, 'hex'),
          MessageType: 'DIGEST',
          SigningAlgorithm: 'ECDSA_SHA_256',
        }),
      );
      if (Signature === undefined) throw new FunctionError('SIGNING_FAILED', 'KMS answered without a signature');
      return {
        keyId: pemKeyIdOf(await publicKeyPem()),
        algorithm: 'ECDSA_P256_SHA256',
        signature: Buffer.from(Signature).toString('base64'),
      };
    },
  };
}

async function read(kms: KMSClient, KeyId: string): Promise<string> {
  const { PublicKey } = await kms.send(new GetPublicKeyCommand({ KeyId }));
  const base64 = Buffer.from(PublicKey ?? []).toString('base64');
  return `-----BEGIN PUBLIC KEY-----\n${base64.replace(/(.{64})/g, '$1\n').trimEnd()}\n-----END PUBLIC KEY-----\n`;
}
