import { z } from 'zod';
import type { CloudDescription } from '../local-cloud/src/index.ts';
import { Failure } from './failure.ts';

/** Stack outputs that this command line uses. They are the same on AWS (`aws cloudformation describe-stacks`). */
const outputsSchema = z.object({
  TopicRoot: z.string(),
  ProvisioningTemplateName: z.string(),
  ClaimSecretArn: z.string(),
  HotStoreKind: z.string(),
  DatabaseName: z.string(),
  TelemetryTableName: z.string(),
  HealthTableName: z.string(),
  TwinTableName: z.string(),
  MinuteTableName: z.string().optional(),
  HourTableName: z.string().optional(),
  LakeDatabaseName: z.string().optional(),
  LakeWorkGroupName: z.string().optional(),
  LakeBufferSeconds: z.string().optional(),
  IngestQueueUrl: z.string(),
  FailedQueueUrl: z.string(),
  RejectedQueueUrl: z.string(),
  RuleErrorQueueUrl: z.string(),
  Sites: z.string(),
  DeviceTypes: z.string(),
  /** Of the edge stack, where a stage has one. */
  CoreRoleAlias: z.string().optional(),
});

export type PlatformOutputs = z.infer<typeof outputsSchema>;

/**
 * Outputs of one stage. Stages live side by side in an account; without `topicRoot` (`fleetwright-dev`) there must be
 * just one.
 * @throws Failure naming what is missing
 */
export function platformOutputs(cloud: CloudDescription, topicRoot?: string): PlatformOutputs {
  const roots = cloud.stacks.flatMap(({ outputs }) => (outputs.TopicRoot === undefined ? [] : [outputs.TopicRoot]));
  const root = topicRoot ?? roots[0];
  if (topicRoot === undefined && roots.length > 1) {
    throw new Failure(`several stages are deployed (${roots.join(', ')}); name one with --stage`);
  }
  const own = cloud.stacks.filter(({ stackName }) => root !== undefined && stackName.startsWith(`${root}-`));
  const outputs = Object.assign({}, ...own.map((stack) => stack.outputs)) as Record<string, string>;
  const result = outputsSchema.safeParse(outputs);
  if (result.success) return result.data;
  const missing = result.error.issues.map((issue) => issue.path.join('.')).join(', ');
  throw new Failure(
    `the deployed stacks lack the outputs ${missing}; was another app deployed into ${cloud.dataDirectory}?`,
  );
}
