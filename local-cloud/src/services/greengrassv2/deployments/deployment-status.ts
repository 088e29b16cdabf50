import type { DeploymentStatus } from '@aws-sdk/client-greengrassv2';
import type { DescribeJobResponse } from '@aws-sdk/client-iot';
import { AwsError } from '../../../core/errors.ts';
import type { Principal } from '../../../core/iam/principal.ts';
import type { GreengrassState } from '../greengrass-state.ts';
import type { DeploymentRecord } from '../records.ts';

/** The named shadow of a thing through which it gets deployments (nucleus, `ShadowDeploymentListener.java`). */
export const DEPLOYMENT_SHADOW = 'AWSManagedGreengrassV2Deployment';

/**
 * A deployment to a group is active for as long as its continuous job is, one to a thing until the thing has reported its end.
 * assumed: one whose job was deleted, or aborted by its criteria, is cancelled.
 *
 * @throws AwsError when the caller may not describe the job
 */
export async function statusOf(
  state: GreengrassState,
  principal: Principal,
  deployment: DeploymentRecord,
): Promise<DeploymentStatus> {
  const { canceled, jobId, outcome } = deployment;
  if (jobId === undefined) {
    if (outcome?.status === 'SUCCEEDED') return 'COMPLETED';
    if (outcome?.status === 'FAILED' || outcome?.status === 'REJECTED') return 'FAILED';
    return canceled === true || outcome?.status === 'CANCELED' ? 'CANCELED' : 'ACTIVE';
  }
  try {
    const { job } = await state.context.api.call<DescribeJobResponse>(principal, 'iot', 'DescribeJob', { jobId });
    if (job?.status === 'COMPLETED') return 'COMPLETED';
    return job?.status === 'IN_PROGRESS' || job?.status === 'SCHEDULED' ? 'ACTIVE' : 'CANCELED';
  } catch (error) {
    if (error instanceof AwsError && error.code === 'ResourceNotFoundException') return 'CANCELED';
    throw error;
  }
}
