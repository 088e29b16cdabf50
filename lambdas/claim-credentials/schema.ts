import { z } from 'zod';

/** Properties of `Custom::ClaimCredentials`; CloudFormation turns every value into text. */
export const claimPropertiesSchema = z.object({
  PolicyName: z.string().min(1),
  SecretId: z.string().min(1),
  ProvisioningTemplate: z.string().min(1),
  Generation: z.string().min(1),
});

export type ClaimProperties = z.infer<typeof claimPropertiesSchema>;

const base = z.object({
  RequestId: z.string().min(1),
  ResponseURL: z.url(),
  StackId: z.string().startsWith('arn:'),
  LogicalResourceId: z.string().min(1),
});

/** Requests of CloudFormation (CloudFormation user guide, "Custom resource request objects"). */
export const requestSchema = z.discriminatedUnion('RequestType', [
  base.extend({ RequestType: z.literal('Create'), ResourceProperties: claimPropertiesSchema }),
  base.extend({
    RequestType: z.literal('Update'),
    PhysicalResourceId: z.string(),
    ResourceProperties: claimPropertiesSchema,
    OldResourceProperties: claimPropertiesSchema.partial(),
  }),
  // A resource that never came to be is deleted too, with whatever properties it had.
  base.extend({ RequestType: z.literal('Delete'), PhysicalResourceId: z.string() }),
]);

export type ClaimRequest = z.infer<typeof requestSchema>;

/** What is needed to answer, even when the rest of the request cannot be read. */
export const answerableSchema = base.extend({ PhysicalResourceId: z.string().optional() });

export type Answerable = z.infer<typeof answerableSchema>;
