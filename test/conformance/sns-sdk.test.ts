import { createVerify } from 'node:crypto';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import { get } from 'node:https';
import type { AddressInfo } from 'node:net';
import {
  AuthorizationErrorException,
  CreateTopicCommand,
  GetSubscriptionAttributesCommand,
  ListSubscriptionsByTopicCommand,
  NotFoundException,
  PublishBatchCommand,
  PublishCommand,
  SNSClient,
  SubscribeCommand,
  UnsubscribeCommand,
} from '@aws-sdk/client-sns';
import { createSnsPlugin } from '../../local-cloud/src/services/sns/plugin.ts';
import { type HttpsCloud, startHttpsCloud } from '../../local-cloud/src/testing/https.ts';

// The wire format of SNS as the SDK's own client writes and reads it, and an HTTP subscriber that really confirms.

interface Received {
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

let https: HttpsCloud;
let sns: SNSClient;
let subscriber: Server;
let endpoint: string;
let status = 200;
const received: Received[] = [];
let TopicArn: string | undefined;

beforeAll(async () => {
  https = await startHttpsCloud({ plugins: [createSnsPlugin] });
  const apiUrl = https.client().endpoint;
  https.cloud.ports.provide('endpoints', { apiUrl, mqttHost: '', mqttPort: 0, caFile: '' });
  sns = new SNSClient(https.client());
  subscriber = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk) => {
      body += chunk;
    });
    request.on('end', () => {
      received.push({ headers: request.headers, body });
      response.writeHead(status).end();
    });
  });
  await new Promise<void>((resolve) => subscriber.listen(0, '127.0.0.1', resolve));
  endpoint = `http://127.0.0.1:${(subscriber.address() as AddressInfo).port}/hook`;
  ({ TopicArn } = await sns.send(new CreateTopicCommand({ Name: 'orders', Tags: [{ Key: 'a', Value: 'b' }] })));
});

afterAll(async () => {
  sns.destroy();
  subscriber.close();
  await https.close();
});

async function next(): Promise<Received> {
  for (let round = 0; round < 1000 && received.length === 0; round++) {
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  return received.shift() as Received;
}

function fetchText(url: string): Promise<{ status: number | undefined; text: string }> {
  return new Promise((resolve, reject) => {
    get(url, { ca: https.identity.caCertificatePem }, (response) => {
      let text = '';
      response.on('data', (chunk) => {
        text += chunk;
      });
      response.on('end', () => resolve({ status: response.statusCode, text }));
    }).on('error', reject);
  });
}

// source: developer guide, "Verifying the signatures of Amazon SNS messages"
async function verified(body: Record<string, string>): Promise<boolean> {
  const names =
    body.Type === 'Notification'
      ? ['Message', 'MessageId', 'Subject', 'Timestamp', 'TopicArn', 'Type']
      : ['Message', 'MessageId', 'SubscribeURL', 'Timestamp', 'Token', 'TopicArn', 'Type'];
  const text = names.map((name) => (body[name] === undefined ? '' : `${name}\n${body[name]}\n`)).join('');
  const certificate = await fetchText(body.SigningCertURL as string);
  const algorithm = body.SignatureVersion === '2' ? 'sha256' : 'sha1';
  return createVerify(algorithm)
    .update(text)
    .verify(certificate.text, body.Signature as string, 'base64');
}

// source: developer guide, "Fanout Amazon SNS notifications to HTTPS endpoints"
test('an HTTP endpoint is asked to confirm, is subscribed by visiting SubscribeURL, and receives signed messages', async () => {
  const { SubscriptionArn } = await sns.send(new SubscribeCommand({ TopicArn, Protocol: 'http', Endpoint: endpoint }));
  expect(SubscriptionArn).toBe('pending confirmation');
  const request = await next();
  expect(request.headers).toMatchObject({
    'x-amz-sns-message-type': 'SubscriptionConfirmation',
    'x-amz-sns-topic-arn': TopicArn,
    'content-type': 'text/plain; charset=UTF-8',
    'user-agent': 'Amazon Simple Notification Service Agent',
  });
  const confirmation = JSON.parse(request.body) as Record<string, string>;
  expect(await verified(confirmation)).toBe(true);

  await sns.send(new PublishCommand({ TopicArn, Message: 'too early' }));
  const wrong = confirmation.SubscribeURL?.replace(/Token=\w/, 'Token=x') ?? '';
  expect((await fetchText(wrong)).status).toBe(400);
  const confirmed = await fetchText(confirmation.SubscribeURL as string);
  const arn = /<SubscriptionArn>(.+)<\/SubscriptionArn>/.exec(confirmed.text)?.[1] ?? '';
  expect(arn).toMatch(`${TopicArn}:`);

  await sns.send(new PublishCommand({ TopicArn, Message: 'in time', Subject: 'Hello' }));
  const notification = await next();
  expect(notification.headers).toMatchObject({
    'x-amz-sns-message-type': 'Notification',
    'x-amz-sns-subscription-arn': arn,
  });
  const body = JSON.parse(notification.body) as Record<string, string>;
  expect(body).toMatchObject({ Message: 'in time', Subject: 'Hello', TopicArn });
  expect(await verified(body)).toBe(true);
  expect(await verified({ ...body, Message: 'forged' })).toBe(false);

  const { Attributes } = await sns.send(new GetSubscriptionAttributesCommand({ SubscriptionArn: arn }));
  expect(Attributes).toMatchObject({ PendingConfirmation: 'false', ConfirmationWasAuthenticated: 'false' });
  await sns.send(new UnsubscribeCommand({ SubscriptionArn: arn }));
  const goodbye = JSON.parse((await next()).body) as Record<string, string>;
  expect(goodbye.Type).toBe('UnsubscribeConfirmation');
  const { Subscriptions } = await sns.send(new ListSubscriptionsByTopicCommand({ TopicArn }));
  expect(Subscriptions ?? []).toEqual([]);
  // Visiting the URL of the goodbye takes it back.
  expect((await fetchText(goodbye.SubscribeURL as string)).text).toContain(arn);
  await fetchText(`${https.client().endpoint}/_sns/?Action=Unsubscribe&SubscriptionArn=${arn}`);
  await next();
});

// source: developer guide, "Amazon SNS message delivery retries" and "Creating an HTTP/S delivery policy"
test('an endpoint that fails with 5xx is tried again by its delivery policy', async () => {
  const DeliveryPolicy = JSON.stringify({
    healthyRetryPolicy: { numRetries: 2, numNoDelayRetries: 1, minDelayTarget: 1, maxDelayTarget: 1 },
  });
  await sns.send(
    new SubscribeCommand({ TopicArn, Protocol: 'http', Endpoint: `${endpoint}/retry`, Attributes: { DeliveryPolicy } }),
  );
  const confirmation = JSON.parse((await next()).body) as Record<string, string>;
  await fetchText(confirmation.SubscribeURL as string);
  status = 503;
  await sns.send(new PublishCommand({ TopicArn, Message: 'again' }));
  const first = await next();
  const second = await next();
  status = 200;
  const third = await next();
  for (const one of [first, second, third]) expect(JSON.parse(one.body)).toMatchObject({ Message: 'again' });
  expect(new Set([first, second, third].map((one) => one.headers['x-amz-sns-message-id'])).size).toBe(1);
});

// source: PublishBatch
test('a batch and its failures come back as the client expects them', async () => {
  const { Successful, Failed } = await sns.send(
    new PublishBatchCommand({
      TopicArn,
      PublishBatchRequestEntries: [
        { Id: 'a', Message: '1', MessageAttributes: { b: { DataType: 'Binary', BinaryValue: Uint8Array.of(0, 255) } } },
        { Id: 'b', Message: '2', Subject: 'a\nb' },
      ],
    }),
  );
  expect(Successful?.map(({ Id }) => Id)).toEqual(['a']);
  expect(Failed).toEqual([
    { Id: 'b', Code: 'InvalidParameter', Message: 'Invalid parameter: Subject', SenderFault: true },
  ]);
});

// source: Publish, errors
test('errors arrive as the classes of the SDK', async () => {
  const absent = sns.send(new PublishCommand({ TopicArn: `${TopicArn}-absent`, Message: 'x' }));
  await expect(absent).rejects.toBeInstanceOf(NotFoundException);
  await expect(sns.send(new PublishCommand({ TopicArn, Message: '' }))).rejects.toMatchObject({
    name: 'InvalidParameterException',
  });
  const RoleName = 'nobody';
  const trust = {
    Version: '2012-10-17',
    Statement: [{ Effect: 'Allow', Principal: { Service: 'lambda.amazonaws.com' }, Action: 'sts:AssumeRole' }],
  };
  const { cloud, administrator } = https;
  const { principal } = cloud.ports.get('credentials').find(administrator.accessKeyId) ?? {};
  if (principal === undefined) throw new Error('no administrator');
  await cloud.api.call(principal, 'iam', 'CreateRole', { RoleName, AssumeRolePolicyDocument: JSON.stringify(trust) });
  const role = cloud.ports
    .get('authorizer')
    .assumeRole(
      { kind: 'service', service: 'lambda.amazonaws.com' },
      `arn:aws:iam::${cloud.account.accountId}:role/${RoleName}`,
      'session',
    );
  const powerless = new SNSClient(https.client(cloud.ports.get('credentials').issue(role, 3_600_000)));
  await expect(powerless.send(new PublishCommand({ TopicArn, Message: 'x' }))).rejects.toBeInstanceOf(
    AuthorizationErrorException,
  );
  powerless.destroy();
});
