import * as z from 'zod';
import { nameList } from '../shared/environment.ts';

export const environmentSchema = z.object({
  SEEN_TABLE: z.string().min(1),
  TOPIC_ROOT: z.string().min(1),
  /** Device types whose things are Greengrass cores, separated by commas. */
  CORE_TYPES: nameList.default(new Set()),
  /** ARN of a certificate, without its id. */
  CERTIFICATE_PREFIX: z.string().default(''),
});

/** What the rule puts on the queue for each connection of a device. */
export const connectionSchema = z.object({
  thingName: z.string().min(1),
  /** Id of the certificate, or of another identity. */
  principal: z.string().min(1),
});

export type Connection = z.infer<typeof connectionSchema>;
