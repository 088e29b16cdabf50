import { isAbsolute, normalize } from 'node:path';
import { firmwareVersionSchema, inferenceSubjectSchema, modelKeySchema } from '@fleetwright/contracts';
import * as z from 'zod';

const modelName = z
  .string()
  .regex(/^[a-z][a-z0-9-]{0,31}$/, 'must be 1 to 32 lower-case letters, digits or hyphens, beginning with a letter');

/** Where a model comes from, and what of it is taken. */
const modelSourceSchema = z
  .strictObject({
    /** Model component, whose script says in its work directory where its artifacts are. */
    component: z
      .string()
      .regex(/^[A-Za-z0-9_][\w.-]{0,127}$/, 'must be the name of a component')
      .optional(),
    /** Directory with the files of the model, in place of a component. */
    directory: z
      .string()
      .refine((path) => isAbsolute(path) && normalize(path) === path, 'must be an absolute path without detours')
      .optional(),
    /** Older versions are refused, though they are signed. */
    minimumVersion: firmwareVersionSchema.optional(),
    /** Only these; empty: all that have the series. */
    subjects: z.array(inferenceSubjectSchema).max(100).default([]),
  })
  .refine(({ component, directory }) => (component === undefined) !== (directory === undefined), {
    message: 'must have either component or directory',
  });

/** Null takes an entry of the defaults away: a deployment's `merge` cannot remove a member. */
function entries<K extends z.ZodType<string, string>, V extends z.ZodType>(key: K, value: V) {
  return z.record(key, value.nullable());
}

/** ms, all of them */
export const configurationSchema = z
  .strictObject({
    /** By the name of the model, which its manifest must have. */
    models: entries(modelName, modelSourceSchema).default({}),
    /** By key id. */
    trustedKeys: entries(z.string().regex(/^[a-zA-Z0-9_-]{1,64}$/, 'must be a key id'), modelKeySchema).default({}),
    /** Between two looks at where models come from. */
    scanInterval: z.int().min(100).max(3_600_000).default(5_000),
    /** How long after its end a window waits for values that are under way. */
    lateness: z.int().min(0).max(600_000).default(2_000),
    /** What a run of a model may take, and its loading. */
    runTimeout: z.int().min(10).max(600_000).default(2_000),
    loadTimeout: z.int().min(100).max(600_000).default(30_000),
    /** Runs in a row that fail before the last good model takes over. */
    failuresBeforeFallback: z.int().min(1).max(100).default(3),
    /** How long a model goes on that nothing offers any more: an update takes its time. */
    keepWithdrawn: z.int().min(0).max(604_800_000).default(600_000),
    /** Between two scores of one subject that go to the cloud. */
    telemetryInterval: z.int().min(1_000).max(86_400_000).default(60_000),
    /** Of one model. */
    maxSubjects: z.int().min(1).max(1_000).default(100),
  })
  .refine(({ models }) => Object.values(models).filter((source) => source !== null).length <= 16, {
    message: 'must be at most 16: each model has a thread',
    path: ['models'],
  });

export type Configuration = z.output<typeof configurationSchema>;
export type ModelSource = z.output<typeof modelSourceSchema>;
