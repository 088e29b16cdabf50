import { createHash, createHmac, createPublicKey, publicEncrypt, verify } from 'node:crypto';
import {
  CreateKeyCommand,
  type CreateKeyCommandInput,
  DecryptCommand,
  EncryptCommand,
  GenerateDataKeyCommand,
  GenerateDataKeyPairCommand,
  GenerateDataKeyWithoutPlaintextCommand,
  GenerateMacCommand,
  GenerateRandomCommand,
  GetPublicKeyCommand,
  KMSClient,
  ReEncryptCommand,
  RotateKeyOnDemandCommand,
  SignCommand,
  VerifyCommand,
  VerifyMacCommand,
} from '@aws-sdk/client-kms';
import { createKmsPlugin } from '../../local-cloud/src/services/kms/plugin.ts';
import { type HttpsCloud, startHttpsCloud } from '../../local-cloud/src/testing/https.ts';

// source: KMS API reference; KMS developer guide, "Encryption context", "Asymmetric keys in AWS KMS"

let https: HttpsCloud;
let kms: KMSClient;

beforeAll(async () => {
  https = await startHttpsCloud({ plugins: [createKmsPlugin] });
  kms = new KMSClient(https.client());
});

afterAll(async () => {
  kms.destroy();
  await https.close();
});

async function newKey(input: CreateKeyCommandInput = {}): Promise<string> {
  return (await kms.send(new CreateKeyCommand(input))).KeyMetadata?.KeyId ?? '';
}

const text = (bytes: Uint8Array | undefined) => Buffer.from(bytes ?? []).toString();

// source: API reference, "Encrypt", "Decrypt"
test('what a symmetric key encrypts is decrypted without naming the key', async () => {
  const KeyId = await newKey();
  const Plaintext = Buffer.from('secret of the fleet');
  const { CiphertextBlob } = await kms.send(new EncryptCommand({ KeyId, Plaintext }));
  expect(text(CiphertextBlob)).not.toContain('secret');
  const decrypted = await kms.send(new DecryptCommand({ CiphertextBlob }));
  expect(text(decrypted.Plaintext)).toBe('secret of the fleet');
  expect(decrypted.KeyId).toBe(`arn:aws:kms:us-east-1:123456789012:key/${KeyId}`);
  const again = await kms.send(new EncryptCommand({ KeyId, Plaintext }));
  expect(again.CiphertextBlob).not.toEqual(CiphertextBlob);
});

// source: developer guide, "Encryption context": exact, case-sensitive match in any order
test('a ciphertext opens only with the encryption context it was made with', async () => {
  const KeyId = await newKey();
  const { CiphertextBlob } = await kms.send(
    new EncryptCommand({ KeyId, Plaintext: Buffer.from('x'), EncryptionContext: { Site: 'a', Line: '1' } }),
  );
  const open = (EncryptionContext?: Record<string, string>) =>
    kms.send(new DecryptCommand({ CiphertextBlob, EncryptionContext }));
  expect(text((await open({ Line: '1', Site: 'a' })).Plaintext)).toBe('x');
  const others = [undefined, {}, { Site: 'a' }, { site: 'a', Line: '1' }, { Site: 'a', Line: '2' }];
  for (const wrong of others as (Record<string, string> | undefined)[]) {
    await expect(open(wrong)).rejects.toMatchObject({ name: 'InvalidCiphertextException' });
  }
});

// source: API reference, "Decrypt", Errors
test('changed, foreign and misdirected ciphertexts are refused', async () => {
  const KeyId = await newKey();
  const other = await newKey();
  const { CiphertextBlob = new Uint8Array() } = await kms.send(
    new EncryptCommand({ KeyId, Plaintext: Buffer.from('x') }),
  );
  for (const position of [0, 20, 50, CiphertextBlob.length - 1]) {
    const changed = Buffer.from(CiphertextBlob);
    changed[position] = (changed[position] as number) ^ 1;
    await expect(kms.send(new DecryptCommand({ KeyId, CiphertextBlob: changed }))).rejects.toMatchObject({
      name: 'InvalidCiphertextException',
    });
  }
  await expect(kms.send(new DecryptCommand({ CiphertextBlob: Buffer.from('rubbish') }))).rejects.toMatchObject({
    name: 'InvalidCiphertextException',
  });
  await expect(kms.send(new DecryptCommand({ KeyId: other, CiphertextBlob }))).rejects.toMatchObject({
    name: 'IncorrectKeyException',
  });
});

// source: developer guide, "Rotate AWS KMS keys": earlier ciphertexts go on opening
test('a rotated key opens what it encrypted before and encrypts with new material', async () => {
  const KeyId = await newKey();
  const before = await kms.send(new EncryptCommand({ KeyId, Plaintext: Buffer.from('old') }));
  await kms.send(new RotateKeyOnDemandCommand({ KeyId }));
  const after = await kms.send(new EncryptCommand({ KeyId, Plaintext: Buffer.from('new') }));
  const old = await kms.send(new DecryptCommand({ CiphertextBlob: before.CiphertextBlob }));
  const recent = await kms.send(new DecryptCommand({ CiphertextBlob: after.CiphertextBlob }));
  expect([text(old.Plaintext), text(recent.Plaintext)]).toEqual(['old', 'new']);
  expect(old.KeyMaterialId).not.toBe(recent.KeyMaterialId);
});

// source: API reference, "Encrypt": 4,096 bytes; RSAES_OAEP_SHA_256 with RSA_2048 takes 190
test('a plaintext over the limit is refused', async () => {
  const KeyId = await newKey();
  const encrypt = (size: number) => kms.send(new EncryptCommand({ KeyId, Plaintext: Buffer.alloc(size) }));
  await expect(encrypt(4096)).resolves.toBeDefined();
  await expect(encrypt(4097)).rejects.toMatchObject({ name: 'ValidationException' });
  const rsa = await newKey({ KeySpec: 'RSA_2048', KeyUsage: 'ENCRYPT_DECRYPT' });
  const wrap = (size: number) =>
    kms.send(
      new EncryptCommand({ KeyId: rsa, Plaintext: Buffer.alloc(size), EncryptionAlgorithm: 'RSAES_OAEP_SHA_256' }),
    );
  await expect(wrap(190)).resolves.toBeDefined();
  await expect(wrap(191)).rejects.toMatchObject({ name: 'ValidationException' });
});

// source: API reference, "Decrypt": "when the ciphertext was encrypted under an asymmetric KMS key", also outside KMS
test('what is encrypted outside with the public key is decrypted by KMS', async () => {
  const KeyId = await newKey({ KeySpec: 'RSA_2048', KeyUsage: 'ENCRYPT_DECRYPT' });
  const { PublicKey = new Uint8Array() } = await kms.send(new GetPublicKeyCommand({ KeyId }));
  const key = createPublicKey({ key: Buffer.from(PublicKey), format: 'der', type: 'spki' });
  const CiphertextBlob = publicEncrypt({ key, oaepHash: 'sha256' }, Buffer.from('hello'));
  const EncryptionAlgorithm = 'RSAES_OAEP_SHA_256';
  const { Plaintext } = await kms.send(new DecryptCommand({ KeyId, CiphertextBlob, EncryptionAlgorithm }));
  expect(text(Plaintext)).toBe('hello');
  await expect(kms.send(new DecryptCommand({ CiphertextBlob, EncryptionAlgorithm }))).rejects.toMatchObject({
    name: 'ValidationException',
  });
  await expect(
    kms.send(new DecryptCommand({ KeyId, CiphertextBlob, EncryptionAlgorithm: 'RSAES_OAEP_SHA_1' })),
  ).rejects.toMatchObject({ name: 'InvalidCiphertextException' });
});

// source: API reference, "ReEncrypt"
test('ReEncrypt moves a ciphertext to another key and context', async () => {
  const from = await newKey();
  const to = await newKey();
  const { CiphertextBlob } = await kms.send(
    new EncryptCommand({ KeyId: from, Plaintext: Buffer.from('x'), EncryptionContext: { a: '1' } }),
  );
  const moved = await kms.send(
    new ReEncryptCommand({
      CiphertextBlob,
      SourceEncryptionContext: { a: '1' },
      DestinationKeyId: to,
      DestinationEncryptionContext: { b: '2' },
    }),
  );
  const opened = await kms.send(
    new DecryptCommand({ KeyId: to, CiphertextBlob: moved.CiphertextBlob, EncryptionContext: { b: '2' } }),
  );
  expect(text(opened.Plaintext)).toBe('x');
});

// source: API reference, "GenerateDataKey", "GenerateDataKeyWithoutPlaintext"
test('a data key comes in the clear and encrypted, of the size asked for', async () => {
  const KeyId = await newKey();
  const EncryptionContext = { object: 'image' };
  const made = await kms.send(new GenerateDataKeyCommand({ KeyId, KeySpec: 'AES_256', EncryptionContext }));
  expect(made.Plaintext).toHaveLength(32);
  const opened = await kms.send(new DecryptCommand({ CiphertextBlob: made.CiphertextBlob, EncryptionContext }));
  expect(opened.Plaintext).toEqual(made.Plaintext);
  const hidden = await kms.send(new GenerateDataKeyWithoutPlaintextCommand({ KeyId, NumberOfBytes: 64 }));
  expect(hidden).not.toHaveProperty('Plaintext');
  const { Plaintext } = await kms.send(new DecryptCommand({ CiphertextBlob: hidden.CiphertextBlob }));
  expect(Plaintext).toHaveLength(64);
  for (const input of [{}, { KeySpec: 'AES_128', NumberOfBytes: 16 } as const, { NumberOfBytes: 1025 }]) {
    await expect(kms.send(new GenerateDataKeyCommand({ KeyId, ...input }))).rejects.toMatchObject({
      name: 'ValidationException',
    });
  }
});

// source: API reference, "GenerateDataKeyPair"
test('the private key of a data key pair opens from its ciphertext', async () => {
  const KeyId = await newKey();
  const pair = await kms.send(new GenerateDataKeyPairCommand({ KeyId, KeyPairSpec: 'ECC_NIST_P256' }));
  const { Plaintext } = await kms.send(new DecryptCommand({ CiphertextBlob: pair.PrivateKeyCiphertextBlob }));
  expect(Plaintext).toEqual(pair.PrivateKeyPlaintext);
});

// source: API reference, "GenerateRandom"
test('GenerateRandom gives 1 to 1,024 bytes', async () => {
  expect((await kms.send(new GenerateRandomCommand({ NumberOfBytes: 1024 }))).Plaintext).toHaveLength(1024);
  for (const NumberOfBytes of [0, 1025, undefined]) {
    await expect(kms.send(new GenerateRandomCommand({ NumberOfBytes }))).rejects.toMatchObject({
      name: 'ValidationException',
    });
  }
});

// source: API reference, "Sign", "Verify", "GetPublicKey": DER-encoded X.509 SubjectPublicKeyInfo, DER signature
test('a signature over a message or its digest verifies outside KMS with the public key', async () => {
  const KeyId = await newKey({ KeySpec: 'ECC_NIST_P256', KeyUsage: 'SIGN_VERIFY' });
  const { PublicKey = new Uint8Array() } = await kms.send(new GetPublicKeyCommand({ KeyId }));
  const key = createPublicKey({ key: Buffer.from(PublicKey), format: 'der', type: 'spki' });
  const message = Buffer.from('manifest');
  const digest = createHash('sha256').update(message).digest();
  for (const [Message, MessageType] of [
    [message, 'RAW'],
    [digest, 'DIGEST'],
  ] as const) {
    const SigningAlgorithm = 'ECDSA_SHA_256';
    const { Signature } = await kms.send(new SignCommand({ KeyId, Message, MessageType, SigningAlgorithm }));
    expect(verify('sha256', message, key, Signature as Uint8Array)).toBe(true);
    const check = (Message: Uint8Array) =>
      kms.send(new VerifyCommand({ KeyId, Message, MessageType, SigningAlgorithm, Signature }));
    expect(await check(Message)).toMatchObject({ SignatureValid: true, SigningAlgorithm });
    await expect(check(Buffer.alloc(Message.length))).rejects.toMatchObject({ name: 'KMSInvalidSignatureException' });
  }
});

// source: API reference, "Sign", Message: 4,096 bytes; MessageType DIGEST takes the digest's own length
test('messages and digests of a wrong length, and algorithms of other keys, are refused', async () => {
  const KeyId = await newKey({ KeySpec: 'ECC_NIST_P256', KeyUsage: 'SIGN_VERIFY' });
  const sign = (size: number, MessageType: 'RAW' | 'DIGEST', SigningAlgorithm: 'ECDSA_SHA_256' | 'ECDSA_SHA_384') =>
    kms.send(new SignCommand({ KeyId, Message: Buffer.alloc(size), MessageType, SigningAlgorithm }));
  await expect(sign(4096, 'RAW', 'ECDSA_SHA_256')).resolves.toBeDefined();
  await expect(sign(4097, 'RAW', 'ECDSA_SHA_256')).rejects.toMatchObject({ name: 'ValidationException' });
  await expect(sign(31, 'DIGEST', 'ECDSA_SHA_256')).rejects.toMatchObject({ name: 'ValidationException' });
  await expect(sign(32, 'RAW', 'ECDSA_SHA_384')).rejects.toMatchObject({ name: 'InvalidKeyUsageException' });
});

// source: API reference, "GenerateMac", "VerifyMac"
test('a MAC verifies for its own message alone', async () => {
  const KeyId = await newKey({ KeySpec: 'HMAC_256', KeyUsage: 'GENERATE_VERIFY_MAC' });
  const MacAlgorithm = 'HMAC_SHA_256';
  const { Mac } = await kms.send(new GenerateMacCommand({ KeyId, MacAlgorithm, Message: Buffer.from('a') }));
  expect(Mac).toHaveLength(32);
  expect(Buffer.from(Mac ?? [])).not.toEqual(createHmac('sha256', '').update('a').digest());
  const check = (text: string) =>
    kms.send(new VerifyMacCommand({ KeyId, MacAlgorithm, Mac, Message: Buffer.from(text) }));
  expect(await check('a')).toMatchObject({ MacValid: true });
  await expect(check('b')).rejects.toMatchObject({ name: 'KMSInvalidMacException' });
});

// source: API reference, "Sign", DryRun
test('a dry run signs nothing and says that it would have', async () => {
  const KeyId = await newKey({ KeySpec: 'ECC_NIST_P256', KeyUsage: 'SIGN_VERIFY' });
  const input = { KeyId, Message: Buffer.from('x'), SigningAlgorithm: 'ECDSA_SHA_256', DryRun: true } as const;
  await expect(kms.send(new SignCommand(input))).rejects.toMatchObject({ name: 'DryRunOperationException' });
});
