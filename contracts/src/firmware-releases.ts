import * as z from 'zod';
import { firmwareSignatureSchema } from './firmware-manifest.ts';
import { firmwareVersionSchema } from './firmware-version.ts';

/**
 * Prefixes of the firmware bucket. Operators write `uploads`; `releases` and `signatures` are written by the platform
 * alone, after its checks, and devices read nothing but `releases`.
 */
export const FIRMWARE_PREFIXES = {
  uploads: 'uploads',
  releases: 'releases',
  signatures: 'signatures',
} as const;

/** File names of an upload and of a release. The manifest comes last: its upload is what starts the pipeline. */
export const MANIFEST_FILE = 'manifest.json';
export const IMAGE_FILE = 'image.bin';

/** Bytes of a signed key set, as JSON: it travels in job documents, which hold 32 KB (IoT API reference, CreateJob). */
export const MAX_TRAVELLING_KEY_SET_BYTES = 16_384;

export function deltaFile(from: string): string {
  return `delta-${from}.vcdiff`;
}

/** Names an attempt to publish; the one who publishes chooses it, and may do so again after a lost answer. */
export const uploadIdSchema = z.string().regex(/^[a-z0-9-]{1,64}$/, 'must be 1 to 64 of a-z, 0-9 and hyphen');

export function uploadKey(uploadId: string, file: string): string {
  return `${FIRMWARE_PREFIXES.uploads}/${uploadId}/${file}`;
}

/** Undefined for the key of anything but the manifest of an upload. */
export function uploadOfKey(key: string): string | undefined {
  const [prefix, uploadId, file, ...rest] = key.split('/');
  if (prefix !== FIRMWARE_PREFIXES.uploads || file !== MANIFEST_FILE || rest.length > 0) return undefined;
  return uploadIdSchema.safeParse(uploadId).success ? uploadId : undefined;
}

/** A release lies under the digest of its manifest, so nothing that was once released is ever overwritten. */
export function releaseKey(version: string, manifestSha256: string, file: string): string {
  return `${FIRMWARE_PREFIXES.releases}/${version}/${manifestSha256}/${file}`;
}

/** Why an upload did not become a release. */
export const REFUSALS = [
  'MANIFEST_TOO_LARGE',
  'MANIFEST_INVALID',
  'NOT_CANONICAL',
  'EXPIRED',
  'UNKNOWN_DEVICE_TYPE',
  'FILE_MISSING',
  'SIZE_MISMATCH',
  'DIGEST_MISMATCH',
  'CHUNK_MISMATCH',
  'BASE_UNKNOWN',
  'BASE_MISMATCH',
  'VERSION_TAKEN',
  'SIGNATURE_INVALID',
  'SIGNING_FAILED',
] as const;

export type Refusal = (typeof REFUSALS)[number];

/** What became of an upload: attribute `record`, as JSON, of the item `upload#{uploadId}` of the release table. */
export const uploadRecordSchema = z.object({
  uploadId: uploadIdSchema,
  state: z.enum(['signing', 'ready', 'refused']),
  version: firmwareVersionSchema.optional(),
  manifestSha256: z.string().optional(),
  refusal: z.object({ code: z.enum(REFUSALS), detail: z.string() }).optional(),
  /** ms since the epoch */
  changedAt: z.int().nonnegative(),
});

export type UploadRecord = z.infer<typeof uploadRecordSchema>;

/**
 * A release: attribute `record`, as JSON, of the item `release#{version}`. Once `ready` it never changes; one that could
 * not be signed is `abandoned`, and leaves its version to another manifest.
 */
export const releaseRecordSchema = z.object({
  version: firmwareVersionSchema,
  state: z.enum(['signing', 'ready', 'abandoned']),
  manifestSha256: z.string(),
  minimumVersion: firmwareVersionSchema,
  installableFrom: firmwareVersionSchema.optional(),
  deviceTypes: z.array(z.string()),
  hardwareRevisions: z.array(z.string()),
  /** ms since the epoch */
  issuedAt: z.int().nonnegative(),
  expiresAt: z.int().nonnegative(),
  image: z.object({ size: z.int(), sha256: z.string() }),
  deltas: z.array(z.object({ from: firmwareVersionSchema, size: z.int() })),
  signatures: z.array(firmwareSignatureSchema),
  changedAt: z.int().nonnegative(),
});

export type ReleaseRecord = z.infer<typeof releaseRecordSchema>;

export function uploadItemId(uploadId: string): string {
  return `upload#${uploadId}`;
}

export function releaseItemId(version: string): string {
  return `release#${version}`;
}

/** Item of the release table whose `record` is the newest signed key set, as JSON: job documents carry it to devices. */
export const KEY_SET_ITEM = 'keyset';
