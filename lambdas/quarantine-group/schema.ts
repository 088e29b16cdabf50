import * as z from 'zod';
import { requestSchemaOf } from '../shared/custom-resource/request.ts';

/** Properties of `Custom::GroupPolicy`. */
const propertiesSchema = z.object({ PolicyName: z.string().min(1), GroupArn: z.string().startsWith('arn:') });

export type GroupPolicy = z.infer<typeof propertiesSchema>;

export const requestSchema = requestSchemaOf(propertiesSchema);

export type GroupPolicyRequest = z.infer<typeof requestSchema>;
