import type {
  CancelDeploymentRequest,
  CancelDeploymentResponse,
  CreateDeploymentRequest,
  CreateDeploymentResponse,
  DeleteDeploymentRequest,
  Deployment,
  GetDeploymentRequest,
  GetDeploymentResponse,
  ListDeploymentsRequest,
  ListDeploymentsResponse,
} from '@aws-sdk/client-greengrassv2';
import { arn } from '../../../core/account.ts';
import type { Operation } from '../../../core/api.ts';
import { ConstraintViolations } from '../../../core/constraint-violations.ts';
import { NotImplementedError } from '../../../core/errors.ts';
import type { Principal } from '../../../core/iam/principal.ts';
import type { ClientTokens } from '../client-tokens.ts';
import { statusOf } from '../deployments/deployment-status.ts';
import type { Deployments } from '../deployments/deployments.ts';
import { readTarget } from '../deployments/read-deployment.ts';
import type { GreengrassState } from '../greengrass-state.ts';
import { DEFAULT_LISTED } from '../limits.ts';
import { page } from '../page.ts';
import type { DeploymentRecord } from '../records.ts';
import { requestTags, resourceTags } from '../tags.ts';

/** AWS IoT Greengrass V2 API reference; service authorization reference, "Actions defined by AWS IoT Greengrass V2". */
export function deploymentOperations(
  state: GreengrassState,
  deployments: Deployments,
  tokens: ClientTokens,
): Operation[] {
  const permission = (action: string, id: string | undefined) => ({
    action: `greengrass:${action}`,
    resource: state.arn(`deployments:${id ?? ''}`),
    conditions: resourceTags(state.deployments.get(id ?? '')?.tags),
  });

  const create: Operation<CreateDeploymentRequest, CreateDeploymentResponse> = {
    name: 'CreateDeployment',
    authorize: ({ tags }) => [{ action: 'greengrass:CreateDeployment', resource: '*', conditions: requestTags(tags) }],
    async handle(input, { principal }) {
      const known = state.deployments.get(tokens.find('CreateDeployment', input.clientToken) ?? '');
      const made = known ?? (await deployments.create(principal, input));
      if (known === undefined) tokens.keep('CreateDeployment', input.clientToken, made.id);
      return { deploymentId: made.id, ...jobOf(made) };
    },
  };

  const get: Operation<GetDeploymentRequest, GetDeploymentResponse> = {
    name: 'GetDeployment',
    authorize: ({ deploymentId }) => [
      permission('GetDeployment', deploymentId),
      ...shadowRead(state, state.deployments.get(deploymentId ?? '')),
    ],
    async handle({ deploymentId }, { principal }) {
      const deployment = state.requireDeployment(deploymentId);
      const { components, jobConfiguration, policies, tags } = deployment;
      return {
        ...(await summaryOf(state, principal, deployment)),
        ...jobOf(deployment),
        components: { ...components },
        deploymentPolicies: policies,
        ...(jobConfiguration !== undefined && { iotJobConfiguration: jobConfiguration }),
        tags: { ...tags },
      };
    },
  };

  const list: Operation<ListDeploymentsRequest, ListDeploymentsResponse> = {
    name: 'ListDeployments',
    authorize: () => [{ action: 'greengrass:ListDeployments', resource: '*' }],
    async handle(input, { principal }) {
      const { historyFilter = 'LATEST_ONLY', parentTargetArn, targetArn } = input;
      new ConstraintViolations().oneOf('historyFilter', historyFilter, ['ALL', 'LATEST_ONLY']).throwIfAny();
      if (parentTargetArn !== undefined) throw new NotImplementedError('parentTargetArn of ListDeployments');
      const target = targetArn === undefined ? undefined : readTarget(state, targetArn).arn;
      const found = [...state.deployments.values()]
        .filter((deployment) => target === undefined || deployment.target.arn === target)
        .filter((deployment) => historyFilter === 'ALL' || state.isLatest(deployment))
        .sort((a, b) => b.createdAt - a.createdAt || b.revision - a.revision);
      const { items, token } = page(found, ({ id }) => id, input, DEFAULT_LISTED);
      const shown = await Promise.all(items.map((deployment) => summaryOf(state, principal, deployment)));
      return { deployments: shown, ...token };
    },
  };

  const cancel: Operation<CancelDeploymentRequest, CancelDeploymentResponse> = {
    name: 'CancelDeployment',
    authorize: ({ deploymentId }) => [permission('CancelDeployment', deploymentId)],
    async handle({ deploymentId }, { principal }) {
      await deployments.cancel(principal, deploymentId);
      return { message: 'SUCCESS' };
    },
  };

  const remove: Operation<DeleteDeploymentRequest, object> = {
    name: 'DeleteDeployment',
    authorize: ({ deploymentId }) => [permission('DeleteDeployment', deploymentId)],
    async handle({ deploymentId }, { principal }) {
      await deployments.delete(principal, deploymentId);
      return {};
    },
  };

  return [create, get, list, cancel, remove];
}

export function jobOf({ jobArn, jobId }: DeploymentRecord): { iotJobId?: string; iotJobArn?: string } {
  return { ...(jobId !== undefined && { iotJobId: jobId }), ...(jobArn !== undefined && { iotJobArn: jobArn }) };
}

/** What the status of a deployment to a thing is read from. */
function shadowRead(state: GreengrassState, deployment: DeploymentRecord | undefined) {
  if (deployment?.target.kind !== 'thing') return [];
  return [
    { action: 'iot:GetThingShadow', resource: arn(state.context.account, 'iot', `thing/${deployment.target.name}`) },
  ];
}

async function summaryOf(
  state: GreengrassState,
  principal: Principal,
  deployment: DeploymentRecord,
): Promise<Deployment> {
  const { createdAt, id, name, revision, target } = deployment;
  return {
    targetArn: target.arn,
    revisionId: String(revision),
    deploymentId: id,
    ...(name !== undefined && { deploymentName: name }),
    creationTimestamp: new Date(createdAt),
    deploymentStatus: await statusOf(state, principal, deployment),
    isLatestForTarget: state.isLatest(deployment),
  };
}
