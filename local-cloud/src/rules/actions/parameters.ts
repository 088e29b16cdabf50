import { z } from 'zod';
import { ROLE_ARN_PATTERN } from '../external/role-arn.ts';
import type { ActionSite } from './rule-action.ts';

export const roleArnSchema = z.string().regex(ROLE_ARN_PATTERN, 'must be the ARN of an IAM role');

/** Flags come as strings from templates with parameters. */
export const flagSchema = z.union([z.boolean(), z.enum(['true', 'false']).transform((text) => text === 'true')]);

/** Reads the parameters of an action; the first problem refuses the rule by the field's name. */
export function readParameters<T>(schema: z.ZodType<T>, parameters: object, site: ActionSite): T {
  const result = schema.safeParse(parameters);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw site.refuse(issue?.path.join('.') ?? '', issue?.message ?? 'is invalid');
}
