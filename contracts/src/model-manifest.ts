import * as z from 'zod';
import { edgeSeriesSchema } from './edge-plant.ts';
import { firmwareSignatureSchema, SIGNATURE_ALGORITHMS } from './firmware-manifest.ts';
import { firmwareVersionSchema } from './firmware-version.ts';

/** Files of a model as it travels: the artifacts of its component, or a directory. */
/** Canonical JSON (RFC 8785), whose bytes are signed: no formatter may touch it, hence no `.json`. */
export const MODEL_MANIFEST_FILE = 'manifest.jcs';
export const MODEL_SIGNATURES_FILE = 'signatures.json';

export const MAX_MODEL_MANIFEST_BYTES = 262_144;
export const MAX_MODEL_BYTES = 67_108_864;
/** Numbers that a model takes in at once. */
export const MAX_MODEL_INPUTS = 1_024;

const SUBJECT = '{subject}';

/** Where a series is looked for: `{subject}_vibration` is the role for each subject that has such a series. */
const seriesPattern = z
  .string()
  .max(64)
  .regex(
    /^(?:\{subject\}_)?[a-z0-9_]+$/,
    'must be the name of a series, `{subject}_` in front for one of each subject',
  );

const numberOfModel = z.number().refine((value) => Math.abs(value) < 1e12, 'must be below 1e12');
const scale = z
  .number()
  .refine((value) => Math.abs(value) > 1e-9 && Math.abs(value) < 1e12, 'must be between 1e-9 and 1e12');

/** What is made of the samples of a role in the window. `slope`: per hour, by least squares. */
export const MODEL_FEATURES = [
  'mean',
  'std',
  'min',
  'max',
  'range',
  'rms',
  'median',
  'first',
  'last',
  'slope',
] as const;

const featureSchema = z.discriminatedUnion('kind', [
  z.strictObject({ of: z.string(), kind: z.enum(MODEL_FEATURES), offset: numberOfModel, scale }),
  /** The window itself: `points` values at even distances, each the last that was measured until then. */
  z.strictObject({
    of: z.string(),
    kind: z.literal('raw'),
    points: z.int().min(2).max(1_024),
    offset: numberOfModel,
    scale,
  }),
]);

export type ModelFeature = z.infer<typeof featureSchema>;

/** How many numbers of the model's input a feature is. */
export function widthOf(feature: ModelFeature): number {
  return feature.kind === 'raw' ? feature.points : 1;
}

const outputSchema = z.strictObject({
  name: edgeSeriesSchema.max(31, 'must have at most 31 characters'),
  meaning: z.string().min(1).max(256),
  /** Undefined: told, but nothing is decided by it. */
  alarm: z
    .strictObject({
      above: numberOfModel,
      /** At or below it the alarm ends. */
      clear: numberOfModel,
      /** Windows in a row that must say so, either way. */
      after: z.int().min(1).max(100),
    })
    .refine(({ above, clear }) => clear <= above, { message: 'must not be above `above`', path: ['clear'] })
    .optional(),
});

const roleName = z
  .string()
  .regex(/^[a-z][a-z0-9_]{0,31}$/, 'must be 1 to 32 lower-case letters, digits or underscores');

const testVectorSchema = z.strictObject({
  /** Before scaling, in the order of the features; of `raw` all its points. */
  features: z.array(numberOfModel).min(1).max(MAX_MODEL_INPUTS),
  outputs: z.array(numberOfModel).min(1).max(32),
});

/**
 * What is signed of a model: everything that the inference component does with it. Its bytes are canonical JSON
 * (RFC 8785), as of a firmware manifest.
 *
 * A row of the model's input is made of the features in their order: `(value - offset) / scale`. Its only input is a tensor
 * float32 of rows × features, its only output float32 of rows × outputs.
 */
export const modelManifestSchema = z
  .strictObject({
    format: z.literal(1),
    name: z
      .string()
      .regex(
        /^[a-z][a-z0-9-]{0,31}$/,
        'must be 1 to 32 lower-case letters, digits or hyphens, beginning with a letter',
      ),
    version: firmwareVersionSchema,
    description: z.string().max(512),
    /** ms since the epoch */
    issuedAt: z.int().nonnegative(),
    file: z.strictObject({
      /** A name, never a path: the file lies beside the manifest. */
      name: z.string().regex(/^[a-z0-9][a-z0-9_-]{0,59}\.onnx$/, 'must be a plain file name that ends in .onnx'),
      /** bytes */
      size: z.int().min(1).max(MAX_MODEL_BYTES),
      sha256: z.string().regex(/^[0-9a-f]{64}$/, 'must be 64 lower-case hexadecimal digits'),
    }),
    window: z
      .strictObject({
        /** ms */
        length: z.int().min(1_000).max(86_400_000),
        /** ms between the ends of two windows, which are multiples of it since the epoch */
        step: z.int().min(1_000).max(86_400_000),
        /** Good samples that each role needs in a window. */
        minSamples: z.int().min(1).max(100_000),
        /** ms without a good sample of a role, at the ends of the window too, after which the window says nothing */
        maxGap: z.int().min(1_000).max(86_400_000),
      })
      .refine(({ length, step }) => step <= length, { message: 'must not be above length', path: ['step'] }),
    /** By role, the series that it is made of. */
    inputs: z
      .record(roleName, z.strictObject({ series: seriesPattern }))
      .refine((inputs) => Object.keys(inputs).length <= 32, 'must be at most 32 roles')
      .refine(
        (inputs) => Object.values(inputs).some(({ series }) => series.startsWith(SUBJECT)),
        'must have a role with {subject} in its series',
      ),
    features: z.array(featureSchema).min(1).max(256),
    /** Names of the tensors, and whether the input takes several rows at once. */
    tensors: z.strictObject({
      input: z.string().min(1).max(128),
      output: z.string().min(1).max(128),
      batch: z.boolean(),
    }),
    outputs: z.array(outputSchema).min(1).max(32),
    /** What the model must give before it is used. */
    test: z.strictObject({
      tolerance: z.number().positive().max(1e6),
      vectors: z.array(testVectorSchema).min(1).max(64),
    }),
  })
  .superRefine(({ features, inputs, outputs, test }, context) => {
    const issue = (path: (string | number)[], message: string) => context.addIssue({ code: 'custom', path, message });
    features.forEach(({ of }, at) => {
      if (!Object.hasOwn(inputs, of)) issue(['features', at, 'of'], 'is no role of the inputs');
    });
    const width = features.reduce((sum, feature) => sum + widthOf(feature), 0);
    if (width > MAX_MODEL_INPUTS) issue(['features'], `must be at most ${MAX_MODEL_INPUTS} numbers, are ${width}`);
    if (new Set(outputs.map(({ name }) => name)).size !== outputs.length) issue(['outputs'], 'must not repeat a name');
    test.vectors.forEach((vector, at) => {
      if (vector.features.length !== width) issue(['test', 'vectors', at, 'features'], `must be ${width} numbers`);
      if (vector.outputs.length !== outputs.length) {
        issue(['test', 'vectors', at, 'outputs'], `must be ${outputs.length} numbers`);
      }
    });
  });

export type ModelManifest = z.infer<typeof modelManifestSchema>;

/** Content of {@link MODEL_SIGNATURES_FILE}: who vouches for the bytes of the manifest. */
export const modelSignaturesSchema = z.strictObject({
  signatures: z.array(firmwareSignatureSchema).min(1).max(4),
});

export type ModelSignatures = z.infer<typeof modelSignaturesSchema>;

/** A key that models may be signed with. Its id: the first 32 hexadecimal digits of SHA-256 over the SubjectPublicKeyInfo (DER). */
export const modelKeySchema = z.strictObject({
  algorithm: z.enum(SIGNATURE_ALGORITHMS),
  /** SubjectPublicKeyInfo, PEM */
  publicKeyPem: z.string().startsWith('-----BEGIN PUBLIC KEY-----').max(1_024),
});

export type ModelKey = z.infer<typeof modelKeySchema>;
