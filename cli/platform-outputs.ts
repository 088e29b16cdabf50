import { z } from 'zod';
import type { CloudDescription } from '../local-cloud/src/index.ts';
import { Failure } from './failure.ts';

/** Stack outputs that this command line uses. They are the same on AWS (`aws cloudformation describe-stacks`). */
const outputsSchema = z.object({
  TopicRoot: z.string(),
  ProvisioningTemplateName: z.string(),
  ClaimSecretArn: z.string(),
  DatabaseName: z.string(),
  TelemetryTableName: z.string(),
  HealthTableName: z.string(),
  IngestQueueUrl: z.string(),
  FailedQueueUrl: z.string(),
  RejectedQueueUrl: z.string(),
  RuleErrorQueueUrl: z.string(),
  Sites: z.string(),
  DeviceTypes: z.string(),
});

export type PlatformOutputs = z.infer<typeof outputsSchema>;

/** @throws Failure naming what is missing */
export function platformOutputs(cloud: CloudDescription): PlatformOutputs {
  const outputs = Object.assign({}, ...cloud.stacks.map((stack) => stack.outputs)) as Record<string, string>;
  const result = outputsSchema.safeParse(outputs);
  if (result.success) return result.data;
  const missing = result.error.issues.map((issue) => issue.path.join('.')).join(', ');
  throw new Failure(
    `the deployed stacks lack the outputs ${missing}; was another app deployed into ${cloud.dataDirectory}?`,
  );
}
