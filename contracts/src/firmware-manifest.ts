import * as z from 'zod';
import { compareFirmware, firmwareVersionSchema } from './firmware-version.ts';

/** Bytes of a manifest. With 4 MB chunks it describes images of many gigabytes. */
export const MAX_MANIFEST_BYTES = 262_144;

/** Bounds of a chunk, in bytes: what a device verifies before it keeps it, and asks for again. */
export const MIN_CHUNK_BYTES = 4_096;
export const MAX_CHUNK_BYTES = 16_777_216;

const sha256Hex = z.string().regex(/^[0-9a-f]{64}$/, 'must be 64 lower-case hexadecimal digits');
const crc32Hex = z.string().regex(/^[0-9a-f]{8}$/, 'must be 8 lower-case hexadecimal digits');
const token = z
  .string()
  .regex(/^[a-zA-Z0-9][a-zA-Z0-9._-]{0,63}$/, 'must be 1 to 64 letters, digits, dots, underscores or hyphens');
const keyId = z.string().regex(/^[a-zA-Z0-9_-]{1,64}$/, 'must be 1 to 64 letters, digits, underscores or hyphens');

/**
 * A file that devices download. Its digest is what the signature vouches for; the CRCs only find damage early, chunk by
 * chunk, so that a broken download goes on where it broke.
 */
const payloadShape = {
  /** bytes */
  size: z.int().min(1),
  sha256: sha256Hex,
  /** bytes of every chunk but the last */
  chunkSize: z.int().min(MIN_CHUNK_BYTES).max(MAX_CHUNK_BYTES),
  /** CRC-32 (IEEE 802.3) of each chunk, in order */
  chunks: z.array(crc32Hex).min(1),
};

const chunksFit = ({ size, chunkSize, chunks }: { size: number; chunkSize: number; chunks: readonly string[] }) =>
  Math.ceil(size / chunkSize) === chunks.length;
const CHUNKS_MESSAGE = { message: 'must have one checksum for each chunk of the size', path: ['chunks'] };

const payloadSchema = z.strictObject(payloadShape).refine(chunksFit, CHUNKS_MESSAGE);

export type FirmwarePayload = z.infer<typeof payloadSchema>;

/** How a delta makes the new image out of an old one: VCDIFF (RFC 3284). */
export const DELTA_FORMATS = ['vcdiff'] as const;

const deltaSchema = z
  .strictObject({
    format: z.enum(DELTA_FORMATS),
    from: firmwareVersionSchema,
    /** Digest of the image that it is applied to. */
    fromSha256: sha256Hex,
    ...payloadShape,
  })
  .refine(chunksFit, CHUNKS_MESSAGE);

export type FirmwareDelta = z.infer<typeof deltaSchema>;

/**
 * What is signed: everything that a device decides by. A device verifies it before it downloads anything.
 *
 * Its bytes are canonical JSON (RFC 8785), and a device refuses bytes that are not the canonical form of what it read:
 * so one manifest has one digest, whoever writes it.
 */
export const firmwareManifestSchema = z
  .strictObject({
    format: z.literal(1),
    version: firmwareVersionSchema,
    /**
     * Once a device has confirmed this version, it refuses everything below `minimumVersion` for good (anti-rollback).
     * Equal to `version`: there is no way back.
     */
    minimumVersion: firmwareVersionSchema,
    /** What a device must run at least to install this, where a step cannot be left out. */
    installableFrom: firmwareVersionSchema.optional(),
    deviceTypes: z.array(token).min(1),
    hardwareRevisions: z.array(token).min(1),
    /** ms since the epoch */
    issuedAt: z.int().nonnegative(),
    /** ms since the epoch; after it no device begins this update (freeze attacks) */
    expiresAt: z.int().nonnegative(),
    image: payloadSchema,
    deltas: z.array(deltaSchema).max(16),
  })
  .refine(({ issuedAt, expiresAt }) => expiresAt > issuedAt, { message: 'must be after issuedAt', path: ['expiresAt'] })
  .refine(({ version, minimumVersion }) => compareFirmware(minimumVersion, version) <= 0, {
    message: 'must not be above version',
    path: ['minimumVersion'],
  });

export type FirmwareManifest = z.infer<typeof firmwareManifestSchema>;

/**
 * Algorithms of signatures over the bytes of a manifest or a key set. `ECDSA_P256_SHA256`: DER, as AWS Signer and AWS KMS
 * give it. `ED25519`: RFC 8032, for keys that are kept offline.
 */
export const SIGNATURE_ALGORITHMS = ['ECDSA_P256_SHA256', 'ED25519'] as const;

export const firmwareSignatureSchema = z.strictObject({
  keyId,
  algorithm: z.enum(SIGNATURE_ALGORITHMS),
  /** Base64 */
  signature: z.base64().max(1_024),
});

export type FirmwareSignature = z.infer<typeof firmwareSignatureSchema>;

const trustedKeySchema = z.strictObject({
  keyId,
  algorithm: z.enum(SIGNATURE_ALGORITHMS),
  /** SubjectPublicKeyInfo, PEM */
  publicKeyPem: z.string().startsWith('-----BEGIN PUBLIC KEY-----').max(1_024),
  /** What the key may sign. A `root` key signs key sets, a `firmware` key manifests; no key does both. */
  use: z.enum(['root', 'firmware']),
});

/**
 * The keys that a device trusts. A device is made with one; a later one replaces it when its serial is greater and a
 * `root` key of the set *before* has signed it, so keys can be withdrawn and replaced without touching devices.
 */
export const trustedKeySetSchema = z
  .strictObject({
    format: z.literal(1),
    serial: z.int().min(1),
    /** ms since the epoch */
    issuedAt: z.int().nonnegative(),
    keys: z.array(trustedKeySchema).min(2).max(16),
  })
  .refine(({ keys }) => new Set(keys.map(({ keyId }) => keyId)).size === keys.length, {
    message: 'must not repeat a keyId',
    path: ['keys'],
  })
  .refine(({ keys }) => keys.some(({ use }) => use === 'root') && keys.some(({ use }) => use === 'firmware'), {
    message: 'must hold a root key and a firmware key',
    path: ['keys'],
  });

export type TrustedKeySet = z.infer<typeof trustedKeySetSchema>;

/** A key set as it travels: its exact bytes, and who vouches for them. */
export const signedKeySetSchema = z.strictObject({
  /** Base64 of the canonical JSON */
  keySet: z.base64().max(65_536),
  signatures: z.array(firmwareSignatureSchema).min(1).max(4),
});

export type SignedKeySet = z.infer<typeof signedKeySetSchema>;
