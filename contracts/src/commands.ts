import * as z from 'zod';
import type { DeviceAddress } from './topics.ts';

/** Last levels of the topics of commands: to the device, and its answers. */
export const COMMAND_LEVEL = 'command';
export const OUTCOME_LEVEL = 'outcome';

export function commandTopic(address: DeviceAddress): string {
  return topic(address, COMMAND_LEVEL);
}

export function outcomeTopic(address: DeviceAddress): string {
  return topic(address, OUTCOME_LEVEL);
}

function topic({ topicRoot, site, deviceType, thingName }: DeviceAddress, level: string): string {
  return [topicRoot, site, deviceType, thingName, level].join('/');
}

const commandId = z.string().regex(/^[0-9a-f]{32}$/, 'must be 32 hexadecimal digits');
const nonce = z.string().regex(/^[0-9a-f]{32}$/, 'must be 32 hexadecimal digits');
const commandName = z
  .string()
  .regex(/^[a-z][a-z0-9-]{0,63}$/, 'must be 1 to 64 lower-case letters, digits or hyphens, beginning with a letter');

/** Bounds of a deadline, in seconds. The broker keeps a message for at most a week (Publish, `messageExpiry`). */
export const MIN_DEADLINE_SECONDS = 1;
export const MAX_DEADLINE_SECONDS = 604_800;

/**
 * ms after the deadline at which a command without a final outcome counts as expired: what a device said in time needs
 * its time through network and queue.
 */
export const COMMAND_GRACE = 5_000;

/** Bytes of the parameters as JSON. */
export const MAX_PARAMETER_BYTES = 65_536;

/**
 * What a device receives on its command topic.
 *
 * A device carries a command out at most once: it remembers the ids that it has taken until they expire. It answers with
 * the nonce, which only it was told, and does nothing once `expiresAt` has passed by its clock.
 */
export const commandRequestSchema = z.object({
  version: z.literal(1),
  commandId,
  nonce,
  /** Whom it is for: a device refuses what was said to another, whatever topic it comes on. Missing from older platforms. */
  thingName: z.string().min(1).optional(),
  name: commandName,
  parameters: z.json().optional(),
  /** ms since the epoch */
  issuedAt: z.int().nonnegative(),
  /** ms since the epoch; after it the command must not be begun */
  expiresAt: z.int().nonnegative(),
});

export type CommandRequest = z.infer<typeof commandRequestSchema>;

/** What a device publishes on its outcome topic: `accepted` when it begins, then `done` or `failed`. */
export const commandOutcomeSchema = z.object({
  version: z.literal(1),
  commandId,
  nonce,
  status: z.enum(['accepted', 'done', 'failed']),
  /** A result, or why it failed. */
  detail: z.string().max(2_048).optional(),
});

export type CommandOutcome = z.infer<typeof commandOutcomeSchema>;

export const COMMAND_STATUSES = ['issued', 'accepted', 'done', 'failed', 'expired'] as const;
export type CommandStatus = (typeof COMMAND_STATUSES)[number];

/** Statuses that nothing changes any more. */
export const FINAL_STATUSES: ReadonlySet<CommandStatus> = new Set(['done', 'failed', 'expired']);

/** A command as the platform keeps it: attribute `record` of its item in the command table, as JSON. */
export const commandRecordSchema = z.object({
  commandId,
  thingName: z.string().min(1),
  name: commandName,
  parameters: z.json().optional(),
  nonce,
  issuedAt: z.int().nonnegative(),
  expiresAt: z.int().nonnegative(),
  status: z.enum(COMMAND_STATUSES),
  /** ms since the epoch of the last change of status */
  changedAt: z.int().nonnegative(),
  detail: z.string().optional(),
  /** What the device said after the command had expired. */
  late: z
    .object({ status: z.enum(['accepted', 'done', 'failed']), at: z.int(), detail: z.string().optional() })
    .optional(),
});

export type CommandRecord = z.infer<typeof commandRecordSchema>;

/** What the issuing function is invoked with. */
export const issueCommandSchema = z.strictObject({
  thingName: z.string().min(1).max(128),
  name: commandName,
  parameters: z
    .json()
    .optional()
    .refine(
      (value) => value === undefined || new TextEncoder().encode(JSON.stringify(value)).length <= MAX_PARAMETER_BYTES,
      `must be at most ${MAX_PARAMETER_BYTES} bytes as JSON`,
    ),
  deadlineSeconds: z.int().min(MIN_DEADLINE_SECONDS).max(MAX_DEADLINE_SECONDS),
});

export type IssueCommand = z.infer<typeof issueCommandSchema>;

/** What it answers. */
export type IssueCommandResult =
  | { readonly ok: true; readonly commandId: string; readonly issuedAt: number; readonly expiresAt: number }
  | {
      readonly ok: false;
      readonly reason: 'INVALID' | 'UNKNOWN_THING' | 'NOT_A_DEVICE' | 'NOT_SENT';
      readonly message: string;
    };
