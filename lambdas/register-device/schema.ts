import { topicLevelSchema } from '@fleetwright/contracts';
import * as z from 'zod';
import { nameList } from '../shared/environment.ts';

export const environmentSchema = z.object({
  ADMISSIONS_TABLE: z.string().min(1),
  ADMISSION: z.enum(['open', 'list']),
  SITES: nameList,
  DEVICE_TYPES: nameList,
  TOPIC_ROOT: z.string().min(1),
  DEVICE_POLICIES: nameList,
  /** `arn:aws:iot:<region>:<account>:cert/` */
  CERTIFICATE_ARN_PREFIX: z.string().min(1),
});

/** What the rule puts on the queue for a certificate that waits for its activation. */
export const registrationSchema = z.object({
  certificateId: z.string().regex(/^[0-9a-f]{64}$/),
  /** Where and what devices of this CA are, unless the list says otherwise. */
  site: topicLevelSchema,
  deviceType: topicLevelSchema,
});

export type Registration = z.infer<typeof registrationSchema>;
