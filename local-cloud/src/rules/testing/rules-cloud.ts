import * as sqs from '@aws-sdk/client-sqs';
import type { ApiCall, Operation, RawRequest, RawResponse, ServiceName } from '../../core/api.ts';
import type { Clock } from '../../core/clock.ts';
import type { Permission } from '../../core/iam/authorizer.ts';
import type { MqttMessage, RuleIngress } from '../../core/mqtt.ts';
import type { FrontDoor } from '../../core/plugin.ts';
import type { ResourceProvider } from '../../core/resources.ts';
import { ADMINISTRATOR, createTestCloud, type TestCloud } from '../../testing/context.ts';
import { createRulesPlugin } from '../plugin.ts';

export const ROLE = 'arn:aws:iam::123456789012:role/actions';
export const QUEUE = 'https://sqs.us-east-1.amazonaws.com/123456789012/queue';
/** In real milliseconds: work on the disk ends outside the manual clock. */
const PATIENCE = 10_000;

/** One call that a rule's action made. */
export interface RecordedCall {
  readonly service: ServiceName;
  readonly operation: string;
  readonly principal: ApiCall['principal'];
  // biome-ignore lint/suspicious/noExplicitAny: inputs of many operations
  readonly input: any;
}

/** A test cloud with the real rules plugin and services that record what reaches them. */
export interface RulesCloud extends TestCloud<Clock> {
  readonly calls: RecordedCall[];
  readonly published: MqttMessage[];
  readonly logged: { level: string; message: string; fields: Record<string, unknown> | undefined }[];
  readonly rules: RuleIngress;
  readonly provider: ResourceProvider;
  readonly destinationProvider: ResourceProvider;
  /** Unsigned routes that the plugin opened. */
  readonly routes: ReadonlyMap<string, (request: RawRequest) => Promise<RawResponse>>;
  /** Replaces the answer of an operation, `sqs.SendMessage`. */
  answer(operation: string, handle: (input: Record<string, unknown>) => unknown): void;
  admin<O = object>(operation: string, input: object): Promise<O>;
  createRule(ruleName: string, payload: Record<string, unknown>): Promise<void>;
  start(): Promise<void>;
  stop(): Promise<void>;
  /** Waits until `calls` holds that many calls. */
  reached(count: number): Promise<void>;
}

const TARGETS: readonly [ServiceName, string, string][] = [
  ['sqs', 'SendMessage', 'sqs:SendMessage'],
  ['lambda', 'Invoke', 'lambda:InvokeFunction'],
  ['s3', 'PutObject', 's3:PutObject'],
  ['firehose', 'PutRecord', 'firehose:PutRecord'],
  ['firehose', 'PutRecordBatch', 'firehose:PutRecordBatch'],
  ['timestream-write', 'DescribeEndpoints', 'timestream:DescribeEndpoints'],
  ['timestream-write', 'WriteRecords', 'timestream:WriteRecords'],
  ['dynamodb', 'PutItem', 'dynamodb:PutItem'],
  ['dynamodb', 'GetItem', 'dynamodb:GetItem'],
  ['sns', 'Publish', 'sns:Publish'],
  ['kinesis', 'PutRecord', 'kinesis:PutRecord'],
  ['cloudwatch', 'PutMetricData', 'cloudwatch:PutMetricData'],
  ['cloudwatch', 'SetAlarmState', 'cloudwatch:SetAlarmState'],
  ['cloudwatch-logs', 'DescribeLogStreams', 'logs:DescribeLogStreams'],
  ['cloudwatch-logs', 'CreateLogStream', 'logs:CreateLogStream'],
  ['cloudwatch-logs', 'PutLogEvents', 'logs:PutLogEvents'],
  ['sfn', 'StartExecution', 'states:StartExecution'],
  ['iot-data-plane', 'GetThingShadow', 'iot:GetThingShadow'],
  ['iot', 'DescribeThing', 'iot:DescribeThing'],
  ['secrets-manager', 'DescribeSecret', 'secretsmanager:DescribeSecret'],
  ['secrets-manager', 'GetSecretValue', 'secretsmanager:GetSecretValue'],
];

export function createRulesCloud(options: { directory?: string; clock?: Clock } = {}): RulesCloud {
  const cloud = createTestCloud<Clock>(options);
  const calls: RecordedCall[] = [];
  const published: MqttMessage[] = [];
  const logged: RulesCloud['logged'] = [];
  const answers = new Map<string, (input: Record<string, unknown>) => unknown>();
  Object.assign(cloud, {
    log: (level: string, message: string, fields?: Record<string, unknown>) => logged.push({ level, message, fields }),
  });
  for (const [service, name, action] of TARGETS) {
    const operation: Operation = {
      name,
      authorize: (): Permission[] => [{ action, resource: '*' }],
      async handle(input: Record<string, unknown>, call) {
        calls.push({ service, operation: name, principal: call.principal, input });
        return (await answers.get(`${service}.${name}`)?.(input)) ?? {};
      },
    };
    cloud.dispatcher.register({
      service,
      signingName: service,
      protocol: 'awsJson1_0',
      schemas: sqs,
      operations: [operation],
    });
  }
  cloud.ports.provide('broker', {
    async publish(message) {
      published.push(message);
    },
    reply() {},
    disconnect() {},
    connectedClients: () => [],
    onPresence: () => {},
  });
  const routes = new Map<string, (request: RawRequest) => Promise<RawResponse>>();
  const frontDoor: Pick<FrontDoor, 'route'> = { route: (path, handler) => void routes.set(path, handler) };
  cloud.ports.provide('frontDoor', frontDoor as FrontDoor);
  const plugin = cloud.use(createRulesPlugin);
  return Object.assign(cloud, {
    calls,
    published,
    logged,
    rules: cloud.ports.get('rules'),
    provider: plugin.resources?.[0] as ResourceProvider,
    destinationProvider: plugin.resources?.[1] as ResourceProvider,
    routes,
    answer: (operation: string, handle: (input: Record<string, unknown>) => unknown) =>
      void answers.set(operation, handle),
    admin: <O>(operation: string, input: object) => cloud.api.call<O>(ADMINISTRATOR, 'iot', operation, input),
    async createRule(ruleName: string, payload: Record<string, unknown>) {
      await cloud.api.call(ADMINISTRATOR, 'iot', 'CreateTopicRule', {
        ruleName,
        topicRulePayload: { awsIotSqlVersion: '2016-03-23', ...payload },
      });
    },
    start: async () => plugin.start?.(),
    stop: async () => plugin.stop?.(),
    async reached(count: number) {
      const deadline = Date.now() + PATIENCE;
      while (calls.length < count) {
        if (Date.now() > deadline) throw new Error(`${calls.length} calls instead of ${count}`);
        await new Promise((resolve) => setImmediate(resolve));
      }
    },
  });
}

/** A device's publish. */
export function publish(topic: string, payload: unknown, qos: 0 | 1 = 1): MqttMessage {
  return {
    topic,
    payload: Buffer.isBuffer(payload) ? payload : Buffer.from(JSON.stringify(payload)),
    qos,
    retain: false,
    receivedAt: 0,
    publisher: { clientId: 'pump-1', principalId: 'a'.repeat(64), sourceIp: '192.0.2.7' },
  };
}

/** `${…}` of an action's field. */
export function template(expression: string): string {
  return `\${${expression}}`;
}
