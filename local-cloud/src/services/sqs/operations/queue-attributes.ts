import type {
  GetQueueAttributesRequest,
  GetQueueAttributesResult,
  SetQueueAttributesRequest,
} from '@aws-sdk/client-sqs';
import type { Operation } from '../../../core/api.ts';
import { missingParameter, unknownAttribute } from '../errors.ts';
import type { Queue } from '../queue.ts';
import type { QueueDirectory } from '../queue-directory.ts';

export function getQueueAttributes(
  queues: QueueDirectory,
): Operation<GetQueueAttributesRequest, GetQueueAttributesResult> {
  return {
    name: 'GetQueueAttributes',
    authorize: (input) => queues.byUrl(input.QueueUrl).permissions('sqs:GetQueueAttributes'),
    handle(input) {
      const names = input.AttributeNames ?? [];
      if (names.length === 0) return {};
      const all = attributesOf(queues.byUrl(input.QueueUrl));
      if (names.includes('All')) return { Attributes: Object.fromEntries(all) };
      const known = new Map(all);
      const Attributes: Record<string, string> = {};
      for (const name of names) {
        const value = known.get(name);
        if (value !== undefined) Attributes[name] = value;
        else if (!OPTIONAL.includes(name)) throw unknownAttribute(name);
      }
      return { Attributes };
    },
  };
}

export function setQueueAttributes(queues: QueueDirectory): Operation<SetQueueAttributesRequest, object> {
  return {
    name: 'SetQueueAttributes',
    authorize: (input) => queues.byUrl(input.QueueUrl).permissions('sqs:SetQueueAttributes'),
    async handle(input) {
      if (input.Attributes === undefined) throw missingParameter('Attributes');
      await queues.configure(queues.byUrl(input.QueueUrl), input.Attributes);
      return {};
    },
  };
}

/** Attributes that a queue may lack without the name being wrong. */
const OPTIONAL = [
  'Policy',
  'RedrivePolicy',
  'RedriveAllowPolicy',
  'KmsMasterKeyId',
  'KmsDataKeyReusePeriodSeconds',
  'FifoQueue',
  'ContentBasedDeduplication',
  'DeduplicationScope',
  'FifoThroughputLimit',
];

function attributesOf(queue: Queue): [string, string][] {
  const { configuration, counts, arn } = queue;
  const seconds = (milliseconds: number): string => String(Math.floor(milliseconds / 1000));
  const attributes: [string, string][] = [
    ['QueueArn', arn],
    ['ApproximateNumberOfMessages', String(counts.visible)],
    ['ApproximateNumberOfMessagesNotVisible', String(counts.inFlight)],
    ['ApproximateNumberOfMessagesDelayed', String(counts.delayed)],
    ['CreatedTimestamp', seconds(configuration.createdAt)],
    ['LastModifiedTimestamp', seconds(configuration.modifiedAt)],
    ['SqsManagedSseEnabled', String(configuration.sqsManagedSseEnabled)],
  ];
  for (const [name, value] of Object.entries(configuration.integers)) attributes.push([name, String(value)]);
  const { policy, redrivePolicy, redriveAllowPolicy } = configuration;
  if (policy !== undefined) attributes.push(['Policy', policy]);
  if (redrivePolicy !== undefined) attributes.push(['RedrivePolicy', JSON.stringify(redrivePolicy)]);
  if (redriveAllowPolicy !== undefined) attributes.push(['RedriveAllowPolicy', JSON.stringify(redriveAllowPolicy)]);
  return attributes;
}
