// source: rule-destination, https-rule-action

import { writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type {
  CreateTopicRuleDestinationResponse,
  GetTopicRuleDestinationResponse,
  ListTopicRuleDestinationsResponse,
} from '@aws-sdk/client-iot';
import { ManualClock, systemClock } from '../../local-cloud/src/core/clock.ts';
import { seededEntropy } from '../../local-cloud/src/core/entropy.ts';
import {
  issueRootCa,
  issueServerCertificate,
  type KeyAndCertificate,
} from '../../local-cloud/src/core/tls-certificates.ts';
import {
  createRulesCloud,
  publish,
  QUEUE,
  ROLE,
  type RulesCloud,
  template,
} from '../../local-cloud/src/rules/testing/rules-cloud.ts';
import { testScope } from '../../local-cloud/src/testing/context.ts';

interface Request {
  readonly method: string | undefined;
  readonly url: string;
  readonly headers: NodeJS.Dict<string | string[]>;
  readonly body: string;
}

let ca: KeyAndCertificate;
let endpoint: Server;
let origin: string;
let requests: Request[];
/** Statuses of the next answers; then 200. */
let statuses: number[];
let answerBody: string;
let cloud: RulesCloud;

beforeAll(async () => {
  const entropy = seededEntropy('destinations');
  ca = await issueRootCa(Date.now(), entropy);
  const server = await issueServerCertificate(ca, Date.now(), entropy);
  endpoint = createServer({ cert: server.certificatePem, key: server.privateKeyPem }, (request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { method, url = '', headers } = request;
      requests.push({ method, url, headers, body: Buffer.concat(chunks).toString() });
      response.writeHead(statuses.shift() ?? 200).end(answerBody);
    });
  });
  await new Promise<void>((resolve) => endpoint.listen(0, '127.0.0.1', resolve));
  origin = `https://localhost:${(endpoint.address() as AddressInfo).port}`;
});
afterAll(() => new Promise((resolve) => endpoint.close(resolve)));

beforeEach(() => {
  requests = [];
  statuses = [];
  answerBody = '';
  use(createRulesCloud({ clock: systemClock }));
});
afterEach(async () => {
  await cloud.stop();
  await cloud.close();
});

function use(created: RulesCloud): void {
  cloud = created;
  const caFile = join(cloud.dataDirectory, 'ca.pem');
  writeFileSync(caFile, ca.certificatePem);
  cloud.ports.provide('endpoints', { apiUrl: 'https://localhost:4566', mqttHost: 'localhost', mqttPort: 8883, caFile });
  const credentials = { accessKeyId: 'AKIATEST', secretAccessKey: 'secret', sessionToken: 'token' };
  cloud.ports.provide('credentials', {
    issue: () => credentials,
    administrator: () => credentials,
    find: () => undefined,
  });
}

async function arrived(count: number): Promise<void> {
  const end = Date.now() + 10_000;
  while (requests.length < count) {
    if (Date.now() > end) throw new Error(`${requests.length} requests instead of ${count}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

async function create(confirmationUrl = origin): Promise<string> {
  const destinationConfiguration = { httpUrlConfiguration: { confirmationUrl } };
  const { topicRuleDestination } = await cloud.admin<CreateTopicRuleDestinationResponse>('CreateTopicRuleDestination', {
    destinationConfiguration,
  });
  return topicRuleDestination?.arn as string;
}

async function enabled(): Promise<string> {
  const arn = await create();
  await arrived(1);
  const { confirmationToken } = JSON.parse(requests.pop()?.body as string);
  await cloud.admin('ConfirmTopicRuleDestination', { confirmationToken });
  return arn;
}

async function statusOf(arn: string): Promise<string | undefined> {
  const { topicRuleDestination } = await cloud.admin<GetTopicRuleDestinationResponse>('GetTopicRuleDestination', {
    arn,
  });
  return topicRuleDestination?.status;
}

async function createHttpRule(http: object, sql = "SELECT * FROM 'a/b'"): Promise<void> {
  await cloud.createRule('rule1', {
    sql,
    actions: [{ http }],
    errorAction: { sqs: { roleArn: ROLE, queueUrl: QUEUE } },
  });
}

// source: rule-destination
describe('topic rule destinations', () => {
  test('a new destination is IN_PROGRESS, and its endpoint gets the confirmation request', async () => {
    const arn = await create(`${origin}/hook`);
    expect(arn).toMatch(/^arn:aws:iot:us-east-1:123456789012:ruledestination\/http\/[0-9a-f-]{36}$/);
    expect(await statusOf(arn)).toBe('IN_PROGRESS');
    await arrived(1);
    const [request] = requests;
    const body = JSON.parse(request?.body as string);
    expect(body).toEqual({
      arn,
      confirmationToken: expect.any(String),
      enableUrl: expect.stringContaining(body.confirmationToken),
      messageType: 'DestinationConfirmation',
    });
    expect(request).toMatchObject({ method: 'POST', url: `/hook/?confirmationToken=${body.confirmationToken}` });
    expect(request?.headers).toMatchObject({
      'content-type': 'application/json',
      'x-amz-rules-engine-message-type': 'DestinationConfirmation',
      'x-amz-rules-engine-destination-arn': arn,
    });
  });

  test('ConfirmTopicRuleDestination with the token enables it, once', async () => {
    const arn = await create();
    await arrived(1);
    const { confirmationToken } = JSON.parse(requests[0]?.body as string);
    await cloud.admin('ConfirmTopicRuleDestination', { confirmationToken });
    expect(await statusOf(arn)).toBe('ENABLED');
    await expect(cloud.admin('ConfirmTopicRuleDestination', { confirmationToken })).rejects.toMatchObject({
      code: 'InvalidRequestException',
    });
    await expect(cloud.admin('ConfirmTopicRuleDestination', { confirmationToken: 'x' })).rejects.toMatchObject({
      code: 'InvalidRequestException',
    });
  });

  test('calling the enableUrl confirms it, and UpdateTopicRuleDestination then enables it', async () => {
    await cloud.start();
    const arn = await create();
    await arrived(1);
    const { enableUrl } = JSON.parse(requests[0]?.body as string);
    const { pathname } = new URL(enableUrl);
    const [[prefix, handler] = ['', undefined]] = [...cloud.routes];
    expect(pathname.startsWith(prefix)).toBe(true);
    const answer = await handler?.({ method: 'GET', url: pathname, headers: {}, body: Buffer.alloc(0) });
    expect(answer?.statusCode).toBe(200);
    expect(await statusOf(arn)).toBe('DISABLED');
    await cloud.admin('UpdateTopicRuleDestination', { arn, status: 'ENABLED' });
    expect(await statusOf(arn)).toBe('ENABLED');
  });

  test('one that is not confirmed can be neither enabled nor disabled, only asked again', async () => {
    const arn = await create();
    for (const status of ['ENABLED', 'DISABLED', 'ERROR']) {
      await expect(cloud.admin('UpdateTopicRuleDestination', { arn, status })).rejects.toMatchObject({
        code: 'InvalidRequestException',
      });
    }
    await arrived(1);
    await cloud.admin('UpdateTopicRuleDestination', { arn, status: 'IN_PROGRESS' });
    await arrived(2);
    const [first, second] = requests.map(({ body }) => JSON.parse(body).confirmationToken);
    expect(second).not.toBe(first);
    await expect(cloud.admin('ConfirmTopicRuleDestination', { confirmationToken: first })).rejects.toThrow();
    await cloud.admin('ConfirmTopicRuleDestination', { confirmationToken: second });
  });

  test('they are listed in pages and deleted by ARN', async () => {
    const arns = [await create(`${origin}/1`), await create(`${origin}/2`), await create(`${origin}/3`)].sort();
    const list = (input: object): Promise<ListTopicRuleDestinationsResponse> =>
      cloud.admin('ListTopicRuleDestinations', input);
    const first = await list({ maxResults: 2 });
    const second = await list({ maxResults: 2, nextToken: first.nextToken });
    expect(
      [first, second].flatMap(({ destinationSummaries = [] }) => destinationSummaries.map(({ arn }) => arn)),
    ).toEqual(arns);
    expect(second.nextToken).toBeUndefined();
    await cloud.admin('DeleteTopicRuleDestination', { arn: arns[0] });
    await expect(statusOf(arns[0] as string)).rejects.toMatchObject({ code: 'ResourceNotFoundException' });
    await arrived(3);
  });

  test('only HTTPS URLs without IPv6 addresses are taken', async () => {
    for (const url of ['http://example.com', 'https://[::1]/x', 'nonsense', 'https://user:pass@example.com']) {
      await expect(create(url)).rejects.toMatchObject({ code: 'InvalidRequestException' });
    }
  });

  test('other kinds of destination are refused by name', async () => {
    const destinationConfiguration = { vpcConfiguration: { vpcId: 'vpc-1', subnetIds: ['s'], roleArn: ROLE } };
    await expect(cloud.admin('CreateTopicRuleDestination', { destinationConfiguration })).rejects.toMatchObject({
      code: 'NotImplemented',
      message: expect.stringContaining('vpcConfiguration'),
    });
  });

  test('AWS::IoT::TopicRuleDestination makes one, Ref being its ARN, and deletes it', async () => {
    const { destinationProvider } = cloud;
    const properties = { HttpUrlProperties: { ConfirmationUrl: origin } };
    const state = await destinationProvider.create(properties, testScope());
    expect(state.attributes).toMatchObject({ Arn: state.physicalId, StatusReason: expect.any(String) });
    expect(await statusOf(state.physicalId)).toBe('IN_PROGRESS');
    await arrived(1);
    await destinationProvider.delete(state, properties, testScope());
    await expect(statusOf(state.physicalId)).rejects.toMatchObject({ code: 'ResourceNotFoundException' });
  });
});

// assumed: how long a confirmation may take is not documented; three days, as Amazon SNS gives
test('a confirmation that does not come in time ends in ERROR', async () => {
  await cloud.close();
  const clock = new ManualClock();
  use(createRulesCloud({ clock }));
  const arn = await create();
  await clock.advance(3 * 86_400_000);
  expect(await statusOf(arn)).toBe('ERROR');
});

// source: https-rule-action
describe('HTTP action', () => {
  test('posts the output with headers from templates to a URL below an enabled destination', async () => {
    await enabled();
    await createHttpRule({
      url: `${origin}/sites/${template('site')}?x=1`,
      confirmationUrl: origin,
      headers: [
        { key: 'static_header_key', value: 'static_header_value' },
        { key: 'Substitutable-Header', value: '$' + '{topic(1)}' },
      ],
    });
    await cloud.rules.accept(publish('a/b', { site: 'north' }));
    await arrived(1);
    expect(requests[0]).toMatchObject({ method: 'POST', url: '/sites/north?x=1', body: '{"site":"north"}' });
    expect(requests[0]?.headers).toMatchObject({
      'content-type': 'application/json',
      static_header_key: 'static_header_value',
      'substitutable-header': 'a',
    });
  });

  test('a payload that is no JSON is an octet stream, unless a header says otherwise', async () => {
    await enabled();
    await createHttpRule({ url: origin });
    await cloud.rules.accept(publish('a/b', Buffer.from([0xff, 0x00])));
    await arrived(1);
    expect(requests[0]?.headers['content-type']).toBe('application/octet-stream');
    await cloud.admin('DeleteTopicRule', { ruleName: 'rule1' });
    await createHttpRule({ url: origin, headers: [{ key: 'Content-Type', value: 'image/png' }] });
    await cloud.rules.accept(publish('a/b', Buffer.from([0xff, 0x00])));
    await arrived(2);
    expect(requests[1]?.headers['content-type']).toBe('image/png');
  });

  test('a rule whose URL has no destination makes one, which must be confirmed before anything is sent', async () => {
    await createHttpRule({ url: `${origin}/data`, confirmationUrl: origin });
    await arrived(1);
    expect(requests[0]?.headers['x-amz-rules-engine-message-type']).toBe('DestinationConfirmation');
    await cloud.rules.accept(publish('a/b', { x: 1 }));
    await cloud.reached(1);
    const { failures } = JSON.parse(cloud.calls[0]?.input.MessageBody);
    expect(failures[0]).toMatchObject({ failedAction: 'HttpAction', failedResource: `${origin}/data` });
    expect(failures[0].errorMessage).toContain('no enabled topic rule destination');
    expect(requests).toHaveLength(1);
  });

  test('429 and 5xx are tried three times, other answers once', async () => {
    await enabled();
    await createHttpRule({ url: origin });
    statuses = [503, 429, 200];
    await cloud.rules.accept(publish('a/b', { x: 1 }));
    await arrived(3);
    statuses = [404];
    await cloud.rules.accept(publish('a/b', { x: 2 }));
    await cloud.reached(1);
    expect(JSON.parse(cloud.calls[0]?.input.MessageBody).failures[0].errorMessage).toContain('Status Code: 404');
    expect(requests).toHaveLength(4);
  });

  test('an answer above 16384 bytes is the last try', async () => {
    await enabled();
    await createHttpRule({ url: origin });
    statuses = [500, 500, 500];
    answerBody = 'x'.repeat(16_385);
    await cloud.rules.accept(publish('a/b', { x: 1 }));
    await cloud.reached(1);
    expect(requests).toHaveLength(1);
  });

  test('auth sigv4 signs the request as the role', async () => {
    await enabled();
    const auth = { sigv4: { signingRegion: 'us-west-2', serviceName: 'execute-api', roleArn: ROLE } };
    await createHttpRule({ url: `${origin}/signed`, confirmationUrl: origin, auth });
    await cloud.rules.accept(publish('a/b', { x: 1 }));
    await arrived(1);
    expect(requests[0]?.headers.authorization).toMatch(
      /^AWS4-HMAC-SHA256 Credential=AKIATEST\/\d{8}\/us-west-2\/execute-api\/aws4_request, /,
    );
    expect(requests[0]?.headers['x-amz-security-token']).toBe('token');
    expect(cloud.asked).toContainEqual(expect.objectContaining({ action: 'iam:PassRole', resource: ROLE }));
  });

  test.each([
    [{ url: 'http://example.com' }, 'HTTPS'],
    [{ url: 'https://$' + '{host}/' }, 'confirmationUrl'],
    [{ url: 'https://example.com/a', confirmationUrl: 'https://example.com/b' }, 'must begin with confirmationUrl'],
    [
      { url: 'https://example.com.evil.net', confirmationUrl: 'https://example.com' },
      'must begin with confirmationUrl',
    ],
    [{ url: 'https://example.com', enableBatching: true }, 'enableBatching'],
    [{ url: 'https://example.com', headers: [{ key: 'a b', value: 'x' }] }, 'headers.0.key'],
  ])('%j is refused', async (http, part) => {
    await expect(createHttpRule(http)).rejects.toMatchObject({
      code: 'InvalidRequestException',
      message: expect.stringContaining(part),
    });
  });
});
