import {
  COMMAND_GRACE,
  type CommandRecord,
  type CommandRequest,
  commandTopic,
  type DeviceAddress,
  type IssueCommandResult,
  issueCommandSchema,
} from '@fleetwright/contracts';
import * as z from 'zod';
import { messageOf } from '../shared/errors.ts';
import type { TrackingPorts } from '../shared/tracked-state.ts';

export interface IssuePorts extends Pick<TrackingPorts<CommandRecord, never>, 'save' | 'arrange'> {
  now(): number;
  /** 32 hexadecimal digits from a source fit for secrets */
  random(): string;
  /** Attributes of a thing; undefined when there is none. */
  findThing(thingName: string): Promise<Readonly<Record<string, string>> | undefined>;
  /** @param expirySeconds after which the broker does not deliver it any more */
  publish(topic: string, payload: Uint8Array, expirySeconds: number): Promise<void>;
}

export interface IssueSettings {
  readonly topicRoot: string;
  readonly thingNamePrefix: string;
}

/**
 * Sends a command to a device. It is on record, and its deadline arranged, before the device can hear of it.
 * One that could not be sent is on record as failed.
 */
export async function issueCommand(
  input: unknown,
  { topicRoot, thingNamePrefix }: IssueSettings,
  ports: IssuePorts,
): Promise<IssueCommandResult> {
  const parsed = issueCommandSchema.safeParse(input);
  if (!parsed.success) return refusal('INVALID', z.prettifyError(parsed.error));
  const { thingName, name, parameters, deadlineSeconds } = parsed.data;
  if (!thingName.startsWith(thingNamePrefix)) {
    return refusal('UNKNOWN_THING', `things of this stage begin with ${thingNamePrefix}, got ${thingName}`);
  }
  const attributes = await ports.findThing(thingName);
  if (attributes === undefined) return refusal('UNKNOWN_THING', `there is no thing ${thingName}`);
  const { site, deviceType } = attributes;
  if (site === undefined || deviceType === undefined) {
    return refusal('NOT_A_DEVICE', `${thingName} has no site or device type`);
  }
  const address: DeviceAddress = { topicRoot, site, deviceType, thingName };

  const issuedAt = ports.now();
  const expiresAt = issuedAt + deadlineSeconds * 1_000;
  const own = {
    commandId: ports.random(),
    nonce: ports.random(),
    name,
    ...(parameters !== undefined && { parameters }),
    issuedAt,
    expiresAt,
  };
  const request: CommandRequest = { version: 1, thingName, ...own };
  const record: CommandRecord = { ...own, thingName, status: 'issued', changedAt: issuedAt };
  const key = `${thingName}/${own.commandId}`;
  const dueAt = expiresAt + COMMAND_GRACE;
  await ports.arrange(key, dueAt);
  if (!(await ports.save(key, 0, { state: record, outbox: [], dueAt, revision: 1 }))) {
    return refusal('NOT_SENT', 'its id is taken: send it again');
  }
  try {
    await ports.publish(commandTopic(address), new TextEncoder().encode(JSON.stringify(request)), deadlineSeconds);
  } catch (error) {
    const detail = `not sent: ${messageOf(error)}`;
    await ports.save(key, 1, { state: { ...record, status: 'failed', detail }, outbox: [], revision: 2 });
    return refusal('NOT_SENT', detail);
  }
  return { ok: true, commandId: own.commandId, issuedAt, expiresAt };
}

type Refusal = Extract<IssueCommandResult, { ok: false }>;

function refusal(reason: Refusal['reason'], message: string): Refusal {
  return { ok: false, reason, message };
}
