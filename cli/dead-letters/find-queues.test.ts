import type { SQSClient } from '@aws-sdk/client-sqs';
import type { StageResource, StageStacks } from '../operator/stage-stacks.ts';
import { chooseEnd, findEndQueues } from './find-queues.ts';

const PREFIX = 'fleetwright-dev';
const url = (name: string) => `https://sqs/${name}`;
const arn = (name: string) => `arn:aws:sqs:eu-west-1:123456789012:${name}`;

/** Queues by name: their stack, logical id, and the queue that they give up to. */
const QUEUES: Readonly<Record<string, { stack: string; logicalId: string; end?: string }>> = {
  ingest: { stack: 'telemetry', logicalId: 'IngestQueue95F6DB49', end: 'failed' },
  failed: { stack: 'telemetry', logicalId: 'IngestFailedQueue213D998F' },
  rejected: { stack: 'telemetry', logicalId: 'IngestRejectedQueue92818A37' },
  twins: { stack: 'twin', logicalId: 'HistoryRecorderQueue01234567', end: 'twins-failed' },
  'twins-failed': { stack: 'twin', logicalId: 'HistoryRecorderFailedQueue01234567' },
  'rule-errors': { stack: 'twin', logicalId: 'RuleErrorsQueue01234567' },
  jobs: { stack: 'observability', logicalId: 'JobFailuresErrorsQueue42E8D398' },
  held: { stack: 'security', logicalId: 'HeldOddlyNamed', end: undefined as never },
  source: { stack: 'security', logicalId: 'QuarantineQueue7DCA55F2', end: 'held' },
};

const client = {
  async send({ input }: { input: { QueueUrl: string } }) {
    const name = input.QueueUrl.slice(url('').length);
    const end = QUEUES[name]?.end;
    return {
      Attributes: {
        QueueArn: arn(name),
        ApproximateNumberOfMessages: '2',
        ApproximateNumberOfMessagesNotVisible: '1',
        ...(end !== undefined && { RedrivePolicy: JSON.stringify({ deadLetterTargetArn: arn(end) }) }),
      },
    };
  },
} as unknown as SQSClient;

const stacks: StageStacks = {
  stacks: [],
  otherPrefixes: [],
  outputs: {
    IngestQueueUrl: url('ingest'),
    FailedQueueUrl: url('failed'),
    RejectedQueueUrl: url('rejected'),
    TwinHistoryFailedQueueUrl: url('twins-failed'),
    TwinRuleErrorQueueUrl: url('rule-errors'),
  },
};
const resources: StageResource[] = Object.entries(QUEUES).map(([name, { logicalId, stack }]) => ({
  stackName: `${PREFIX}-${stack}`,
  logicalId,
  physicalId: url(name),
  type: 'AWS::SQS::Queue',
  status: 'CREATE_COMPLETE',
}));

test('every end of every stack is found, with the queue that its letters came from', async () => {
  const ends = await findEndQueues(client, stacks, resources);
  expect(ends.map(({ kind, name, sourceUrl }) => [name, kind, sourceUrl])).toEqual([
    ['failed', 'failed', url('ingest')],
    ['rejected', 'rejected', url('ingest')],
    ['observability-job-failures-errors', 'plain', undefined],
    ['security-held-oddly-named', 'plain', url('source')],
    ['twin-history-failed', 'plain', url('twins')],
    ['twin-rule-errors', 'plain', undefined],
  ]);
  expect(ends[0]).toMatchObject({ messages: 2, held: 1 });
});

test('a name that is none is refused with those that there are', async () => {
  const ends = await findEndQueues(client, stacks, resources);
  expect(chooseEnd(ends, 'twin-history-failed').url).toBe(url('twins-failed'));
  expect(() => chooseEnd(ends, 'drift')).toThrow('there is no dead-letter queue drift; there are failed, rejected, ');
});
