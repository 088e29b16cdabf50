import {
  ConditionalCheckFailedException,
  CreateTableCommand,
  DescribeTableCommand,
  DynamoDBClient,
  ExecuteStatementCommand,
  TransactionCanceledException,
  waitUntilTableExists,
} from '@aws-sdk/client-dynamodb';
import { CreateRoleCommand, IAMClient, PutRolePolicyCommand } from '@aws-sdk/client-iam';
import { AssumeRoleCommand, STSClient } from '@aws-sdk/client-sts';
import {
  BatchWriteCommand,
  DynamoDBDocumentClient,
  GetCommand,
  PutCommand,
  QueryCommand,
  TransactWriteCommand,
  UpdateCommand,
} from '@aws-sdk/lib-dynamodb';
import { createDynamodbPlugin } from '../../local-cloud/src/services/dynamodb/plugin.ts';
import { type HttpsCloud, startHttpsCloud } from '../../local-cloud/src/testing/https.ts';

/** The real clients against the real front door and IAM. Expected values: DynamoDB API reference and developer guide. */

const TableName = 'received';
let https: HttpsCloud;
let client: DynamoDBClient;
let documents: DynamoDBDocumentClient;

beforeAll(async () => {
  https = await startHttpsCloud({ plugins: [createDynamodbPlugin] });
  client = new DynamoDBClient(https.client());
  documents = DynamoDBDocumentClient.from(client);
  const { TableDescription } = await client.send(
    new CreateTableCommand({
      TableName,
      BillingMode: 'PAY_PER_REQUEST',
      AttributeDefinitions: [
        { AttributeName: 'stream', AttributeType: 'S' },
        { AttributeName: 'block', AttributeType: 'N' },
      ],
      KeySchema: [
        { AttributeName: 'stream', KeyType: 'HASH' },
        { AttributeName: 'block', KeyType: 'RANGE' },
      ],
    }),
  );
  expect(TableDescription?.TableStatus).toBe('CREATING');
  await waitUntilTableExists({ client, maxWaitTime: 5, minDelay: 1 }, { TableName });
});
afterAll(() => https.close());

test('the table is described with dates and the ARN of the account', async () => {
  const { Table } = await client.send(new DescribeTableCommand({ TableName }));
  expect(Table?.CreationDateTime).toBeInstanceOf(Date);
  expect(Table).toMatchObject({
    TableArn: 'arn:aws:dynamodb:us-east-1:123456789012:table/received',
    TableStatus: 'ACTIVE',
  });
});

test('documents of every type come back', async () => {
  const Item = {
    stream: 'a',
    block: 1,
    text: 'ü',
    bytes: new Uint8Array([0, 255]),
    numbers: new Set([1, 2.5]),
    nested: { list: [null, true, { deep: 'x' }] },
    empty: '',
  };
  await documents.send(new PutCommand({ TableName, Item }));
  const got = await documents.send(new GetCommand({ TableName, Key: { stream: 'a', block: 1 } }));
  expect(got.Item).toEqual(Item);
});

test('updates, queries and batches', async () => {
  await documents.send(
    new BatchWriteCommand({
      RequestItems: { [TableName]: [1, 2, 3].map((block) => ({ PutRequest: { Item: { stream: 'q', block } } })) },
    }),
  );
  const { Attributes } = await documents.send(
    new UpdateCommand({
      TableName,
      Key: { stream: 'q', block: 2 },
      UpdateExpression: 'ADD seen :one SET #l = :l',
      ExpressionAttributeNames: { '#l': 'last' },
      ExpressionAttributeValues: { ':one': 1, ':l': 'now' },
      ReturnValues: 'ALL_NEW',
    }),
  );
  expect(Attributes).toEqual({ stream: 'q', block: 2, seen: 1, last: 'now' });
  const { Items } = await documents.send(
    new QueryCommand({
      TableName,
      KeyConditionExpression: '#s = :s AND #b >= :b',
      ExpressionAttributeNames: { '#s': 'stream', '#b': 'block' },
      ExpressionAttributeValues: { ':s': 'q', ':b': 2 },
    }),
  );
  expect(Items?.map((item) => item.block)).toEqual([2, 3]);
});

test('errors are those that the client knows, with their members', async () => {
  await documents.send(new PutCommand({ TableName, Item: { stream: 'c', block: 1, owner: 'x' } }));
  const refused = documents.send(
    new PutCommand({
      TableName,
      Item: { stream: 'c', block: 1 },
      ConditionExpression: 'attribute_not_exists(#s)',
      ExpressionAttributeNames: { '#s': 'stream' },
      ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
    }),
  );
  await expect(refused).rejects.toBeInstanceOf(ConditionalCheckFailedException);
  await expect(refused).rejects.toMatchObject({ Item: { owner: { S: 'x' } } });
  const cancelled = documents.send(
    new TransactWriteCommand({
      TransactItems: [
        { Put: { TableName, Item: { stream: 't', block: 1 } } },
        {
          Delete: {
            TableName,
            Key: { stream: 'c', block: 1 },
            ConditionExpression: '#o = :y',
            ExpressionAttributeNames: { '#o': 'owner' },
            ExpressionAttributeValues: { ':y': 'y' },
          },
        },
      ],
    }),
  );
  await expect(cancelled).rejects.toBeInstanceOf(TransactionCanceledException);
  await expect(cancelled).rejects.toMatchObject({
    CancellationReasons: [{ Code: 'None' }, { Code: 'ConditionalCheckFailed' }],
  });
  expect((await documents.send(new GetCommand({ TableName, Key: { stream: 't', block: 1 } }))).Item).toBeUndefined();
  await expect(client.send(new ExecuteStatementCommand({ Statement: 'SELECT * FROM received' }))).rejects.toMatchObject(
    {
      name: 'NotImplemented',
      $metadata: { httpStatusCode: 501 },
    },
  );
});

test('a role may reach its own partition only', async () => {
  const iam = new IAMClient(https.client());
  const document = (Statement: object) => JSON.stringify({ Version: '2012-10-17', Statement });
  const { Role } = await iam.send(
    new CreateRoleCommand({
      RoleName: 'own',
      AssumeRolePolicyDocument: document({
        Effect: 'Allow',
        Principal: { AWS: '123456789012' },
        Action: 'sts:AssumeRole',
      }),
    }),
  );
  await iam.send(
    new PutRolePolicyCommand({
      RoleName: 'own',
      PolicyName: 'p',
      PolicyDocument: document({
        Effect: 'Allow',
        Action: ['dynamodb:GetItem', 'dynamodb:Query'],
        Resource: 'arn:aws:dynamodb:us-east-1:123456789012:table/received',
        Condition: { 'ForAllValues:StringEquals': { 'dynamodb:LeadingKeys': ['a'] } },
      }),
    }),
  );
  const { Credentials } = await new STSClient(https.client()).send(
    new AssumeRoleCommand({ RoleArn: Role?.Arn, RoleSessionName: 'test' }),
  );
  const own = DynamoDBDocumentClient.from(
    new DynamoDBClient(
      https.client({
        accessKeyId: Credentials?.AccessKeyId as string,
        secretAccessKey: Credentials?.SecretAccessKey as string,
        sessionToken: Credentials?.SessionToken as string,
      }),
    ),
  );
  await own.send(new GetCommand({ TableName, Key: { stream: 'a', block: 1 } }));
  await expect(own.send(new GetCommand({ TableName, Key: { stream: 'c', block: 1 } }))).rejects.toMatchObject({
    name: 'AccessDeniedException',
  });
  await expect(own.send(new PutCommand({ TableName, Item: { stream: 'a', block: 9 } }))).rejects.toMatchObject({
    name: 'AccessDeniedException',
    message: expect.stringMatching(/dynamodb:PutItem.*table\/received/),
  });
});
