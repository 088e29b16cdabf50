import { provisioningParametersSchema } from '@fleetwright/contracts';
import * as z from 'zod';
import { nameList } from '../shared/environment.ts';

/** What AWS IoT sends (IoT developer guide, "Pre-provisioning hooks"); fields that we do not read are left out. */
export const hookRequestSchema = z.object({
  claimCertificateId: z.string(),
  certificateId: z.string(),
  templateArn: z.string(),
  clientId: z.string(),
  parameters: z.record(z.string(), z.string()),
});

export const parametersSchema = z
  .record(z.string(), z.string())
  // AWS IoT adds the certificate's own parameters; the device's are the rest.
  .transform((parameters) =>
    Object.fromEntries(Object.entries(parameters).filter(([name]) => !name.startsWith('AWS::IoT::'))),
  )
  .pipe(provisioningParametersSchema);

export interface HookResponse {
  readonly allowProvisioning: boolean;
}

export const environmentSchema = z.object({
  ADMISSIONS_TABLE: z.string().min(1),
  ADMISSION: z.enum(['open', 'list']),
  SITES: nameList,
  DEVICE_TYPES: nameList,
  TEMPLATE_ARN: z.string().min(1),
});
