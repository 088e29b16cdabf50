/**
 * - `NOT_READABLE`: files are missing, no plain files, or bigger than they may be.
 * - `KEY_UNKNOWN`: no signature is by a trusted key. `SIGNATURE_INVALID`: one is, but not over these bytes.
 * - `MANIFEST_INVALID`: signed, but not what a manifest may be, or not canonical JSON.
 * - `WRONG_MODEL`: another model than this place is for. `DOWNGRADE`: older than the configuration allows.
 * - `VERSION_REUSED`: this version has run here with other content.
 * - `WRONG_FILE`: size or digest of the model file differ from the manifest.
 * - `NOT_LOADABLE`: the runtime cannot make a session of it. `SHAPE_MISMATCH`: its tensors are others than the manifest says.
 * - `TEST_FAILED`: it gives something else for the manifest's test vectors.
 * - `MISBEHAVED`: it ran, and threw, took too long or gave what is no number, too often in a row.
 * - `OUTPUT_TAKEN`: another model here has an output of the same name.
 */
export const MODEL_REFUSALS = [
  'NOT_READABLE',
  'KEY_UNKNOWN',
  'SIGNATURE_INVALID',
  'MANIFEST_INVALID',
  'WRONG_MODEL',
  'DOWNGRADE',
  'VERSION_REUSED',
  'WRONG_FILE',
  'NOT_LOADABLE',
  'SHAPE_MISMATCH',
  'TEST_FAILED',
  'MISBEHAVED',
  'OUTPUT_TAKEN',
] as const;

export type RefusalReason = (typeof MODEL_REFUSALS)[number];

/** A model that is not used, and why. */
export class ModelRefusal extends Error {
  readonly reason: RefusalReason;

  constructor(reason: RefusalReason, detail: string, options?: ErrorOptions) {
    super(detail, options);
    this.name = 'ModelRefusal';
    this.reason = reason;
  }
}
