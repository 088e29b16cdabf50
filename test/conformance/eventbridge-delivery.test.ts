import {
  CreateEventBusCommand,
  DeleteRuleCommand,
  EventBridgeClient,
  ListRulesCommand,
  ListTargetsByRuleCommand,
  PutEventsCommand,
  PutRuleCommand,
  PutTargetsCommand,
  RemoveTargetsCommand,
} from '@aws-sdk/client-eventbridge';
import type { Message, ReceiveMessageResult } from '@aws-sdk/client-sqs';
import { CreateQueueCommand, ReceiveMessageCommand, SetQueueAttributesCommand, SQSClient } from '@aws-sdk/client-sqs';
import { ManualClock } from '../../local-cloud/src/core/clock.ts';
import { createEventbridgePlugin } from '../../local-cloud/src/services/eventbridge/plugin.ts';
import { createSqsPlugin } from '../../local-cloud/src/services/sqs/plugin.ts';
import { ADMINISTRATOR, createTestCloud, testScope } from '../../local-cloud/src/testing/context.ts';
import { startHttpsCloud } from '../../local-cloud/src/testing/https.ts';
import { eventually } from '../support/eventually.ts';

const ARN = 'arn:aws:sqs:us-east-1:123456789012:';

async function open(directory?: string, clock = new ManualClock()) {
  const cloud = createTestCloud<ManualClock>(directory === undefined ? { clock } : { clock, directory });
  cloud.ports.provide('endpoints', {
    apiUrl: 'https://localhost:4566',
    mqttHost: 'localhost',
    mqttPort: 0,
    caFile: '',
  });
  const sqs = cloud.use(createSqsPlugin);
  const bridge = cloud.use(createEventbridgePlugin);
  await sqs.start?.();
  await bridge.start?.();
  const call = <O>(service: 'sqs' | 'eventbridge', operation: string, input: object) =>
    cloud.api.call<O>(ADMINISTRATOR, service, operation, input);
  /** Messages of a queue, once there are as many as asked for. */
  const bodies = async (queue: string, count = 1) => {
    const QueueUrl = `https://sqs.us-east-1.amazonaws.com/123456789012/${queue}`;
    const input = { QueueUrl, MaxNumberOfMessages: 10, MessageAttributeNames: ['All'] };
    const found: Message[] = [];
    const receive = async () => {
      found.push(...((await call<ReceiveMessageResult>('sqs', 'ReceiveMessage', input)).Messages ?? []));
      return found.length >= count;
    };
    await eventually(`messages of ${queue}`, receive, 10_000, 10);
    // What comes too much would come by now.
    await new Promise((resolve) => setTimeout(resolve, 30));
    await receive();
    return found;
  };
  return { cloud, bridge, call, bodies };
}

// source: EventBridge user guide, "Scheduled events" (detail-type Scheduled Event, source aws.events) and rate expressions
test('a rule with a rate brings a scheduled event to its target each time, until it is disabled', async () => {
  const { bodies, call, cloud } = await open();
  await call('sqs', 'CreateQueue', { QueueName: 'ticks' });
  await call('eventbridge', 'PutRule', { Name: 'every-five', ScheduleExpression: 'rate(5 minutes)' });
  await call('eventbridge', 'PutTargets', { Rule: 'every-five', Targets: [{ Id: 'q', Arn: `${ARN}ticks` }] });
  await cloud.clock.advance(299_000);
  expect(await bodies('ticks', 0)).toEqual([]);
  await cloud.clock.advance(1000);
  const [message] = await bodies('ticks');
  expect(JSON.parse(message?.Body as string)).toEqual({
    version: '0',
    id: expect.stringMatching(/^[0-9a-f-]{36}$/),
    'detail-type': 'Scheduled Event',
    source: 'aws.events',
    account: '123456789012',
    time: '2026-01-01T00:05:00Z',
    region: 'us-east-1',
    resources: ['arn:aws:events:us-east-1:123456789012:rule/every-five'],
    detail: {},
  });
  await call('eventbridge', 'DisableRule', { Name: 'every-five' });
  await cloud.clock.advance(600_000);
  // The first message comes again, for it was not deleted; no later one has come.
  expect((await bodies('ticks')).map(({ Body }) => JSON.parse(Body as string).time)).toEqual(['2026-01-01T00:05:00Z']);
  await cloud.close();
});

// source: EventBridge user guide, "Amazon EventBridge input transformation" and API reference, Target (Input, InputPath)
test('targets are given the event, a part of it, a constant or a text made of its parts', async () => {
  const { bodies, call, cloud } = await open();
  const inputs = {
    whole: {},
    path: { InputPath: '$.detail' },
    constant: { Input: '{"a":1}' },
    made: {
      InputTransformer: {
        InputPathsMap: { site: '$.detail.site', list: '$.detail.list' },
        InputTemplate: '{"text": "at <site>: <list>", "list": <list>, "rule": "<aws.events.rule-name>"}',
      },
    },
  };
  await call('eventbridge', 'PutRule', { Name: 'alerts', EventPattern: '{"source":["app"]}' });
  const Targets = Object.entries(inputs).map(([Id, input]) => ({ Id, Arn: `${ARN}${Id}`, ...input }));
  for (const { Id } of Targets) await call('sqs', 'CreateQueue', { QueueName: Id });
  await call('eventbridge', 'PutTargets', { Rule: 'alerts', Targets });
  const Entries = [
    { Source: 'app', DetailType: 'Alert', Detail: '{"site":"n\\"1","list":[1]}' },
    { Source: 'other', DetailType: 'Alert', Detail: '{}' },
    { Source: 'aws.s3', DetailType: 'x', Detail: '{}' },
    { Source: 'app', DetailType: 'x', Detail: '[' },
  ];
  expect(await call('eventbridge', 'PutEvents', { Entries })).toMatchObject({
    FailedEntryCount: 2,
    Entries: [{}, {}, { ErrorCode: 'NotAuthorizedForSourceException' }, { ErrorCode: 'MalformedDetail' }],
  });
  const read = async (queue: string) => (await bodies(queue)).map(({ Body }) => JSON.parse(Body as string));
  expect(await read('whole')).toMatchObject([{ source: 'app', 'detail-type': 'Alert', detail: { site: 'n"1' } }]);
  expect(await read('path')).toEqual([{ site: 'n"1', list: [1] }]);
  expect(await read('constant')).toEqual([{ a: 1 }]);
  expect(await read('made')).toEqual([{ text: 'at n"1: [1]', list: [1], rule: 'alerts' }]);
  await cloud.close();
});

// source: EventBridge user guide, "Using dead-letter queues to process undelivered events in EventBridge"
test('an event that no attempt can deliver becomes a dead letter that says why', async () => {
  const { bodies, call, cloud } = await open();
  await call('sqs', 'CreateQueue', { QueueName: 'dead' });
  await call('eventbridge', 'PutRule', { Name: 'r', EventPattern: '{"source":["app"]}' });
  const Targets = [{ Id: 't', Arn: `${ARN}missing`, DeadLetterConfig: { Arn: `${ARN}dead` } }];
  await call('eventbridge', 'PutTargets', { Rule: 'r', Targets });
  await call('eventbridge', 'PutEvents', { Entries: [{ Source: 'app', DetailType: 'x', Detail: '{"n":1}' }] });
  const [letter] = await bodies('dead');
  expect(JSON.parse(letter?.Body as string)).toMatchObject({ detail: { n: 1 } });
  expect(letter?.MessageAttributes).toMatchObject({
    RULE_ARN: { StringValue: 'arn:aws:events:us-east-1:123456789012:rule/r' },
    TARGET_ARN: { StringValue: `${ARN}missing` },
    EXHAUSTED_RETRY_CONDITION: { StringValue: 'NonRetryable' },
  });
  await cloud.close();
});

// source: EventBridge user guide, "Using resource-based policies for Amazon EventBridge" (Amazon SQS permissions)
test('a queue gets events only when its policy allows the rule', async () => {
  const https = await startHttpsCloud({ plugins: [createSqsPlugin, createEventbridgePlugin] });
  const apiUrl = `https://localhost:${https.port}`;
  https.cloud.ports.provide('endpoints', { apiUrl, mqttHost: 'localhost', mqttPort: 0, caFile: '' });
  const events = new EventBridgeClient(https.client());
  const sqs = new SQSClient(https.client());
  const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName: 'q' }));
  await events.send(new CreateEventBusCommand({ Name: 'fleet' }));
  const { RuleArn } = await events.send(
    new PutRuleCommand({ Name: 'r', EventBusName: 'fleet', EventPattern: '{"source":["app"]}' }),
  );
  expect(RuleArn).toBe('arn:aws:events:us-east-1:123456789012:rule/fleet/r');
  await events.send(
    new PutTargetsCommand({ Rule: 'r', EventBusName: 'fleet', Targets: [{ Id: 't', Arn: `${ARN}q` }] }),
  );
  const send = (n: number) =>
    events.send(
      new PutEventsCommand({
        Entries: [{ Source: 'app', DetailType: 'x', Detail: JSON.stringify({ n }), EventBusName: 'fleet' }],
      }),
    );
  await send(1);
  const statement = {
    Effect: 'Allow',
    Principal: { Service: 'events.amazonaws.com' },
    Action: 'sqs:SendMessage',
    Resource: `${ARN}q`,
    Condition: { ArnEquals: { 'aws:SourceArn': RuleArn } },
  };
  const Policy = JSON.stringify({ Version: '2012-10-17', Statement: [statement] });
  await sqs.send(new SetQueueAttributesCommand({ QueueUrl, Attributes: { Policy } }));
  await send(2);
  const { Messages } = await sqs.send(
    new ReceiveMessageCommand({ QueueUrl, WaitTimeSeconds: 5, MaxNumberOfMessages: 10 }),
  );
  expect(Messages?.map(({ Body }) => JSON.parse(Body as string).detail)).toEqual([{ n: 2 }]);
  await expect(events.send(new DeleteRuleCommand({ Name: 'r', EventBusName: 'fleet' }))).rejects.toMatchObject({
    name: 'ValidationException',
  });
  const { Targets } = await events.send(new ListTargetsByRuleCommand({ Rule: 'r', EventBusName: 'fleet' }));
  expect(Targets).toEqual([{ Id: 't', Arn: `${ARN}q` }]);
  await events.send(new RemoveTargetsCommand({ Rule: 'r', EventBusName: 'fleet', Ids: ['t'] }));
  await events.send(new DeleteRuleCommand({ Name: 'r', EventBusName: 'fleet' }));
  expect((await events.send(new ListRulesCommand({ EventBusName: 'fleet' }))).Rules).toEqual([]);
  await https.close();
});

// source: AWS CloudFormation template reference, AWS::Events::Rule (Ref is the name, Arn its attribute)
test('stacks create rules with their targets and delete them', async () => {
  const { bridge, call, cloud } = await open();
  const provider = bridge.resources?.find(({ type }) => type === 'AWS::Events::Rule');
  const properties = {
    Name: 'stacked',
    EventPattern: { source: ['aws.s3'] },
    Targets: [{ Id: 't', Arn: `${ARN}q`, RetryPolicy: { MaximumRetryAttempts: '2' } }],
  };
  const state = await provider?.create(properties, testScope());
  expect(state).toEqual({
    physicalId: 'stacked',
    attributes: { Arn: 'arn:aws:events:us-east-1:123456789012:rule/stacked' },
  });
  expect(await call('eventbridge', 'ListTargetsByRule', { Rule: 'stacked' })).toMatchObject({
    Targets: [{ Id: 't', RetryPolicy: { MaximumRetryAttempts: 2 } }],
  });
  if (state !== undefined) await provider?.delete(state, properties, testScope());
  expect(await call('eventbridge', 'ListRules', {})).toMatchObject({ Rules: [] });
  await cloud.close();
});
