import { edgeSourceSchema } from '@fleetwright/contracts';
import * as z from 'zod';
import { rulesSchema } from './rules-schema.ts';

export const configurationSchema = z.strictObject({
  /** By name. They are in force while the shadow `rules` has none. */
  rules: rulesSchema.default({}),
  /** Sources whose field messages are listened to. Fewer are less work in a flood of what no rule looks at. @default all */
  sources: z.array(edgeSourceSchema).min(1).max(100).optional(),
  /** The log of decisions. */
  log: z
    .strictObject({
      /** bytes of one file */
      maxBytes: z.int().min(16_384).max(1_073_741_824).default(4_194_304),
      /** Files besides the current one. */
      olderFiles: z.int().min(1).max(100).default(4),
    })
    .prefault({}),
  /** What is kept on disk until the spool has it. */
  uploads: z
    .strictObject({
      /** bytes */
      maxBytes: z.int().min(1_048_576).max(1_073_741_824).default(16_777_216),
    })
    .prefault({}),
});

export type LocalRulesConfiguration = z.output<typeof configurationSchema>;
