import { GetQueueAttributesCommand, type SQSClient } from '@aws-sdk/client-sqs';
import { Failure } from '../failure.ts';
import type { StageResource, StageStacks } from '../operator/stage-stacks.ts';
import type { LetterKind } from './read-letter.ts';

/** A queue where messages of the stage end that went nowhere else. */
export interface EndQueue {
  /** As people name it: `rejected`, `twin-history-failed`. */
  readonly name: string;
  readonly kind: LetterKind;
  readonly url: string;
  /** Where its letters came from, and may go back to. */
  readonly sourceUrl?: string;
  readonly messages: number;
  /** Taken by somebody and not yet deleted. */
  readonly held: number;
}

interface Queue {
  readonly url: string;
  readonly arn: string;
  readonly endArn: string | undefined;
  readonly logicalId: string;
  readonly stackName: string;
  readonly messages: number;
  readonly held: number;
}

/** Outputs that name an end: `TwinHistoryFailedQueueUrl`. Those of the telemetry stack have no word before. */
const OUTPUT = /^(\w*?)(Failed|Rejected|RuleError)QueueUrl$/;
const ENDINGS: Readonly<Record<string, string>> = {
  Failed: 'failed',
  Rejected: 'rejected',
  RuleError: 'rule-errors',
};
/** Logical ids of the CDK end in a hash; those of ends say what they are. */
const LOGICAL_ID = /^(\w*?(?:Failed|FailedRuns|Rejected|Errors))Queue[0-9A-F]{8}$/;

/**
 * Finds every end of the stage's stacks: queues that another one gives up to, and those whose output or logical id says
 * so. So a stack that is added later has its own here without being named.
 */
export async function findEndQueues(
  client: SQSClient,
  { outputs }: StageStacks,
  resources: readonly StageResource[],
): Promise<readonly EndQueue[]> {
  const queues = await Promise.all(
    resources.filter(({ type }) => type === 'AWS::SQS::Queue').map((resource) => describe(client, resource)),
  );
  const outputOf = new Map(Object.entries(outputs).map(([name, value]) => [value, name]));
  const sources = new Map(queues.flatMap((queue) => (queue.endArn === undefined ? [] : [[queue.endArn, queue.url]])));
  const ingestUrl = outputs.IngestQueueUrl;
  const ends = queues.flatMap((queue): EndQueue[] => {
    const output = OUTPUT.exec(outputOf.get(queue.url) ?? '');
    const isEnd = output !== null || sources.has(queue.arn) || LOGICAL_ID.test(queue.logicalId);
    if (!isEnd) return [];
    const name = output === null ? plainName(queue) : outputName(output);
    const kind = kindOf(name);
    const sourceUrl = kind === 'plain' ? sources.get(queue.arn) : ingestUrl;
    const { held, messages, url } = queue;
    return [{ name, kind, url, messages, held, ...(sourceUrl !== undefined && { sourceUrl }) }];
  });
  return ends.sort((left, right) => rank(left) - rank(right) || (left.name < right.name ? -1 : 1));
}

/** @throws Failure naming those that there are */
export function chooseEnd(ends: readonly EndQueue[], name: string): EndQueue {
  const found = ends.find((end) => end.name === name);
  if (found !== undefined) return found;
  throw new Failure(`there is no dead-letter queue ${name}; there are ${ends.map((end) => end.name).join(', ')}`);
}

async function describe(client: SQSClient, { logicalId, physicalId: url, stackName }: StageResource): Promise<Queue> {
  const { Attributes: attributes = {} } = await client.send(
    new GetQueueAttributesCommand({
      QueueUrl: url,
      AttributeNames: [
        'QueueArn',
        'RedrivePolicy',
        'ApproximateNumberOfMessages',
        'ApproximateNumberOfMessagesNotVisible',
      ],
    }),
  );
  const policy = JSON.parse(attributes.RedrivePolicy ?? '{}') as { deadLetterTargetArn?: string };
  return {
    url,
    arn: attributes.QueueArn ?? '',
    endArn: policy.deadLetterTargetArn,
    logicalId,
    stackName,
    messages: Number(attributes.ApproximateNumberOfMessages ?? 0),
    held: Number(attributes.ApproximateNumberOfMessagesNotVisible ?? 0),
  };
}

function outputName([, words = '', ending = '']: readonly string[]): string {
  return [kebab(words), ENDINGS[ending]].filter((part) => part !== '').join('-');
}

/** `security-quarantine-failed`, of the queue `QuarantineFailedQueue1A2B3C4D` of the security stack. */
function plainName({ logicalId, stackName }: Queue): string {
  const stack = stackName.slice(stackName.lastIndexOf('-') + 1);
  return `${stack}-${kebab(LOGICAL_ID.exec(logicalId)?.[1] ?? logicalId.replace(/(Queue)?[0-9A-F]{8}$/, ''))}`;
}

function kebab(words: string): string {
  return words.replace(/(?<=[a-z0-9])(?=[A-Z])/g, '-').toLowerCase();
}

function kindOf(name: string): LetterKind {
  return name === 'rejected' || name === 'failed' || name === 'rule-errors' ? name : 'plain';
}

/** The way of telemetry first. */
function rank({ kind }: EndQueue): number {
  return kind === 'plain' ? 1 : 0;
}
