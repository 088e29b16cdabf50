import * as z from 'zod';
import { requestBase } from '../shared/custom-resource/request.ts';

/** Properties of `Custom::ClaimCredentials`; CloudFormation turns every value into text. */
export const claimPropertiesSchema = z.object({
  PolicyName: z.string().min(1),
  SecretId: z.string().min(1),
  ProvisioningTemplate: z.string().min(1),
  Generation: z.string().min(1),
});

export type ClaimProperties = z.infer<typeof claimPropertiesSchema>;

/** Requests of CloudFormation (CloudFormation user guide, "Custom resource request objects"). */
export const requestSchema = z.discriminatedUnion('RequestType', [
  requestBase.extend({ RequestType: z.literal('Create'), ResourceProperties: claimPropertiesSchema }),
  requestBase.extend({
    RequestType: z.literal('Update'),
    PhysicalResourceId: z.string(),
    ResourceProperties: claimPropertiesSchema,
    OldResourceProperties: claimPropertiesSchema.partial(),
  }),
  // A resource that never came to be is deleted too, with whatever properties it had.
  requestBase.extend({ RequestType: z.literal('Delete'), PhysicalResourceId: z.string() }),
]);

export type ClaimRequest = z.infer<typeof requestSchema>;
