import * as z from 'zod';
import { NucleusError } from '../nucleus-error.ts';

/** Defaults of the deployment policies, seconds (developer guide, "Create deployments"; the IPC pages give 20 for validation). */
const UPDATE_TIMEOUT = 60;
const VALIDATION_TIMEOUT = 20;

const seconds = z.number().int().positive().max(86_400);

/** `merge` is an object, or its JSON as the API of AWS takes it. */
const merge = z.preprocess(
  (value, context) => {
    if (typeof value !== 'string') return value;
    try {
      return JSON.parse(value);
    } catch {
      context.addIssue({ code: 'custom', message: 'must be JSON' });
      return z.NEVER;
    }
  },
  z.record(z.string(), z.json()),
);

const component = z
  .strictObject({
    version: z.string().optional(),
    componentVersion: z.string().optional(),
    configurationUpdate: z.strictObject({ merge: merge.optional(), reset: z.array(z.string()).optional() }).default({}),
  })
  .refine((value) => (value.version === undefined) !== (value.componentVersion === undefined), {
    message: 'has one of version and componentVersion',
  })
  .transform(({ componentVersion, configurationUpdate, version }) => ({
    version: version ?? (componentVersion as string),
    configurationUpdate,
  }));

const deploymentSchema = z.strictObject({
  deploymentId: z
    .string()
    .regex(/^[\w-]{1,64}$/)
    .optional(),
  deploymentName: z.string().optional(),
  components: z.record(z.string().regex(/^[\w.-]{1,128}$/), component),
  deploymentPolicies: z
    .strictObject({
      failureHandlingPolicy: z.enum(['ROLLBACK', 'DO_NOTHING']).default('ROLLBACK'),
      componentUpdatePolicy: z
        .strictObject({
          action: z.enum(['NOTIFY_COMPONENTS', 'SKIP_NOTIFY_COMPONENTS']).default('NOTIFY_COMPONENTS'),
          timeoutInSeconds: seconds.default(UPDATE_TIMEOUT),
        })
        .prefault({}),
      configurationValidationPolicy: z
        .strictObject({ timeoutInSeconds: seconds.default(VALIDATION_TIMEOUT) })
        .prefault({}),
    })
    .prefault({}),
});

/** Of deployments that come from this machine (nucleus, `LOCAL_DEPLOYMENT_GROUP_NAME`). */
export const LOCAL_TARGET = 'LOCAL_DEPLOYMENT';

const plannedSchema = deploymentSchema.extend({
  /** Whose components these are: `thinggroup/<name>`, `thing/<name>` or {@link LOCAL_TARGET}. */
  target: z.string().default(LOCAL_TARGET),
  configurationArn: z.string().optional(),
  /** ms */
  creationTimestamp: z.number().optional(),
  /** Targets that are thing groups which the core is in; undefined: it could not be told. */
  groups: z.array(z.string()).optional(),
});

/** A deployment with where it comes from. */
export type PlannedDeployment = z.infer<typeof plannedSchema>;

/** What a core is to run: every root component, not only those that change. As `CreateDeployment` takes it. */
export type DeploymentDocument = z.infer<typeof deploymentSchema>;

/** @throws NucleusError `DEPLOYMENT_INVALID`, all problems at once */
export function readDeployment(value: unknown): DeploymentDocument {
  return readBy(deploymentSchema, value);
}

/** @throws NucleusError `DEPLOYMENT_INVALID`, all problems at once */
export function readPlanned(value: unknown): PlannedDeployment {
  return readBy(plannedSchema, value);
}

function readBy<T>(schema: z.ZodType<T>, value: unknown): T {
  const read = schema.safeParse(value);
  if (read.success) return read.data;
  const problems = read.error.issues.map(({ message, path }) => `${path.join('.') || 'the document'}: ${message}`);
  throw new NucleusError('DEPLOYMENT_INVALID', `this is no deployment: ${problems.join('; ')}`);
}
