import type { IotLogEntry, IotLogLevel } from '../../local-cloud/src/core/iot-logs.ts';
import {
  createRulesCloud,
  publish,
  QUEUE,
  ROLE,
  type RulesCloud,
} from '../../local-cloud/src/rules/testing/rules-cloud.ts';

// source: developer guide, cwl-format, "Rules engine log entries"

let cloud: RulesCloud;
let entries: IotLogEntry[];

function use(level: IotLogLevel): void {
  entries = [];
  cloud = createRulesCloud();
  cloud.ports.provide('iotLogs', {
    wants: (wanted) => wanted === 'ERROR' || level === 'INFO',
    write: (entry) => void entries.push(entry),
  });
}
afterEach(() => cloud.close());

const rule = (queueUrl: string) => ({ sql: "SELECT x FROM 'a/b'", actions: [{ sqs: { roleArn: ROLE, queueUrl } }] });

async function told(count: number): Promise<IotLogEntry[]> {
  const deadline = Date.now() + 10_000;
  while (entries.length < count && Date.now() < deadline) await new Promise((resolve) => setImmediate(resolve));
  return entries;
}

test('a message that reaches a rule is told as RuleMatch, its action as RuleExecution', async () => {
  use('INFO');
  await cloud.createRule('rule1', rule(QUEUE));
  await cloud.rules.accept(publish('a/b', { x: 1 }));
  const about = { logLevel: 'INFO', status: 'Success', topicName: 'a/b', ruleName: 'rule1' };
  expect(await told(2)).toMatchObject([
    { ...about, eventType: 'RuleMatch' },
    { ...about, eventType: 'RuleExecution', ruleAction: 'SqsAction' },
  ]);
});

test('Basic Ingest to a rule that is not there is told as RuleNotFound', async () => {
  use('ERROR');
  await cloud.rules.accept(publish('$aws/rules/none/x', {}));
  expect(await told(1)).toMatchObject([
    {
      logLevel: 'ERROR',
      status: 'Failure',
      eventType: 'RuleNotFound',
      topicName: '$aws/rules/none/x',
      ruleName: 'none',
      reason: 'RuleNotFound',
      details: 'Rule none not found',
    },
  ]);
});

// assumed: the guide shows no entry of an action that fails, and names no reason
test('an action that fails is told at level ERROR, with what the service said', async () => {
  use('ERROR');
  cloud.denied.add('sqs:SendMessage');
  await cloud.createRule('rule1', rule(QUEUE));
  await cloud.rules.accept(publish('a/b', { x: 1 }));
  expect(await told(1)).toMatchObject([
    {
      logLevel: 'ERROR',
      status: 'Failure',
      eventType: 'RuleExecution',
      ruleName: 'rule1',
      ruleAction: 'SqsAction',
      details: expect.stringContaining('sqs:SendMessage'),
    },
  ]);
});
