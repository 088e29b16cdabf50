import { request as httpsRequest } from 'node:https';
import { connect as connectTcp, type Socket } from 'node:net';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import * as dynamodb from '@aws-sdk/client-dynamodb';
import * as s3 from '@aws-sdk/client-s3';
import * as sqs from '@aws-sdk/client-sqs';
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import type { ApiCall, RawRequest, ServiceApi } from '../../local-cloud/src/core/api.ts';
import { startFrontDoor } from '../../local-cloud/src/core/http/front-door.ts';
import { type HttpsCloud, startHttpsCloud } from '../../local-cloud/src/testing/https.ts';

const passed: { operation: string; request: RawRequest; call: ApiCall }[] = [];
let release: () => void = () => {};
let started: () => void = () => {};

const APIS: ServiceApi[] = [
  {
    service: 'sqs',
    signingName: 'sqs',
    protocol: 'awsJson1_0',
    schemas: sqs,
    operations: [
      {
        name: 'ReceiveMessage',
        authorize: () => [],
        handle: () =>
          new Promise((resolve) => {
            release = () => resolve({});
            started();
          }),
      },
    ],
  },
  {
    service: 's3',
    signingName: 's3',
    protocol: 'restXml',
    schemas: s3,
    operations: [
      { name: 'PutObject', authorize: () => [], handle: () => ({}) },
      // A fault of a handler: no header can be this.
      { name: 'DeleteObject', authorize: () => [], handle: () => ({ VersionId: 'a\nb' }) },
    ],
  },
  {
    service: 'dynamodb',
    signingName: 'dynamodb',
    protocol: 'awsJson1_0',
    schemas: dynamodb,
    operations: [],
    async passThrough(operation, request, call) {
      passed.push({ operation, request, call });
      const body = Buffer.from('{"TableNames":["allow-list"]}');
      return { statusCode: 200, headers: { 'content-type': 'application/x-amz-json-1.0', 'X-Kept': 'yes' }, body };
    },
  },
];

let https: HttpsCloud;
const sockets: (Socket | TLSSocket)[] = [];

beforeAll(async () => {
  https = await startHttpsCloud({ apis: APIS });
});
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  // Whatever a test did to the door, it still serves.
  await expect(new STSClient(https.client()).send(new GetCallerIdentityCommand({}))).resolves.toBeDefined();
});
afterAll(() => https.close());

async function speakTls(text: string | Buffer): Promise<string> {
  const socket = connectTls({
    port: https.port,
    host: '127.0.0.1',
    servername: 'localhost',
    ca: https.identity.caCertificatePem,
  });
  sockets.push(socket);
  let answer = '';
  socket.on('data', (data) => {
    answer += data.toString('latin1');
  });
  socket.on('error', () => {});
  socket.write(text);
  await new Promise<void>((resolve) => socket.on('close', () => resolve()));
  return answer;
}

function call(method: string, path: string, body = '', headers: Record<string, string> = {}) {
  return new Promise<{ status: number; text: string }>((resolve, reject) => {
    const options = {
      port: https.port,
      host: 'localhost',
      ca: https.identity.caCertificatePem,
      agent: false as const,
      method,
      path,
      headers,
    };
    const sent = httpsRequest(options, (response) => {
      let text = '';
      response.on('data', (chunk) => {
        text += chunk;
      });
      response.on('end', () => resolve({ status: response.statusCode ?? 0, text }));
    });
    sent.on('error', reject);
    sent.end(body);
  });
}

describe('bad input ends its own connection and nothing else', () => {
  test('rubbish before and after the TLS handshake', async () => {
    const raw = connectTcp({ port: https.port, host: '127.0.0.1' });
    sockets.push(raw);
    raw.on('error', () => {});
    raw.write(Buffer.alloc(4096, 0xa5));
    await new Promise<void>((resolve) => raw.on('close', () => resolve()));
    expect(await speakTls(Buffer.alloc(4096, 0xa5))).toMatch(/^HTTP\/1\.1 400 /);
    expect(await speakTls('GET / HTTP/9.9\r\n\r\n')).toMatch(/^HTTP\/1\.1 400 /);
    expect(await speakTls('GET example.com HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n')).toMatch(
      /^HTTP\/1\.1 4/,
    );
  });

  test('a flood of headers is 431', async () => {
    const flood = Array.from({ length: 5000 }, (_, index) => `x-${index}: ${'y'.repeat(20)}`).join('\r\n');
    expect(await speakTls(`GET / HTTP/1.1\r\nHost: localhost\r\n${flood}\r\n\r\n`)).toMatch(/^HTTP\/1\.1 431 /);
  });

  test('malformed percent-encoding is an error of the request', async () => {
    expect(await call('GET', '/%E0%A4%A?x=%')).toMatchObject({ status: 404 });
    expect(await call('GET', '/bucket/%E0%A4%A')).toMatchObject({
      status: 400,
      text: expect.stringContaining('InvalidURI'),
    });
  });

  test('JSON, XML and forms that do not fit are refused with the place', async () => {
    const client = new sqs.SQSClient(https.client());
    const wrong = { QueueUrl: 'q', MaxNumberOfMessages: 'ten' as unknown as number, AttributeNames: ['All'] as never };
    await expect(client.send(new sqs.ReceiveMessageCommand(wrong))).rejects.toMatchObject({
      name: 'SerializationException',
      message: 'STRING_VALUE can not be converted to a Number at MaxNumberOfMessages',
      $metadata: { httpStatusCode: 400 },
    });
    const bodies = [
      '{',
      '[]',
      '"text"',
      '{"QueueUrl":1}',
      '{"Unknown":1}',
      '{"MessageSystemAttributeNames":[null]}',
      '\u0000',
    ];
    for (const body of bodies) {
      client.middlewareStack.add(
        (next) => (args) => {
          const request = args.request as { body: string; headers: Record<string, string> };
          request.body = body;
          request.headers['content-length'] = String(body.length);
          return next(args);
        },
        { step: 'build', priority: 'low', name: 'replaceBody', override: true },
      );
      await expect(client.send(new sqs.ReceiveMessageCommand({ QueueUrl: 'q' }))).rejects.toMatchObject({
        name: 'SerializationException',
      });
    }
  });
});

test('a body that is too large is refused before it is read', async () => {
  const client = new sqs.SQSClient(https.client());
  const AttributeNames = [`${'x'.repeat(25 * 1024 * 1024)}`] as never;
  await expect(client.send(new sqs.ReceiveMessageCommand({ QueueUrl: 'q', AttributeNames }))).rejects.toMatchObject({
    name: 'RequestEntityTooLargeException',
    $metadata: { httpStatusCode: 413 },
  });
});

test('a payload that is found wrong while it still comes costs no more than its connection', async () => {
  const head = [
    'PUT /bucket/key HTTP/1.1',
    'Host: localhost',
    'x-amz-content-sha256: STREAMING-UNSIGNED-PAYLOAD-TRAILER',
    'x-amz-decoded-content-length: 10',
    'Content-Length: 1000',
  ];
  expect(await speakTls(`${head.join('\r\n')}\r\n\r\nno chunk\r\n`)).toMatch(/^HTTP\/1\.1 400 /);
});

test('an answer that cannot be written costs no more than its connection', async () => {
  expect(await speakTls('DELETE /bucket/key HTTP/1.1\r\nHost: localhost\r\n\r\n')).toBe('');
});

test('a kept library answers the operations of a service whole, once the caller is known', async () => {
  const client = new dynamodb.DynamoDBClient(https.client());
  expect((await client.send(new dynamodb.ListTablesCommand({ Limit: 3 }))).TableNames).toEqual(['allow-list']);
  expect(passed).toEqual([
    {
      operation: 'ListTables',
      request: expect.objectContaining({ method: 'POST', url: '/', body: Buffer.from('{"Limit":3}') }),
      call: expect.objectContaining({ principal: expect.objectContaining({ kind: 'account' }), secure: true }),
    },
  ]);
  const stranger = { accessKeyId: 'AKIAIOSFODNN7EXAMPLE', secretAccessKey: 'x' };
  await expect(
    new dynamodb.DynamoDBClient(https.client(stranger)).send(new dynamodb.ListTablesCommand({})),
  ).rejects.toMatchObject({ name: 'UnrecognizedClientException' });
  expect(passed).toHaveLength(1);
});

test('unsigned routes answer under their secret path only', async () => {
  const door = https.cloud.ports.get('frontDoor');
  door.route('/_custom-resource/s3cret', async (request) => ({
    statusCode: 200,
    headers: {},
    body: Buffer.from(`${request.method} ${request.url} ${request.body}`),
  }));
  expect(await call('PUT', '/_custom-resource/s3cret/1?x=y', 'answer')).toEqual({
    status: 200,
    text: 'PUT /_custom-resource/s3cret/1?x=y answer',
  });
  expect((await call('PUT', '/_custom-resource/other', 'answer')).status).toBe(404);
  expect(() => door.route('/open', async () => ({ statusCode: 200, headers: {}, body: Buffer.alloc(0) }))).toThrow(
    /begins with/,
  );
});

test('a port in use is named, with what to do', async () => {
  const { cloud, identity, port } = https;
  await expect(
    startFrontDoor({ context: cloud, dispatcher: cloud.dispatcher, identity, host: '127.0.0.1', port }),
  ).rejects.toMatchObject({
    code: 'PORT_IN_USE',
    message: expect.stringMatching(new RegExp(`port ${port} on 127\\.0\\.0\\.1 is in use.*choose another port`)),
  });
});

test('a stop waits for requests under way and cuts handshakes that never end', async () => {
  const other = await startHttpsCloud({ apis: APIS });
  const halfOpen = connectTcp({ port: other.port, host: '127.0.0.1' });
  await new Promise<void>((resolve) => halfOpen.on('connect', () => resolve()));
  const underWay = new Promise<void>((resolve) => {
    started = resolve;
  });
  const client = new sqs.SQSClient(other.client());
  const receive = client.send(new sqs.ReceiveMessageCommand({ QueueUrl: 'q', WaitTimeSeconds: 20 }));
  await underWay;
  const closed = new Promise<void>((resolve) => halfOpen.on('close', () => resolve()));
  halfOpen.on('error', () => {});
  let stopped = false;
  const stop = other.frontDoor.stop().then(() => {
    stopped = true;
  });
  await closed;
  expect(stopped).toBe(false);
  release();
  await expect(receive).resolves.toMatchObject({ $metadata: { httpStatusCode: 200 } });
  await stop;
  await expect(client.send(new sqs.ReceiveMessageCommand({ QueueUrl: 'q' }))).rejects.toThrow(/ECONNREFUSED/);
  await other.cloud.close();
});
