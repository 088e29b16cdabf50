import * as iot from '@aws-sdk/client-iot';
import * as iotData from '@aws-sdk/client-iot-data-plane';
import * as lambda from '@aws-sdk/client-lambda';
import * as sqs from '@aws-sdk/client-sqs';
import * as query from '@aws-sdk/client-timestream-query';
import * as write from '@aws-sdk/client-timestream-write';
import type { Operation, ServiceApi } from '../../local-cloud/src/core/api.ts';
import { AwsError } from '../../local-cloud/src/core/errors.ts';
import { type HttpsCloud, startHttpsCloud } from '../../local-cloud/src/testing/https.ts';

/** Inputs as handlers of these test-only services received them. */
const received: Record<string, unknown> = {};

function operation(name: string, answer: (input: never) => unknown = () => ({})): Operation {
  return {
    name,
    authorize: () => [],
    handle(input) {
      received[name] = input;
      return answer(input as never);
    },
  };
}

const APIS: ServiceApi[] = [
  {
    service: 'sqs',
    signingName: 'sqs',
    protocol: 'awsJson1_0',
    schemas: sqs,
    operations: [
      operation('SendMessage', () => ({ MessageId: 'm-1', MD5OfMessageBody: 'md5' })),
      operation('ReceiveMessage', () => ({
        Messages: [
          {
            MessageId: 'm-1',
            Body: 'größer 😀',
            Attributes: { SentTimestamp: '1' },
            MessageAttributes: { bytes: { DataType: 'Binary', BinaryValue: Buffer.from([0, 255]) } },
          },
        ],
      })),
      operation('GetQueueUrl', () => {
        throw new AwsError('QueueDoesNotExist', 'The specified queue does not exist.', 400);
      }),
      operation('DeleteQueue', () => {
        throw new AwsError('AWS.SimpleQueueService.NonExistentQueue', 'The specified queue does not exist.', 400);
      }),
      operation('PurgeQueue', () => {
        throw new Error('secret detail');
      }),
      operation('ListQueues', () => ({ QueueUrls: 'not a list' })),
    ],
  },
  {
    service: 'timestream-write',
    signingName: 'timestream',
    protocol: 'awsJson1_0',
    schemas: write,
    operations: [
      operation('WriteRecords', () => {
        throw new AwsError('RejectedRecordsException', 'One or more records have been rejected.', 419, {
          fields: { RejectedRecords: [{ RecordIndex: 3, Reason: 'too old', ExistingVersion: 1 }] },
        });
      }),
      operation('DescribeDatabase', () => ({
        Database: { DatabaseName: 'fleet', CreationTime: new Date(1_767_225_600_123) },
      })),
      operation('DescribeEndpoints', () => ({ Endpoints: [{ Address: 'write', CachePeriodInMinutes: 1440 }] })),
    ],
  },
  {
    service: 'timestream-query',
    signingName: 'timestream',
    protocol: 'awsJson1_0',
    schemas: query,
    operations: [
      operation('Query', () => ({
        QueryId: 'q',
        ColumnInfo: [{ Name: 'n', Type: { ScalarType: 'DOUBLE' } }],
        Rows: [{ Data: [{ ScalarValue: '1.5' }, { NullValue: true }] }],
        QueryStatus: { ProgressPercentage: 100, CumulativeBytesScanned: 0, CumulativeBytesMetered: 0 },
      })),
      operation('DescribeEndpoints', () => ({ Endpoints: [{ Address: 'query', CachePeriodInMinutes: 1440 }] })),
    ],
  },
  {
    service: 'iot',
    signingName: 'iot',
    protocol: 'restJson1',
    schemas: iot,
    operations: [
      operation('CreateThing', (input: { thingName: string }) => ({ thingName: input.thingName, thingId: 'id' })),
      operation('ListThings', () => ({ things: [{ thingName: 'pump', attributes: { a: '1' }, version: 1 }] })),
      operation('AttachPolicy', () => ({})),
      operation('DescribeThing', () => {
        throw new AwsError('ResourceNotFoundException', 'Thing nowhere not found', 404);
      }),
      operation('CreateKeysAndCertificate', () => {
        throw new AwsError('ResourceAlreadyExistsException', 'There already.', 409, {
          fields: { resourceId: 'r', resourceArn: 'arn:r' },
        });
      }),
    ],
  },
  {
    service: 'iot-data-plane',
    signingName: 'iotdata',
    protocol: 'restJson1',
    schemas: iotData,
    operations: [
      operation('Publish'),
      operation('GetThingShadow', () => ({ payload: Buffer.from('{"state":{}}') })),
      operation('GetRetainedMessage', () => ({
        topic: 't',
        payload: Buffer.from('kept'),
        qos: 1,
        lastModifiedTime: 5,
      })),
    ],
  },
  {
    service: 'lambda',
    signingName: 'lambda',
    protocol: 'restJson1',
    schemas: lambda,
    operations: [
      operation('Invoke', () => ({
        StatusCode: 202,
        FunctionError: 'Unhandled',
        Payload: Buffer.from('"done"'),
        ExecutedVersion: '$LATEST',
      })),
      operation('GetFunction', () => {
        throw new AwsError('TooManyRequestsException', 'Rate exceeded', 429, {
          fields: { retryAfterSeconds: '7', Reason: 'CallerRateLimitExceeded', Type: 'User' },
        });
      }),
    ],
  },
];

let https: HttpsCloud;
beforeAll(async () => {
  https = await startHttpsCloud({ apis: APIS });
});
afterAll(() => https.close());

// smithy.io, "AWS JSON 1.0 protocol".
describe('awsJson', () => {
  test('bytes, maps and text travel both ways', async () => {
    const client = new sqs.SQSClient({ ...https.client(), md5: false });
    const QueueUrl = `https://localhost:${https.port}/123456789012/orders`;
    await client.send(
      new sqs.SendMessageCommand({
        QueueUrl,
        MessageBody: '<&> größer 😀',
        DelaySeconds: 3,
        MessageAttributes: { raw: { DataType: 'Binary', BinaryValue: new Uint8Array([1, 2, 255]) } },
      }),
    );
    expect(received.SendMessage).toEqual({
      QueueUrl,
      MessageBody: '<&> größer 😀',
      DelaySeconds: 3,
      MessageAttributes: { raw: { DataType: 'Binary', BinaryValue: Buffer.from([1, 2, 255]) } },
    });
    const { Messages } = await client.send(new sqs.ReceiveMessageCommand({ QueueUrl }));
    expect(Messages?.[0]).toMatchObject({ Body: 'größer 😀', Attributes: { SentTimestamp: '1' } });
    expect([...(Messages?.[0]?.MessageAttributes?.bytes?.BinaryValue ?? [])]).toEqual([0, 255]);
  });

  // smithy.io, "AWS query compatible": the old code travels in x-amzn-query-error.
  test('an SQS error is its exception and carries the code of the query protocol', async () => {
    const client = new sqs.SQSClient(https.client());
    const refusal = {
      name: 'QueueDoesNotExist',
      message: 'The specified queue does not exist.',
      Code: 'AWS.SimpleQueueService.NonExistentQueue',
      Type: 'Sender',
    };
    await expect(client.send(new sqs.GetQueueUrlCommand({ QueueName: 'gone' }))).rejects.toMatchObject(refusal);
    await expect(client.send(new sqs.DeleteQueueCommand({ QueueUrl: 'gone' }))).rejects.toMatchObject(refusal);
  });

  test('modelled members of an error arrive, and dates keep their milliseconds', async () => {
    const client = new write.TimestreamWriteClient(https.client());
    await expect(
      client.send(new write.WriteRecordsCommand({ DatabaseName: 'd', TableName: 't', Records: [{}] })),
    ).rejects.toMatchObject({
      name: 'RejectedRecordsException',
      RejectedRecords: [{ RecordIndex: 3, Reason: 'too old', ExistingVersion: 1 }],
      $metadata: { httpStatusCode: 419 },
    });
    const { Database } = await client.send(new write.DescribeDatabaseCommand({ DatabaseName: 'fleet' }));
    expect(Database?.CreationTime).toEqual(new Date(1_767_225_600_123));
  });

  test('the halves of Timestream share a signing name and part by operation, or by the client where both know it', async () => {
    const reader = new query.TimestreamQueryClient(https.client());
    const writer = new write.TimestreamWriteClient(https.client());
    const answer = await reader.send(new query.QueryCommand({ QueryString: 'SELECT 1' }));
    expect(answer.Rows).toEqual([{ Data: [{ ScalarValue: '1.5' }, { NullValue: true }] }]);
    expect((await reader.send(new query.DescribeEndpointsCommand({}))).Endpoints?.[0]?.Address).toBe('query');
    expect((await writer.send(new write.DescribeEndpointsCommand({}))).Endpoints?.[0]?.Address).toBe('write');
  });

  test('nested required members that are missing are all named by AWS paths', async () => {
    const client = new write.TimestreamWriteClient(https.client());
    const Records = [{ Dimensions: [{ Name: 'a', Value: undefined }] }, { MeasureValues: [{}] as never }];
    await expect(
      client.send(new write.WriteRecordsCommand({ DatabaseName: 'd', TableName: 't', Records })),
    ).rejects.toMatchObject({
      name: 'ValidationException',
      message:
        "4 validation errors detected: Value null at 'records.1.member.dimensions.1.member.value' failed to satisfy constraint: Member must not be null; Value null at 'records.2.member.measureValues.1.member.name' failed to satisfy constraint: Member must not be null; Value null at 'records.2.member.measureValues.1.member.value' failed to satisfy constraint: Member must not be null; Value null at 'records.2.member.measureValues.1.member.type' failed to satisfy constraint: Member must not be null",
    });
  });

  test('a fault of the cloud is a 500 that tells nothing of its inside', async () => {
    const client = new sqs.SQSClient(https.client());
    const refusal = {
      name: 'InternalServerError',
      message: expect.not.stringContaining('secret'),
      $metadata: expect.objectContaining({ httpStatusCode: 500 }),
    };
    await expect(client.send(new sqs.PurgeQueueCommand({ QueueUrl: 'q' }))).rejects.toMatchObject(refusal);
    await expect(client.send(new sqs.ListQueuesCommand({}))).rejects.toMatchObject(refusal);
  });

  test('an operation that is not built, and a service that is not here, answer 501', async () => {
    const reader = new query.TimestreamQueryClient(https.client());
    await expect(reader.send(new query.CancelQueryCommand({ QueryId: 'q' }))).rejects.toMatchObject({
      name: 'NotImplemented',
      message: 'timestream-query CancelQuery is not implemented by the local cloud',
      $metadata: { httpStatusCode: 501 },
    });
    const { CloudFormationClient, ListStacksCommand } = await import('@aws-sdk/client-cloudformation');
    await expect(new CloudFormationClient(https.client()).send(new ListStacksCommand({}))).rejects.toMatchObject({
      name: 'NotImplemented',
      message: 'The service cloudformation is not implemented by the local cloud',
    });
  });
});

// smithy.io, "AWS restJson1 protocol" and "HTTP bindings".
describe('restJson', () => {
  test('path labels, query parameters, headers and the body make one input', async () => {
    const client = new iot.IoTClient(https.client());
    const created = await client.send(
      new iot.CreateThingCommand({
        thingName: 'pump:1/ä',
        thingTypeName: 'pump',
        attributePayload: { attributes: { site: 'north' }, merge: false },
      }),
    );
    expect(created.thingName).toBe('pump:1/ä');
    expect(received.CreateThing).toEqual({
      thingName: 'pump:1/ä',
      thingTypeName: 'pump',
      attributePayload: { attributes: { site: 'north' }, merge: false },
    });
    const { things } = await client.send(
      new iot.ListThingsCommand({ maxResults: 5, attributeName: 'a b', usePrefixAttributeValue: true }),
    );
    expect(received.ListThings).toEqual({ maxResults: 5, attributeName: 'a b', usePrefixAttributeValue: true });
    expect(things?.[0]).toEqual({ thingName: 'pump', attributes: { a: '1' }, version: 1 });
    await client.send(new iot.AttachPolicyCommand({ policyName: 'p', target: 'arn:aws:iot:us-east-1:1:cert/c' }));
    expect(received.AttachPolicy).toEqual({ policyName: 'p', target: 'arn:aws:iot:us-east-1:1:cert/c' });
  });

  test('errors carry their type in a header and their modelled members', async () => {
    const client = new iot.IoTClient(https.client());
    await expect(client.send(new iot.DescribeThingCommand({ thingName: 'nowhere' }))).rejects.toMatchObject({
      name: 'ResourceNotFoundException',
      message: 'Thing nowhere not found',
      $metadata: { httpStatusCode: 404 },
    });
    await expect(client.send(new iot.CreateKeysAndCertificateCommand({}))).rejects.toMatchObject({
      name: 'ResourceAlreadyExistsException',
      resourceId: 'r',
      resourceArn: 'arn:r',
    });
    await expect(
      new lambda.LambdaClient(https.client()).send(new lambda.GetFunctionCommand({ FunctionName: 'f' })),
    ).rejects.toMatchObject({ name: 'TooManyRequestsException', retryAfterSeconds: '7', Type: 'User' });
  });

  test('payloads of bytes, headers with JSON in them and status codes are bound', async () => {
    const client = new iotData.IoTDataPlaneClient(https.client());
    await client.send(
      new iotData.PublishCommand({
        topic: 'fleet/north/pump',
        qos: 1,
        payload: new Uint8Array([123, 0, 125]),
        userProperties: JSON.stringify([{ a: 'b' }]),
      }),
    );
    expect(received.Publish).toEqual({
      topic: 'fleet/north/pump',
      qos: 1,
      payload: Buffer.from([123, 0, 125]),
      userProperties: '[{"a":"b"}]',
    });
    const { payload } = await client.send(new iotData.GetThingShadowCommand({ thingName: 'pump' }));
    expect(Buffer.from(payload ?? []).toString()).toBe('{"state":{}}');
    const kept = await client.send(new iotData.GetRetainedMessageCommand({ topic: 't' }));
    expect([Buffer.from(kept.payload ?? []).toString(), kept.lastModifiedTime]).toEqual(['kept', 5]);
    const result = await new lambda.LambdaClient(https.client()).send(
      new lambda.InvokeCommand({
        FunctionName: 'arn:aws:lambda:us-east-1:123456789012:function:f',
        InvocationType: 'Event',
        Qualifier: '$LATEST',
        Payload: Buffer.from('{"x":1}'),
      }),
    );
    expect(received.Invoke).toEqual({
      FunctionName: 'arn:aws:lambda:us-east-1:123456789012:function:f',
      InvocationType: 'Event',
      Qualifier: '$LATEST',
      Payload: Buffer.from('{"x":1}'),
    });
    expect(result).toMatchObject({ StatusCode: 202, FunctionError: 'Unhandled', ExecutedVersion: '$LATEST' });
    expect(Buffer.from(result.Payload ?? []).toString()).toBe('"done"');
  });

  test('an operation that is not built answers 501', async () => {
    await expect(new iot.IoTClient(https.client()).send(new iot.ListJobsCommand({}))).rejects.toMatchObject({
      name: 'NotImplemented',
      message: 'iot ListJobs is not implemented by the local cloud',
      $metadata: { httpStatusCode: 501 },
    });
  });
});
