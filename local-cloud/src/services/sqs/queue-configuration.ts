import { type Account, arn, parseArn } from '../../core/account.ts';
import { NotImplementedError } from '../../core/errors.ts';
import { invalidAttributeValue, invalidValue, unknownAttribute } from './errors.ts';
import { INTEGER_ATTRIBUTES, type IntegerAttribute, MAX_RECEIVE_COUNT, MAX_REDRIVE_SOURCES } from './limits.ts';

/** A queue as it is kept on disk. Durations are in seconds, times in ms since the epoch. */
export interface QueueConfiguration {
  readonly name: string;
  /** Tag of its messages in the log; never given out twice. */
  readonly number: number;
  /** Hexadecimal, random: part of its receipt handles. */
  readonly handleKey: string;
  readonly createdAt: number;
  readonly modifiedAt: number;
  readonly purgedAt?: number;
  readonly integers: Readonly<Record<IntegerAttribute, number>>;
  readonly sqsManagedSseEnabled: boolean;
  /** JSON, as it was given. */
  readonly policy?: string;
  readonly redrivePolicy?: RedrivePolicy;
  readonly redriveAllowPolicy?: RedriveAllowPolicy;
  readonly tags: Readonly<Record<string, string>>;
}

export interface RedrivePolicy {
  readonly deadLetterTargetArn: string;
  readonly maxReceiveCount: number;
}

export interface RedriveAllowPolicy {
  readonly redrivePermission: 'allowAll' | 'denyAll' | 'byQueue';
  readonly sourceQueueArns?: readonly string[];
}

export type AttributeMap = Readonly<Record<string, string | undefined>>;

export const queueArn = (account: Account, name: string): string => arn(account, 'sqs', name);

const FIFO_ATTRIBUTES = ['FifoQueue', 'ContentBasedDeduplication', 'DeduplicationScope', 'FifoThroughputLimit'];
const KMS_ATTRIBUTES = ['KmsMasterKeyId', 'KmsDataKeyReusePeriodSeconds'];

export function defaultIntegers(): Record<IntegerAttribute, number> {
  const defaults = {} as Record<IntegerAttribute, number>;
  for (const [name, [, , value]] of Object.entries(INTEGER_ATTRIBUTES)) defaults[name as IntegerAttribute] = value;
  return defaults;
}

type Attributes = Pick<
  QueueConfiguration,
  'integers' | 'sqsManagedSseEnabled' | 'policy' | 'redrivePolicy' | 'redriveAllowPolicy'
>;

/**
 * Applies attributes as CreateQueue and SetQueueAttributes name them; an empty text takes a policy away.
 * @throws AwsError `InvalidAttributeName`, `InvalidAttributeValue`, `InvalidParameterValueException`;
 * `NotImplemented` for FIFO queues and customer keys
 */
export function applyAttributes<C extends Attributes>(current: C, attributes: AttributeMap, account: Account): C {
  const next = { ...current, integers: { ...current.integers } };
  const change = next as { -readonly [K in keyof Attributes]: Attributes[K] };
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined) continue;
    if (Object.hasOwn(INTEGER_ATTRIBUTES, name)) {
      next.integers[name as IntegerAttribute] = integerAttribute(name as IntegerAttribute, value);
    } else if (name === 'Policy') {
      change.policy = value === '' ? undefined : policyText(value);
    } else if (name === 'RedrivePolicy') {
      change.redrivePolicy = value === '' ? undefined : parseRedrivePolicy(value, account);
    } else if (name === 'RedriveAllowPolicy') {
      change.redriveAllowPolicy = value === '' ? undefined : parseRedriveAllowPolicy(value);
    } else if (name === 'SqsManagedSseEnabled') {
      if (value !== 'true' && value !== 'false') throw invalidAttributeValue(name);
      change.sqsManagedSseEnabled = value === 'true';
    } else if (FIFO_ATTRIBUTES.includes(name)) {
      refuseFifo(name, value);
    } else if (KMS_ATTRIBUTES.includes(name)) {
      if (value !== '') throw new NotImplementedError(`SQS ${name} (encryption with KMS keys)`);
    } else throw unknownAttribute(name);
  }
  return next;
}

function refuseFifo(name: string, value: string): void {
  if (value === 'true' || name === 'DeduplicationScope' || name === 'FifoThroughputLimit') {
    throw new NotImplementedError('SQS FIFO queues');
  }
  // AWS refuses even `FifoQueue: false` on a standard queue.
  throw unknownAttribute(name);
}

function integerAttribute(name: IntegerAttribute, text: string): number {
  const [least, most] = INTEGER_ATTRIBUTES[name];
  const value = Number(text);
  if (!/^\d+$/.test(text) || value < least || value > most) throw invalidAttributeValue(name);
  return value;
}

function policyText(text: string): string {
  const policy = parseJson(text);
  if (policy === undefined || policy.Statement === undefined) throw invalidAttributeValue('Policy');
  return text;
}

function parseRedrivePolicy(text: string, account: Account): RedrivePolicy {
  const fail = (reason: string) => invalidValue(text, 'RedrivePolicy', reason);
  const policy = parseJson(text);
  if (policy === undefined) throw fail('Redrive policy is not a valid JSON map.');
  const { deadLetterTargetArn, maxReceiveCount, ...unknown } = policy;
  const [extra] = Object.keys(unknown);
  if (extra !== undefined) throw fail(`Unknown parameter ${extra}.`);
  const target = typeof deadLetterTargetArn === 'string' ? parseArn(deadLetterTargetArn) : undefined;
  if (target === undefined || target.service !== 'sqs') throw fail('Invalid value for deadLetterTargetArn.');
  if (target.region !== account.region || target.accountId !== account.accountId) {
    throw fail('Dead-letter target must be in the same account and region as the source.');
  }
  const count = Number(maxReceiveCount);
  if (!Number.isInteger(count) || count < 1 || count > MAX_RECEIVE_COUNT) {
    throw fail(
      `Invalid value for maxReceiveCount: ${String(maxReceiveCount)}, valid values are from 1 to 1000 both inclusive.`,
    );
  }
  return { deadLetterTargetArn: deadLetterTargetArn as string, maxReceiveCount: count };
}

function parseRedriveAllowPolicy(text: string): RedriveAllowPolicy {
  const fail = (reason: string) => invalidValue(text, 'RedriveAllowPolicy', reason);
  const policy = parseJson(text);
  if (policy === undefined) throw fail('Redrive allow policy is not a valid JSON map.');
  const { redrivePermission = 'allowAll', sourceQueueArns, ...unknown } = policy;
  const [extra] = Object.keys(unknown);
  if (extra !== undefined) throw fail(`Unknown parameter ${extra}.`);
  if (redrivePermission !== 'allowAll' && redrivePermission !== 'denyAll' && redrivePermission !== 'byQueue') {
    throw fail('Invalid value for redrivePermission.');
  }
  if (redrivePermission !== 'byQueue') {
    if (sourceQueueArns !== undefined) throw fail('sourceQueueArns may only be set when redrivePermission is byQueue.');
    return { redrivePermission };
  }
  if (!Array.isArray(sourceQueueArns) || sourceQueueArns.length === 0 || sourceQueueArns.length > MAX_REDRIVE_SOURCES) {
    throw fail('sourceQueueArns must hold 1 to 10 queue ARNs.');
  }
  return { redrivePermission, sourceQueueArns: sourceQueueArns.map(String) };
}

function parseJson(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}
