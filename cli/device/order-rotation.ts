import { randomBytes } from 'node:crypto';
import { CreateJobCommand, DescribeThingGroupCommand, type IoTClient } from '@aws-sdk/client-iot';
import { type JobDocument, jobDocumentSchema } from '@fleetwright/contracts';
import { Failure } from '../failure.ts';
import { ifThere } from '../operator/back-off.ts';
import type { Stage } from '../operator/stage.ts';
import { belongsTo } from '../operator/stage-stacks.ts';

export interface RotationOrder {
  /** ARN of a thing or of a static group. */
  readonly target: string;
  /** Beginning of the job's id. */
  readonly prefix: string;
  /** ms since the epoch */
  readonly now: number;
  /** After so many hours no device begins any more. */
  readonly expiresHours: number;
  /** Devices that are told in a minute. */
  readonly perMinute: number;
}

export interface OrderedRotation {
  readonly jobId: string;
  readonly expiresAt: number;
}

/** Minutes that a device has from beginning to confirmation; the platform itself waits an hour. */
const IN_PROGRESS_MINUTES = 120;
const HOUR = 3_600_000;

/** The document of a job that asks devices to change their certificates. */
export function rotationDocument(now: number, expiresHours: number, nonce: string): JobDocument {
  return jobDocumentSchema.parse({
    version: 1,
    operation: 'rotate-certificate',
    nonce,
    issuedAt: now,
    expiresAt: now + expiresHours * HOUR,
  });
}

/** Makes the job: each device of the target asks for a new certificate when it takes it. */
export async function orderRotation(iot: IoTClient, order: RotationOrder): Promise<OrderedRotation> {
  const nonce = randomBytes(16).toString('hex');
  const document = rotationDocument(order.now, order.expiresHours, nonce);
  const jobId = `${order.prefix}-rotate-${nonce.slice(0, 12)}`;
  await iot.send(
    new CreateJobCommand({
      jobId,
      targets: [order.target],
      targetSelection: 'SNAPSHOT',
      description: 'asks devices to change their certificates',
      document: JSON.stringify(document),
      jobExecutionsRolloutConfig: { maximumPerMinute: order.perMinute },
      timeoutConfig: { inProgressTimeoutInMinutes: IN_PROGRESS_MINUTES },
    }),
  );
  return { jobId, expiresAt: document.expiresAt };
}

/**
 * ARN of a static group of the stage.
 * @throws Failure for one that does not exist, is dynamic or is another's
 */
export async function findGroup(
  iot: IoTClient,
  stage: Stage,
  otherPrefixes: readonly string[],
  thingGroupName: string,
): Promise<string> {
  if (!belongsTo(stage.prefix, otherPrefixes, thingGroupName)) {
    throw new Failure(`the group ${thingGroupName} is not one of ${stage.prefix}: their names begin so`);
  }
  const group = await ifThere(() => iot.send(new DescribeThingGroupCommand({ thingGroupName })));
  if (group?.thingGroupArn === undefined) throw new Failure(`there is no group ${thingGroupName}`);
  return group.thingGroupArn;
}
