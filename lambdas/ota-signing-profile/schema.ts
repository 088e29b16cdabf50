import * as z from 'zod';
import { requestSchemaOf } from '../shared/custom-resource/request.ts';

/** Properties of `Custom::SigningProfile`. */
const propertiesSchema = z.object({
  /** Beginning of the name; a suffix follows. */
  NamePrefix: z.string().regex(/^[0-9a-zA-Z_]{2,50}$/),
  PlatformId: z.string().min(1),
  CertificateArn: z.string().startsWith('arn:'),
});

export const requestSchema = requestSchemaOf(propertiesSchema);

export type ProfileRequest = z.infer<typeof requestSchema>;
