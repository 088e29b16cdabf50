import { NotImplementedError } from '../../core/errors.ts';
import { invalidParameter } from './errors.ts';
import { isObject } from './filter-policy.ts';
import { MAX_DELAY_TARGET, MAX_RETRIES, MAX_TOTAL_RETRY_TIME } from './limits.ts';

/** Retries of an HTTP endpoint, in seconds (developer guide, "Creating an HTTP/S delivery policy"). */
export interface HealthyRetryPolicy {
  readonly minDelayTarget: number;
  readonly maxDelayTarget: number;
  readonly numRetries: number;
  readonly numMaxDelayRetries: number;
  readonly numNoDelayRetries: number;
  readonly numMinDelayRetries: number;
  readonly backoffFunction: 'arithmetic' | 'exponential' | 'geometric' | 'linear';
}

export interface HttpDelivery {
  readonly healthyRetryPolicy: HealthyRetryPolicy;
  readonly headerContentType: string;
}

const DEFAULT_RETRIES: HealthyRetryPolicy = {
  minDelayTarget: 20,
  maxDelayTarget: 20,
  numRetries: 3,
  numMaxDelayRetries: 0,
  numNoDelayRetries: 0,
  numMinDelayRetries: 0,
  backoffFunction: 'linear',
};
const DEFAULT_CONTENT_TYPE = 'text/plain; charset=UTF-8';
const BACKOFF_FUNCTIONS = ['arithmetic', 'exponential', 'geometric', 'linear'];

/** Of a topic: `{"http": {"defaultHealthyRetryPolicy", "disableSubscriptionOverrides", "defaultRequestPolicy"}}`. */
export function readTopicDelivery(text: string | undefined): HttpDelivery & { readonly overridable: boolean } {
  const policy = text === undefined || text === '' ? {} : parse(text);
  refuseOthers(policy, ['http']);
  const http = section(policy, 'http');
  refuseOthers(http, ['defaultHealthyRetryPolicy', 'disableSubscriptionOverrides', 'defaultRequestPolicy']);
  return {
    healthyRetryPolicy: retries(http.defaultHealthyRetryPolicy, DEFAULT_RETRIES),
    headerContentType: contentType(section(http, 'defaultRequestPolicy'), DEFAULT_CONTENT_TYPE),
    overridable: http.disableSubscriptionOverrides !== true,
  };
}

/** Of a subscription, on top of its topic's: `{"healthyRetryPolicy", "requestPolicy"}`. */
export function readSubscriptionDelivery(text: string | undefined, topic: string | undefined): HttpDelivery {
  const inherited = readTopicDelivery(topic);
  if (text === undefined || text === '' || !inherited.overridable) return inherited;
  const policy = parse(text);
  refuseOthers(policy, ['healthyRetryPolicy', 'requestPolicy']);
  return {
    healthyRetryPolicy: retries(policy.healthyRetryPolicy, inherited.healthyRetryPolicy),
    headerContentType: contentType(section(policy, 'requestPolicy'), inherited.headerContentType),
  };
}

export function effectiveTopicDelivery(text: string | undefined): string {
  const { healthyRetryPolicy, headerContentType, overridable } = readTopicDelivery(text);
  return JSON.stringify({
    http: {
      defaultHealthyRetryPolicy: healthyRetryPolicy,
      disableSubscriptionOverrides: !overridable,
      defaultRequestPolicy: { headerContentType },
    },
  });
}

export function effectiveSubscriptionDelivery(text: string | undefined, topic: string | undefined): string {
  const { healthyRetryPolicy, headerContentType } = readSubscriptionDelivery(text, topic);
  return JSON.stringify({ healthyRetryPolicy, requestPolicy: { headerContentType } });
}

/** Delays before each retry of an HTTP endpoint, in ms: without delay, at the least, growing, at the most. */
export function httpDelays(policy: HealthyRetryPolicy): number[] {
  const { minDelayTarget: least, maxDelayTarget: most, numRetries } = policy;
  const growing = numRetries - policy.numNoDelayRetries - policy.numMinDelayRetries - policy.numMaxDelayRetries;
  return [
    ...new Array<number>(policy.numNoDelayRetries).fill(0),
    ...new Array<number>(policy.numMinDelayRetries).fill(least * 1000),
    ...backoff(policy.backoffFunction, growing, least, most),
    ...new Array<number>(policy.numMaxDelayRetries).fill(most * 1000),
  ];
}

/**
 * Retries of AWS's own endpoints: 3 without delay, 2 after 1 s, 10 growing exponentially from 1 s to 20 s, then 100,000
 * at 20 s (developer guide, "Amazon SNS message delivery retries"). Undefined when they are exhausted.
 */
export function managedDelay(retry: number): number | undefined {
  if (retry < 3) return 0;
  if (retry < 5) return 1000;
  if (retry < 15) return Math.round(1000 * 20 ** ((retry - 5) / 9));
  return retry < 100_015 ? 20_000 : undefined;
}

/** From `least` to `most` seconds in `count` steps; the guide draws the four curves without giving their formulas. */
function backoff(kind: HealthyRetryPolicy['backoffFunction'], count: number, least: number, most: number): number[] {
  return Array.from({ length: Math.max(0, count) }, (_, index) => {
    const share = count === 1 ? 0 : index / (count - 1);
    const delay =
      kind === 'linear'
        ? least + (most - least) * share
        : kind === 'arithmetic'
          ? least + (most - least) * share ** 2
          : least * (most / least) ** (kind === 'geometric' ? share : share ** 2);
    return Math.round(delay * 1000);
  });
}

function retries(value: unknown, inherited: HealthyRetryPolicy): HealthyRetryPolicy {
  if (value === undefined || value === null) return inherited;
  if (!isObject(value)) throw refused('healthyRetryPolicy must be an object');
  refuseOthers(value, Object.keys(DEFAULT_RETRIES));
  const policy = { ...inherited, ...withoutNulls(value) } as HealthyRetryPolicy;
  for (const [name, number] of Object.entries(policy)) {
    if (name !== 'backoffFunction' && (!Number.isInteger(number) || (number as number) < 0)) {
      throw refused(`${name} must be a non-negative integer`);
    }
  }
  if (!BACKOFF_FUNCTIONS.includes(policy.backoffFunction)) {
    throw refused(`backoffFunction must be one of ${BACKOFF_FUNCTIONS.join(', ')}`);
  }
  const { minDelayTarget: least, maxDelayTarget: most, numRetries } = policy;
  if (least < 1 || least > most) throw refused('minDelayTarget must be at least 1 and at most maxDelayTarget');
  if (most > MAX_DELAY_TARGET) throw refused(`maxDelayTarget must be at most ${MAX_DELAY_TARGET}`);
  if (numRetries > MAX_RETRIES) throw refused(`numRetries must be at most ${MAX_RETRIES}`);
  if (policy.numNoDelayRetries + policy.numMinDelayRetries + policy.numMaxDelayRetries > numRetries) {
    throw refused('numRetries must be at least the sum of the retries of its phases');
  }
  if (httpDelays(policy).reduce((sum, delay) => sum + delay, 0) > MAX_TOTAL_RETRY_TIME * 1000) {
    throw refused(`the total retry time must be at most ${MAX_TOTAL_RETRY_TIME} seconds`);
  }
  return policy;
}

function contentType(policy: Record<string, unknown>, inherited: string): string {
  refuseOthers(policy, ['headerContentType']);
  const value = policy.headerContentType ?? inherited;
  if (typeof value !== 'string' || !/^[\w.+-]+\/[\w.+-]+(;\s*[\w-]+=[\w.-]+)*$/.test(value)) {
    throw refused('headerContentType is not a media type');
  }
  return value;
}

function section(policy: Record<string, unknown>, name: string): Record<string, unknown> {
  const value = policy[name] ?? {};
  if (!isObject(value)) throw refused(`${name} must be an object`);
  return value;
}

function parse(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    if (isObject(value)) return value;
  } catch {
    // Refused below.
  }
  throw refused('failed to parse JSON');
}

function refuseOthers(policy: Record<string, unknown>, known: readonly string[]): void {
  for (const [name, value] of Object.entries(policy)) {
    if (known.includes(name) || value === null) continue;
    if (/throttlePolicy$/i.test(name)) throw new NotImplementedError(`SNS DeliveryPolicy ${name}`);
    throw refused(`Unexpected JSON member: ${name}`);
  }
}

function withoutNulls(value: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(value).filter(([, content]) => content !== null));
}

function refused(reason: string) {
  return invalidParameter(`DeliveryPolicy: ${reason}`);
}
