import * as z from 'zod';
import { requestBase } from '../shared/custom-resource/request.ts';

/** Properties of `Custom::GroupPolicy`. */
const propertiesSchema = z.object({ PolicyName: z.string().min(1), GroupArn: z.string().startsWith('arn:') });

export type GroupPolicy = z.infer<typeof propertiesSchema>;

export const requestSchema = z.discriminatedUnion('RequestType', [
  requestBase.extend({ RequestType: z.literal('Create'), ResourceProperties: propertiesSchema }),
  requestBase.extend({
    RequestType: z.literal('Update'),
    PhysicalResourceId: z.string(),
    ResourceProperties: propertiesSchema,
  }),
  requestBase.extend({ RequestType: z.literal('Delete'), PhysicalResourceId: z.string() }),
]);

export type GroupPolicyRequest = z.infer<typeof requestSchema>;
