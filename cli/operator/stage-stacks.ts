import {
  type CloudFormationClient,
  paginateDescribeStacks,
  paginateListStackResources,
  type Stack,
} from '@aws-sdk/client-cloudformation';
import { Failure } from '../failure.ts';
import type { Stage } from './stage.ts';

export interface StageResource {
  readonly stackName: string;
  readonly logicalId: string;
  readonly physicalId: string;
  readonly type: string;
  readonly status: string;
  readonly reason?: string;
}

/** What of a stage is deployed. */
export interface StageStacks {
  readonly stacks: readonly Stack[];
  readonly outputs: Readonly<Record<string, string>>;
  /** Beginnings of names of the account's other stages. */
  readonly otherPrefixes: readonly string[];
}

/**
 * Reads the stacks of a stage. Its stacks are called `<project>-<stage>-<word>`: a further hyphen would make them those
 * of another project whose name begins like this stage.
 */
export async function stageStacks(client: CloudFormationClient, stage: Stage): Promise<StageStacks> {
  const all: Stack[] = [];
  for await (const { Stacks = [] } of paginateDescribeStacks({ client }, {})) all.push(...Stacks);
  const stacks = all.filter(({ StackName = '' }) => isStackOf(stage.prefix, StackName));
  const outputs: Record<string, string> = {};
  for (const { Outputs = [] } of stacks) {
    for (const { OutputKey, OutputValue } of Outputs) {
      if (OutputKey !== undefined && OutputValue !== undefined) outputs[OutputKey] = OutputValue;
    }
  }
  const roots = all.flatMap(({ Outputs = [] }) => Outputs.filter(({ OutputKey }) => OutputKey === 'TopicRoot'));
  const otherPrefixes = roots.flatMap(({ OutputValue }) =>
    OutputValue === undefined || OutputValue === stage.prefix ? [] : [OutputValue],
  );
  return { stacks, outputs, otherPrefixes };
}

export function isStackOf(prefix: string, stackName: string): boolean {
  return stackName.startsWith(`${prefix}-`) && !stackName.slice(prefix.length + 1).includes('-');
}

/** Whether a name is the stage's own, and not that of another stage whose prefix is longer. */
export function belongsTo(prefix: string, otherPrefixes: readonly string[], name: string): boolean {
  if (name !== prefix && !name.startsWith(`${prefix}-`)) return false;
  return !otherPrefixes.some(
    (other) => other.length > prefix.length && (name === other || name.startsWith(`${other}-`)),
  );
}

export async function stageResources(
  client: CloudFormationClient,
  { stacks }: StageStacks,
): Promise<readonly StageResource[]> {
  const resources: StageResource[] = [];
  for (const { StackName } of stacks) {
    if (StackName === undefined) continue;
    for await (const { StackResourceSummaries = [] } of paginateListStackResources({ client }, { StackName })) {
      for (const summary of StackResourceSummaries) {
        if (summary.PhysicalResourceId === undefined) continue;
        resources.push({
          stackName: StackName,
          logicalId: summary.LogicalResourceId ?? '',
          physicalId: summary.PhysicalResourceId,
          type: summary.ResourceType ?? '',
          status: summary.ResourceStatus ?? '',
          ...(summary.ResourceStatusReason !== undefined && { reason: summary.ResourceStatusReason }),
        });
      }
    }
  }
  return resources;
}

/** Outputs that a command cannot do without. @throws Failure naming those that are missing */
export function stageOutputs<K extends string>(
  { outputs }: StageStacks,
  stage: Stage,
  keys: readonly K[],
): Record<K, string> {
  const missing = keys.filter((key) => outputs[key] === undefined);
  if (missing.length > 0) {
    throw new Failure(
      `${stage.prefix} is not deployed ${stage.place === 'aws' ? 'in this account and region' : 'in the local cloud'}: its stacks have no output ${missing.join(', ')}`,
    );
  }
  return Object.fromEntries(keys.map((key) => [key, outputs[key] as string])) as Record<K, string>;
}
