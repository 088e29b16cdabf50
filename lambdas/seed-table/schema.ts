import * as z from 'zod';
import { requestBase } from '../shared/custom-resource/request.ts';

/** Properties of `Custom::TableSeed`. */
const propertiesSchema = z.object({
  DatabaseName: z.string().min(1),
  TableName: z.string().min(1),
  Measures: z.array(z.string().min(1)).default([]),
});

export type SeedProperties = z.infer<typeof propertiesSchema>;

export const requestSchema = z.discriminatedUnion('RequestType', [
  requestBase.extend({ RequestType: z.literal('Create'), ResourceProperties: propertiesSchema }),
  requestBase.extend({
    RequestType: z.literal('Update'),
    PhysicalResourceId: z.string(),
    ResourceProperties: propertiesSchema,
  }),
  requestBase.extend({ RequestType: z.literal('Delete'), PhysicalResourceId: z.string() }),
]);

export type SeedRequest = z.infer<typeof requestSchema>;
