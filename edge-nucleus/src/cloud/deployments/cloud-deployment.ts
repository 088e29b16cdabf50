import * as z from 'zod';
import { type PlannedDeployment, readPlanned } from '../../deployment/deployment-document.ts';
import { NucleusError } from '../../nucleus-error.ts';

/** Through the jobs of AWS IoT for a thing group, through the deployment shadow for the core's thing. */
export type DeploymentChannel = 'job' | 'shadow';

/** A deployment as it came. */
export const cloudDeploymentSchema = z.object({
  channel: z.enum(['job', 'shadow']),
  /** Of the job, or ARN of the configuration. */
  id: z.string(),
  document: z.unknown(),
});

export type CloudDeployment = z.infer<typeof cloudDeploymentSchema>;

/** Job execution states of AWS IoT, which the shadow has too. */
export type ReportedStatus = 'IN_PROGRESS' | 'SUCCEEDED' | 'FAILED' | 'REJECTED' | 'CANCELED';

export const deploymentReportSchema = z.object({
  channel: z.enum(['job', 'shadow']),
  id: z.string(),
  configurationArn: z.string(),
  status: z.enum(['IN_PROGRESS', 'SUCCEEDED', 'FAILED', 'REJECTED', 'CANCELED']),
  detailedStatus: z.string().optional(),
  failureCause: z.string().optional(),
  errorStack: z.array(z.string()).default([]),
  errorTypes: z.array(z.string()).default([]),
});

/** What the cloud is told of a deployment. */
export type DeploymentReport = z.infer<typeof deploymentReportSchema>;

/** Nucleus, `DeploymentDocumentConverter.java`; where `CreateDeployment` gives nothing, its own defaults. */
const configurationSchema = z.looseObject({
  deploymentId: z.string(),
  configurationArn: z.string(),
  components: z.record(z.string(), z.unknown()).default({}),
  creationTimestamp: z.number(),
  failureHandlingPolicy: z.string().optional(),
  componentUpdatePolicy: z.looseObject({ timeout: z.number().optional(), action: z.string().optional() }).optional(),
  configurationValidationPolicy: z.looseObject({ timeout: z.number().optional() }).optional(),
  requiredCapabilities: z.array(z.string()).default([]),
  onBehalfOf: z.string().optional(),
  parentTargetArn: z.string().optional(),
});

/** ARN and id of a document, as far as there are any. */
export function namesOf(document: unknown): { deploymentId?: string; configurationArn?: string } {
  const read = configurationSchema.partial().safeParse(document);
  const { configurationArn, deploymentId } = read.success ? read.data : {};
  return {
    ...(deploymentId !== undefined && { deploymentId }),
    ...(configurationArn !== undefined && { configurationArn }),
  };
}

/** @throws NucleusError `DEPLOYMENT_INVALID` for what is no deployment, or needs what this nucleus does not have */
export function planOf(document: unknown): PlannedDeployment & { readonly deploymentId: string } {
  const read = configurationSchema.safeParse(document);
  if (!read.success) {
    const problems = read.error.issues.map(({ message, path }) => `${path.join('.') || 'the document'}: ${message}`);
    throw new NucleusError('DEPLOYMENT_INVALID', `this is no deployment: ${problems.join('; ')}`);
  }
  const { components, configurationArn, creationTimestamp, deploymentId, requiredCapabilities } = read.data;
  if (requiredCapabilities.length > 0) {
    throw new NucleusError(
      'DEPLOYMENT_INVALID',
      `The current nucleus version doesn't support one or more capabilities that are required by this deployment: ${requiredCapabilities.join(', ')}`,
    );
  }
  if (read.data.onBehalfOf !== undefined || read.data.parentTargetArn !== undefined) {
    throw new NucleusError('DEPLOYMENT_INVALID', 'subdeployments are not supported');
  }
  const { componentUpdatePolicy: update, configurationValidationPolicy: validation, failureHandlingPolicy } = read.data;
  const plan = readPlanned({
    deploymentId,
    components,
    target: targetOf(configurationArn),
    configurationArn,
    creationTimestamp,
    deploymentPolicies: {
      ...(failureHandlingPolicy !== undefined && { failureHandlingPolicy }),
      componentUpdatePolicy: {
        ...(update?.action !== undefined && { action: update.action }),
        ...(update?.timeout !== undefined && { timeoutInSeconds: update.timeout }),
      },
      configurationValidationPolicy: {
        ...(validation?.timeout !== undefined && { timeoutInSeconds: validation.timeout }),
      },
    },
  });
  return { ...plan, deploymentId };
}

/** `thinggroup/<name>` of `…:configuration:thinggroup/<name>:<revision>`. @throws NucleusError `DEPLOYMENT_INVALID` */
function targetOf(configurationArn: string): string {
  const target = /:configuration:((?:thing|thinggroup)\/.+?)(?::\d+)?$/.exec(configurationArn)?.[1];
  if (target === undefined) throw new NucleusError('DEPLOYMENT_INVALID', `${configurationArn} names no target`);
  return target;
}
