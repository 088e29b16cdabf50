import * as z from 'zod';
import { requestSchemaOf } from '../shared/custom-resource/request.ts';

/** Properties of `Custom::ComponentArtifact`. */
const propertiesSchema = z.object({
  /** Where the deployment has put the file. */
  SourceBucket: z.string().min(1),
  SourceKey: z.string().min(1),
  /** Where cores find it. */
  Bucket: z.string().min(1),
  Key: z.string().min(1),
  /** Of the file, hexadecimal. */
  Sha256: z.string().regex(/^[0-9a-f]{64}$/, 'must be 64 hexadecimal digits'),
});

export type ComponentArtifact = z.infer<typeof propertiesSchema>;

export const requestSchema = requestSchemaOf(propertiesSchema);

export type ComponentArtifactRequest = z.infer<typeof requestSchema>;
