import * as z from 'zod';
import { requestBase } from '../shared/custom-resource/request.ts';

/** Properties of `Custom::EnrolledDevice`. */
const propertiesSchema = z.object({
  ThingName: z.string().min(1),
  CertificateArn: z.string().regex(/:cert\/[0-9a-f]{64}$/, 'must be the ARN of a certificate'),
  /** Body of a registration template with the parameter `CertificateId`. */
  TemplateBody: z.string().min(1),
});

export type DeviceProperties = z.infer<typeof propertiesSchema>;

export const requestSchema = z.discriminatedUnion('RequestType', [
  requestBase.extend({ RequestType: z.literal('Create'), ResourceProperties: propertiesSchema }),
  requestBase.extend({
    RequestType: z.literal('Update'),
    PhysicalResourceId: z.string(),
    ResourceProperties: propertiesSchema,
    OldResourceProperties: propertiesSchema,
  }),
  requestBase.extend({ RequestType: z.literal('Delete'), PhysicalResourceId: z.string() }),
]);

export type DeviceRequest = z.infer<typeof requestSchema>;
