import * as z from 'zod';
import { requestSchemaOf } from '../shared/custom-resource/request.ts';

/** Properties of `Custom::TableSeed`. */
const propertiesSchema = z.object({
  DatabaseName: z.string().min(1),
  TableName: z.string().min(1),
  Measures: z.array(z.string().min(1)).default([]),
});

export type SeedProperties = z.infer<typeof propertiesSchema>;

export const requestSchema = requestSchemaOf(propertiesSchema);

export type SeedRequest = z.infer<typeof requestSchema>;
