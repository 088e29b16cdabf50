import {
  CancelJobCommand,
  ClearDefaultAuthorizerCommand,
  DeleteJobCommand,
  DeletePolicyVersionCommand,
  DeleteStreamCommand,
  DeprecateThingTypeCommand,
  UpdateAuthorizerCommand,
  UpdateProvisioningTemplateCommand,
} from '@aws-sdk/client-iot';
import { DeleteObjectsCommand, ListObjectVersionsCommand, type S3Client } from '@aws-sdk/client-s3';
import { messageOf } from '../failure.ts';
import { ifThere, isNamed, withBackOff } from '../operator/back-off.ts';
import { inParallel } from '../operator/in-parallel.ts';
import { type DeviceDeletion, deleteCertificate, deleteThing } from './delete-device.ts';
import type { Inventory } from './inventory.ts';
import type { Phase, Step } from './plan.ts';

export interface Executor extends DeviceDeletion {
  readonly s3: S3Client;
  readonly inventory: Inventory;
}

export interface Left {
  readonly kind: Step['kind'];
  readonly name: string;
  readonly reason: string;
}

export interface PurgeResult {
  readonly done: Partial<Record<Step['kind'], number>>;
  /** What could not be removed. A further purge takes it up again. */
  readonly left: readonly Left[];
}

/** Steps under way at once. AWS IoT allows ten certificate changes a second in an account, which the SDK keeps to. */
const WIDTH = 4;

/** Runs a plan phase by phase. A step that fails is told of and does not stop the others. */
export async function execute(
  phases: readonly Phase[],
  executor: Executor,
  onStep: (phase: Phase, done: number) => void,
): Promise<PurgeResult> {
  const done: Partial<Record<Step['kind'], number>> = {};
  const left: Left[] = [];
  for (const phase of phases) {
    let count = 0;
    await inParallel(phase.steps, WIDTH, async (step) => {
      const reason = await run(step, executor).catch((error: unknown) => messageOf(error));
      if (reason === undefined) done[step.kind] = (done[step.kind] ?? 0) + 1;
      else left.push({ kind: step.kind, name: step.name, reason });
      onStep(phase, ++count);
    });
  }
  return { done, left };
}

/** @returns why it stays; undefined when it is gone */
async function run(step: Step, executor: Executor): Promise<string | undefined> {
  const { iot } = executor;
  const { name } = step;
  switch (step.kind) {
    case 'close-provisioning':
      await ifThere(() => iot.send(new UpdateProvisioningTemplateCommand({ templateName: name, enabled: false })));
      return undefined;
    case 'deprecate-thing-type':
      await ifThere(() => iot.send(new DeprecateThingTypeCommand({ thingTypeName: name })));
      return undefined;
    case 'delete-job':
      await deleteJob(name, executor);
      return undefined;
    case 'delete-certificate':
      return deleteCertificate(name, executor);
    case 'delete-thing':
      return deleteThing(name, executor);
    case 'delete-policy-version':
      await ifThere(() =>
        iot.send(new DeletePolicyVersionCommand({ policyName: name, policyVersionId: step.version })),
      );
      return undefined;
    case 'delete-stream':
      await ifThere(() => iot.send(new DeleteStreamCommand({ streamId: name })));
      return undefined;
    case 'deactivate-authorizer':
      if (executor.inventory.authorizers.some((own) => own.name === name && own.isDefault)) {
        await ifThere(() => iot.send(new ClearDefaultAuthorizerCommand({})));
      }
      await ifThere(() => iot.send(new UpdateAuthorizerCommand({ authorizerName: name, status: 'INACTIVE' })));
      return undefined;
    case 'empty-bucket':
      await emptyBucket(executor.s3, name);
      return undefined;
  }
}

/** Ten jobs may be under deletion at once (IoT quotas, "Jobs"); the others wait. */
async function deleteJob(jobId: string, { iot }: Executor): Promise<void> {
  try {
    await ifThere(() => iot.send(new CancelJobCommand({ jobId, force: true, reasonCode: 'PURGE' })));
  } catch (error) {
    // It is finished, or was cancelled before.
    if (!isNamed(error, 'InvalidRequestException', 'InvalidStateTransitionException')) throw error;
  }
  await withBackOff(
    () => ifThere(() => iot.send(new DeleteJobCommand({ jobId, force: true }))),
    (error) => isNamed(error, 'LimitExceededException', 'InvalidStateTransitionException'),
  );
}

/** Pages of a bucket are asked for from its beginning again, because what a token points at is deleted. */
async function emptyBucket(s3: S3Client, bucket: string): Promise<void> {
  for (;;) {
    const page = await ifThere(() => s3.send(new ListObjectVersionsCommand({ Bucket: bucket })));
    const objects = [...(page?.Versions ?? []), ...(page?.DeleteMarkers ?? [])].map(({ Key, VersionId }) => ({
      Key,
      VersionId,
    }));
    if (objects.length === 0) return;
    const { Errors = [] } = await s3.send(
      new DeleteObjectsCommand({ Bucket: bucket, Delete: { Objects: objects, Quiet: true } }),
    );
    const [first] = Errors;
    if (first !== undefined) throw new Error(`${Errors.length} objects stay, such as ${first.Key}: ${first.Message}`);
  }
}
