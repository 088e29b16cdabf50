import * as z from 'zod';
import { firmwareSignatureSchema, signedKeySetSchema } from './firmware-manifest.ts';
import { firmwareVersionSchema } from './firmware-version.ts';

const httpsUrl = z.string().startsWith('https://').max(4_096);

/**
 * What every job document carries. A device refuses a document whose time is over, that was issued more than its clock
 * tolerance in the future, or whose nonce it has seen with another job or another document; a retried execution of one
 * job brings the same nonce again.
 */
const common = {
  version: z.literal(1),
  nonce: z.string().regex(/^[0-9a-f]{32}$/, 'must be 32 hexadecimal digits'),
  /** ms since the epoch */
  issuedAt: z.int().nonnegative(),
  /** ms since the epoch; after it the job must not be begun */
  expiresAt: z.int().nonnegative(),
};

/** A file of an update. Its URL is presigned anew by AWS IoT Jobs each time the execution is described. */
const sourceSchema = z.strictObject({ url: httpsUrl });

/**
 * Installs firmware. The URLs stand in the document as `${aws:iot:s3-presigned-url:…}`; `stream`, where it is given,
 * offers the same files over MQTT (file ids: 0 the image, 1 and up the deltas in the manifest's order).
 */
const updateDocument = z.strictObject({
  ...common,
  operation: z.literal('update'),
  campaignId: z.string().min(1).max(64),
  /** Of the manifest, so that a device can refuse before it asks for anything. */
  firmwareVersion: firmwareVersionSchema,
  manifest: sourceSchema,
  /** Over the manifest's bytes; one that verifies with a trusted key is enough. */
  signatures: z.array(firmwareSignatureSchema).min(1).max(4),
  image: sourceSchema,
  deltas: z.array(z.strictObject({ from: firmwareVersionSchema, url: httpsUrl })).max(16),
  /** A newer key set than devices may have. */
  keySet: signedKeySetSchema.optional(),
  stream: z.strictObject({ streamId: z.string().min(1).max(128) }).optional(),
});

const rebootDocument = z.strictObject({ ...common, operation: z.literal('reboot') });

/** Takes settings as if the `config` shadow had asked for them, once. */
const configureDocument = z.strictObject({
  ...common,
  operation: z.literal('configure'),
  settings: z.record(z.string(), z.json()),
});

const rotateDocument = z.strictObject({ ...common, operation: z.literal('rotate-certificate') });

/** Uploads the newest logs by one presigned PUT. */
const uploadLogsDocument = z.strictObject({
  ...common,
  operation: z.literal('upload-logs'),
  url: httpsUrl,
  /** Bytes at most; the oldest lines are left out. */
  maxBytes: z.int().min(1_024).max(104_857_600),
});

/** Runs a script that is installed on the device and on its allow-list, by its name there. */
const runDocument = z.strictObject({
  ...common,
  operation: z.literal('run'),
  script: z.string().regex(/^[a-z0-9][a-z0-9._-]{0,63}$/, 'must be the name of an installed script'),
  arguments: z.array(z.string().max(1_024)).max(32).default([]),
  /** seconds */
  timeoutSeconds: z.int().min(1).max(86_400).default(300),
});

/** The job documents of this platform. */
export const jobDocumentSchema = z.discriminatedUnion('operation', [
  updateDocument,
  rebootDocument,
  configureDocument,
  rotateDocument,
  uploadLogsDocument,
  runDocument,
]);

export type JobDocument = z.infer<typeof jobDocumentSchema>;
export type JobOperation = JobDocument['operation'];
export type UpdateDocument = z.infer<typeof updateDocument>;

/** Why a device rejects a job before it begins it, whatever its operation: `reason` of the status details. */
export const JOB_REFUSALS = [
  'DOCUMENT_INVALID',
  /** The device has no handler for the operation, or has it no more. */
  'UNSUPPORTED_OPERATION',
  /** Sent to another thing. */
  'FOREIGN',
  'EXPIRED',
  'NOT_YET_VALID',
  /** Its nonce came with another job or another document. */
  'REPLAYED',
  /** The device cannot tell whether the document is in time. */
  'CLOCK_UNTRUSTED',
  /** More unexpired orders than the device can remember. */
  'MEMORY_FULL',
] as const;

export type JobRefusal = (typeof JOB_REFUSALS)[number];

/** Why an update ended without the new firmware running: `reason` of the status details of the execution. */
export const UPDATE_FAILURES = [
  ...JOB_REFUSALS,
  /** An error that the agent has no name for; `detail` has its words. */
  'HANDLER_FAILED',
  'MANIFEST_INVALID',
  'SIGNATURE_INVALID',
  'KEY_UNKNOWN',
  'WRONG_DEVICE_TYPE',
  'WRONG_HARDWARE',
  'DOWNGRADE',
  'NOT_INSTALLABLE_FROM',
  'NO_SPACE',
  'DOWNLOAD_FAILED',
  'DIGEST_MISMATCH',
  'INSTALL_FAILED',
  'SELF_TEST_FAILED',
  'BOOT_LOOP',
  'CANCELLED',
] as const;

export type UpdateFailure = (typeof UPDATE_FAILURES)[number];

/**
 * Status details that a device gives an update's execution. AWS IoT Jobs takes text alone, at most 1,024 characters each
 * (API reference, UpdateJobExecution). `proof` stands in the last report: see {@link updateProofText}.
 */
export const updateDetailsSchema = z.looseObject({
  stage: z
    .enum(['checking', 'downloading', 'installing', 'rebooting', 'testing', 'confirmed', 'rolled-back', 'refused'])
    .optional(),
  /** Of the download, 0 to 100. */
  percent: z
    .string()
    .regex(/^\d{1,3}$/)
    .optional(),
  reason: z.enum(UPDATE_FAILURES).optional(),
  detail: z.string().max(1_024).optional(),
  /** What runs now. */
  firmware: z.string().max(64).optional(),
  slot: z.string().max(16).optional(),
  imageSha256: z.string().optional(),
  /** Base64 of the device key's signature (ECDSA P-256 with SHA-256, DER) over the proof text. */
  proof: z.string().optional(),
});

export type UpdateDetails = z.infer<typeof updateDetailsSchema>;

/**
 * What the device signs with the key of its certificate when an update has ended. The nonce is the job's, so an old
 * proof cannot stand for a new run.
 */
export function updateProofText(proof: {
  readonly thingName: string;
  readonly jobId: string;
  readonly nonce: string;
  readonly firmware: string;
  readonly slot: string;
  readonly imageSha256: string;
}): string {
  const { thingName, jobId, nonce, firmware, slot, imageSha256 } = proof;
  return ['fleetwright-update-1', thingName, jobId, nonce, firmware, slot, imageSha256].join('\n');
}
