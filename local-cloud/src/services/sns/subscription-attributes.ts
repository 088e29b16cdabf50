import { type Account, parseArn } from '../../core/account.ts';
import { NotImplementedError } from '../../core/errors.ts';
import { readSubscriptionDelivery } from './delivery-policy.ts';
import { invalidParameter } from './errors.ts';
import { compileFilterPolicy, type FilterScope } from './filter-policy.ts';
import { PROTOCOLS, type Protocol, type SubscriptionAttribute, type SubscriptionRecord } from './records.ts';

type Attributes = SubscriptionRecord['attributes'];

const NAMES: readonly SubscriptionAttribute[] = [
  'DeliveryPolicy',
  'FilterPolicy',
  'FilterPolicyScope',
  'RawMessageDelivery',
  'RedrivePolicy',
  'SubscriptionRoleArn',
];

/** @throws AwsError `InvalidParameter`; `NotImplemented` for mobile push */
export function checkProtocol(protocol: string | undefined): Protocol {
  const known = PROTOCOLS.find((name) => name === protocol);
  if (known !== undefined) return known;
  if (protocol === 'application') throw new NotImplementedError('SNS subscriptions of mobile applications');
  throw invalidParameter(`Invalid protocol type: ${String(protocol)}`);
}

/** @throws AwsError `InvalidParameter` for an endpoint that does not fit its protocol (API reference, Subscribe) */
export function checkEndpoint(protocol: Protocol, endpoint: string | undefined): string {
  const target = parseArn(endpoint ?? '');
  switch (protocol) {
    case 'http':
    case 'https':
      if (endpoint === undefined || !endpoint.startsWith(`${protocol}://`) || !URL.canParse(endpoint)) {
        throw invalidParameter('Endpoint must match the specified protocol');
      }
      break;
    case 'email':
    case 'email-json':
      if (!/^[^@\s]+@[^@\s]+\.[^@\s]+$/.test(endpoint ?? '')) throw invalidParameter('Email address');
      break;
    case 'sms':
      if (!/^\+?[\d\s().-]{5,20}$/.test(endpoint ?? '')) throw invalidParameter('Invalid SMS endpoint: phone number');
      break;
    case 'sqs':
      if (target?.service !== 'sqs') throw invalidParameter('SQS endpoint ARN');
      if (target.resource.endsWith('.fifo')) throw new NotImplementedError('SNS subscriptions of FIFO queues');
      break;
    case 'lambda':
      if (target?.service !== 'lambda' || !target.resource.startsWith('function:')) {
        throw invalidParameter('Lambda endpoint ARN');
      }
      break;
    case 'firehose':
      if (target?.service !== 'firehose') throw invalidParameter('Firehose endpoint ARN');
      break;
  }
  return endpoint as string;
}

/**
 * Applies attributes as Subscribe and SetSubscriptionAttributes name them; an empty text takes one away.
 * @throws AwsError `InvalidParameter`
 */
export function applySubscriptionAttributes(
  current: Attributes,
  given: Readonly<Record<string, string | undefined>>,
  protocol: Protocol,
  account: Account,
): Attributes {
  const next: Partial<Record<SubscriptionAttribute, string>> = { ...current };
  for (const [name, value] of Object.entries(given)) {
    const known = NAMES.find((one) => one === name);
    if (known === undefined) {
      if (name === 'ReplayPolicy') throw new NotImplementedError('SNS ReplayPolicy');
      throw invalidParameter(`Attributes Reason: Unknown attribute: ${name}`);
    }
    if (value === undefined) continue;
    const cleared = value === '' || (value === '{}' && name === 'FilterPolicy');
    if (cleared) delete next[known];
    else next[known] = value;
  }
  checkAttributes(next, protocol, account);
  return next;
}

function checkAttributes(attributes: Attributes, protocol: Protocol, account: Account): void {
  const { FilterPolicy, RawMessageDelivery: raw, RedrivePolicy, DeliveryPolicy, SubscriptionRoleArn } = attributes;
  const scope = attributes.FilterPolicyScope ?? 'MessageAttributes';
  if (scope !== 'MessageAttributes' && scope !== 'MessageBody') {
    throw invalidParameter(`FilterPolicyScope: Invalid value [${scope}].`);
  }
  if (FilterPolicy !== undefined) compileFilterPolicy(FilterPolicy, scope satisfies FilterScope);
  if (raw !== undefined && raw !== 'true' && raw !== 'false') {
    throw invalidParameter(`Attributes Reason: RawMessageDelivery: Invalid value [${raw}]. Must be true or false.`);
  }
  if (raw === 'true' && !['sqs', 'http', 'https', 'firehose'].includes(protocol)) {
    throw invalidParameter(
      `Attributes Reason: RawMessageDelivery: Delivery protocol [${protocol}] does not support raw message delivery.`,
    );
  }
  if (RedrivePolicy !== undefined) deadLetterQueue(RedrivePolicy, account);
  if (DeliveryPolicy !== undefined) {
    if (protocol !== 'http' && protocol !== 'https') {
      throw invalidParameter('DeliveryPolicy: only HTTP and HTTPS subscriptions have one');
    }
    readSubscriptionDelivery(DeliveryPolicy, undefined);
  }
  if (protocol === 'firehose' && parseArn(SubscriptionRoleArn ?? '')?.service !== 'iam') {
    throw invalidParameter('SubscriptionRoleArn');
  }
  if (protocol !== 'firehose' && SubscriptionRoleArn !== undefined) {
    throw invalidParameter(`SubscriptionRoleArn: protocol ${protocol} has none`);
  }
}

/** ARN of the queue that takes what cannot be delivered. @throws AwsError `InvalidParameter`, "RedrivePolicy: …" */
export function deadLetterQueue(text: string, account: Account): string {
  let policy: unknown;
  try {
    policy = JSON.parse(text);
  } catch {
    throw invalidParameter('RedrivePolicy: failed to parse JSON');
  }
  const { deadLetterTargetArn, ...others } = (policy ?? {}) as Record<string, unknown>;
  const target = typeof deadLetterTargetArn === 'string' ? parseArn(deadLetterTargetArn) : undefined;
  if (target?.service !== 'sqs') throw invalidParameter('RedrivePolicy: deadLetterTargetArn is an invalid arn');
  if (target.region !== account.region || target.accountId !== account.accountId) {
    throw invalidParameter('RedrivePolicy: deadLetterTargetArn must be in the account and region of the subscription');
  }
  const [unknown] = Object.keys(others);
  if (unknown !== undefined) throw invalidParameter(`RedrivePolicy: unexpected member ${unknown}`);
  return deadLetterTargetArn as string;
}
