import * as z from 'zod';
import { requestSchemaOf } from '../shared/custom-resource/request.ts';

/** Properties of `Custom::FleetIndexing`. */
const propertiesSchema = z.object({
  NamedShadows: z.array(z.string().min(1)).default([]),
  CustomFields: z
    .array(z.object({ Name: z.string().min(1), Type: z.enum(['Boolean', 'Number', 'String']) }))
    .default([]),
});

export type WantedIndexing = z.infer<typeof propertiesSchema>;

export const requestSchema = requestSchemaOf(propertiesSchema);

export type IndexingRequest = z.infer<typeof requestSchema>;
