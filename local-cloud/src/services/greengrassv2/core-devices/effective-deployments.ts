import type { EffectiveDeployment, EffectiveDeploymentExecutionStatus } from '@aws-sdk/client-greengrassv2';
import type { DescribeJobExecutionResponse, JobExecution } from '@aws-sdk/client-iot';
import { AwsError } from '../../../core/errors.ts';
import type { Principal } from '../../../core/iam/principal.ts';
import type { GreengrassState } from '../greengrass-state.ts';
import { jobOf } from '../operations/deployment-operations.ts';
import type { DeploymentRecord } from '../records.ts';

/**
 * The deployments that reach a core device, newest first, each with how it goes there: of a group by the job execution, of
 * the thing by what it reports.
 *
 * @throws AwsError when the caller may not describe the executions
 */
export async function effectiveDeployments(
  state: GreengrassState,
  principal: Principal,
  thingName: string,
): Promise<EffectiveDeployment[]> {
  const found = await Promise.all(
    [...state.deployments.values()].map(async (deployment) =>
      deployment.target.kind === 'thing'
        ? ofThing(deployment, thingName)
        : ofGroup(deployment, await executionOf(state, principal, deployment.jobId as string, thingName)),
    ),
  );
  return found
    .filter((one) => one !== undefined)
    .sort((a, b) => timeOf(b.creationTimestamp) - timeOf(a.creationTimestamp));
}

function ofThing(deployment: DeploymentRecord, thingName: string): EffectiveDeployment | undefined {
  if (deployment.target.name !== thingName) return undefined;
  const { canceled, createdAt, outcome } = deployment;
  const status = outcome?.status ?? (canceled === true ? 'CANCELED' : 'QUEUED');
  return {
    ...head(deployment),
    // "COMPLETED – The deployment to an IoT thing was completed successfully."
    coreDeviceExecutionStatus: status === 'SUCCEEDED' ? 'COMPLETED' : status,
    ...(outcome?.reason !== undefined && { reason: outcome.reason }),
    modifiedTimestamp: new Date(outcome?.at ?? createdAt),
    ...((status === 'FAILED' || status === 'REJECTED') && {
      statusDetails: { errorStack: [...(outcome?.errorStack ?? [])], errorTypes: [...(outcome?.errorTypes ?? [])] },
    }),
  };
}

function ofGroup(deployment: DeploymentRecord, execution: JobExecution | undefined): EffectiveDeployment | undefined {
  if (execution === undefined || execution.status === 'REMOVED') return undefined;
  const { lastUpdatedAt, status, statusDetails } = execution;
  const details = statusDetails?.detailsMap ?? {};
  const reason = details['deployment-failure-cause'];
  return {
    ...head(deployment),
    ...jobOf(deployment),
    coreDeviceExecutionStatus: status as EffectiveDeploymentExecutionStatus,
    ...(reason !== undefined && { reason }),
    modifiedTimestamp: lastUpdatedAt ?? new Date(deployment.createdAt),
    ...((status === 'FAILED' || status === 'REJECTED') && {
      statusDetails: {
        errorStack: listOf(details['deployment-error-stack']),
        errorTypes: listOf(details['deployment-error-types']),
      },
    }),
  };
}

function head({ createdAt, id, name = '', target }: DeploymentRecord) {
  return { deploymentId: id, deploymentName: name, targetArn: target.arn, creationTimestamp: new Date(createdAt) };
}

/** Undefined: the job has none for it. */
export async function executionOf(
  state: GreengrassState,
  principal: Principal,
  jobId: string,
  thingName: string,
): Promise<JobExecution | undefined> {
  try {
    const answer = await state.context.api.call<DescribeJobExecutionResponse>(
      principal,
      'iot',
      'DescribeJobExecution',
      {
        jobId,
        thingName,
      },
    );
    return answer.execution;
  } catch (error) {
    if (error instanceof AwsError && error.code === 'ResourceNotFoundException') return undefined;
    throw error;
  }
}

/** A list in the details of a job execution, which are texts. */
function listOf(text: string | undefined): string[] {
  try {
    const value: unknown = JSON.parse(text ?? '[]');
    return Array.isArray(value) ? value.filter((one) => typeof one === 'string') : [];
  } catch {
    return [];
  }
}

function timeOf(date: Date | undefined): number {
  return date?.getTime() ?? 0;
}
