import type { CreateDeploymentRequest } from '@aws-sdk/client-greengrassv2';
import type { CreateJobResponse } from '@aws-sdk/client-iot';
import { uuid } from '../../../core/entropy.ts';
import { AwsError } from '../../../core/errors.ts';
import type { Principal } from '../../../core/iam/principal.ts';
import { conflict, notFound, validation } from '../errors.ts';
import type { GreengrassState } from '../greengrass-state.ts';
import type { DeploymentRecord } from '../records.ts';
import { withTags } from '../tags.ts';
import { deploymentDocument } from './deployment-document.ts';
import { DEPLOYMENT_SHADOW, statusOf } from './deployment-status.ts';
import { checkRest, readComponents, readPolicies, readTarget } from './read-deployment.ts';

/**
 * Deployments to things, through their deployment shadow, and to thing groups, through a continuous job. What is done in AWS IoT
 * is done with the caller's permissions (service authorization reference, "Dependent actions").
 */
export class Deployments {
  readonly #state: GreengrassState;
  /** One at a time for each target, so that revisions follow each other. */
  readonly #turns = new Map<string, Promise<unknown>>();

  constructor(state: GreengrassState) {
    this.#state = state;
  }

  /** @throws AwsError */
  create(principal: Principal, input: CreateDeploymentRequest): Promise<DeploymentRecord> {
    const target = readTarget(this.#state, input.targetArn);
    const turn = (this.#turns.get(target.arn) ?? Promise.resolve())
      .catch(() => {})
      .then(() => this.#create(principal, input, target));
    this.#turns.set(target.arn, turn);
    return turn.finally(() => {
      if (this.#turns.get(target.arn) === turn) this.#turns.delete(target.arn);
    });
  }

  async #create(
    principal: Principal,
    input: CreateDeploymentRequest,
    target: DeploymentRecord['target'],
  ): Promise<DeploymentRecord> {
    const state = this.#state;
    const { clock, entropy, store } = state.context;
    checkRest(input);
    const components = readComponents(state, input.components);
    const policies = readPolicies(input.deploymentPolicies);
    const tags = withTags({}, input.tags);
    await this.#checkTarget(principal, target);
    const id = uuid(entropy);
    const before = state.targets.get(target.arn);
    const planned: DeploymentRecord = {
      id,
      arn: state.arn(`deployments:${id}`),
      target,
      revision: (before?.revision ?? 0) + 1,
      ...(input.deploymentName !== undefined && { name: input.deploymentName }),
      components,
      policies,
      ...(input.iotJobConfiguration !== undefined && { jobConfiguration: input.iotJobConfiguration }),
      createdAt: clock.now(),
      tags,
    };
    const previous = state.deployments.get(before?.latest ?? '');
    const sent = await this.#send(principal, planned);
    state.deployments.put(id, sent);
    state.targets.put(target.arn, { revision: sent.revision, latest: id });
    await store.durable();
    // "Previous deployments cancel when you create a new revision" (developer guide, `cancel-deployments`).
    if (previous !== undefined) await this.#cancel(principal, previous);
    return sent;
  }

  /** One that has ended stays as it is. @throws AwsError ResourceNotFoundException */
  async cancel(principal: Principal, id: string | undefined): Promise<void> {
    const deployment = this.#state.requireDeployment(id);
    if (deployment.jobId === undefined && this.#state.isLatest(deployment) && !hasEnded(deployment)) {
      await this.#updateShadow(principal, deployment, { desiredStatus: 'CANCELED' });
    }
    await this.#cancel(principal, deployment);
  }

  /** @throws AwsError ResourceNotFoundException; ConflictException: "To delete an active deployment, you must first cancel it" */
  async delete(principal: Principal, id: string | undefined): Promise<void> {
    const { api, store } = this.#state.context;
    const deployment = this.#state.requireDeployment(id);
    const { arn, jobId } = deployment;
    if ((await statusOf(this.#state, principal, deployment)) === 'ACTIVE') {
      throw conflict('deployment', arn, `The deployment ${deployment.id} is active. Cancel it before you delete it.`);
    }
    if (jobId !== undefined) await asGreengrass(api.call(principal, 'iot', 'DeleteJob', { jobId, force: true }));
    this.#state.deployments.delete(deployment.id);
    await store.durable();
  }

  async #checkTarget(principal: Principal, { arn, kind, name }: DeploymentRecord['target']): Promise<void> {
    const { api } = this.#state.context;
    try {
      if (kind === 'thing') await api.call(principal, 'iot', 'DescribeThing', { thingName: name });
      else await api.call(principal, 'iot', 'DescribeThingGroup', { thingGroupName: name });
    } catch (error) {
      if (error instanceof AwsError && error.code === 'ResourceNotFoundException') throw notFound('target', arn);
      throw error;
    }
  }

  async #send(principal: Principal, deployment: DeploymentRecord): Promise<DeploymentRecord> {
    const { api, entropy } = this.#state.context;
    const document = deploymentDocument(this.#state, deployment);
    const { jobConfiguration = {}, target } = deployment;
    if (target.kind === 'thing') {
      if (deployment.jobConfiguration !== undefined) {
        throw validation('iotJobConfiguration is for deployments to thing groups');
      }
      await this.#updateShadow(principal, deployment, { fleetConfig: document, desiredStatus: 'SUCCEEDED' });
      return deployment;
    }
    const { abortConfig, jobExecutionsRolloutConfig, timeoutConfig } = jobConfiguration;
    const jobId = uuid(entropy);
    const { jobArn } = await asGreengrass(
      api.call<CreateJobResponse>(principal, 'iot', 'CreateJob', {
        jobId,
        targets: [target.arn],
        targetSelection: 'CONTINUOUS',
        document,
        ...(abortConfig !== undefined && { abortConfig }),
        ...(jobExecutionsRolloutConfig !== undefined && { jobExecutionsRolloutConfig }),
        ...(timeoutConfig !== undefined && { timeoutConfig }),
      }),
    );
    return { ...deployment, jobId, jobArn: jobArn as string };
  }

  async #updateShadow(principal: Principal, { target }: DeploymentRecord, desired: object): Promise<void> {
    const { api } = this.#state.context;
    await api.call(principal, 'iot-data-plane', 'UpdateThingShadow', {
      thingName: target.name,
      shadowName: DEPLOYMENT_SHADOW,
      payload: Buffer.from(JSON.stringify({ state: { desired } })),
    });
  }

  /**
   * "Cancels the deployment for devices that haven't yet received it. If a device already received the deployment, this operation
   * doesn't change anything for that device" (API CancelDeployment).
   */
  async #cancel(principal: Principal, deployment: DeploymentRecord): Promise<void> {
    const { api, store } = this.#state.context;
    if (deployment.canceled === true) return;
    if ((await statusOf(this.#state, principal, deployment)) !== 'ACTIVE') return;
    const { id, jobId } = deployment;
    if (jobId !== undefined) await asGreengrass(api.call(principal, 'iot', 'CancelJob', { jobId }));
    const now = this.#state.deployments.get(id);
    if (now !== undefined) this.#state.deployments.put(id, { ...now, canceled: true });
    await store.durable();
  }
}

function hasEnded({ canceled, outcome }: DeploymentRecord): boolean {
  return canceled === true || (outcome !== undefined && outcome.status !== 'IN_PROGRESS');
}

/** Errors of AWS IoT's jobs as Greengrass answers them. */
async function asGreengrass<T>(call: Promise<T>): Promise<T> {
  try {
    return await call;
  } catch (error) {
    if (!(error instanceof AwsError)) throw error;
    if (error.code === 'InvalidRequestException' || error.code === 'LimitExceededException') {
      throw validation(error.message);
    }
    throw error;
  }
}
