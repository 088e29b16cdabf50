import type { FunctionConfiguration, ListFunctionsResponse } from '@aws-sdk/client-lambda';
import type { ServicePrincipal } from '../../local-cloud/src/core/iam/principal.ts';
import { testScope } from '../../local-cloud/src/testing/context.ts';
import { LambdaCloud, ROLE } from './lambda-cloud.ts';

/** Source: AWS Lambda API reference. */

let cloud: LambdaCloud;

beforeEach(async () => {
  cloud = await new LambdaCloud().start();
});

afterEach(() => cloud.close());

const ECHO = 'exports.handler = async (event) => event;';
const ARN = 'arn:aws:lambda:us-east-1:123456789012:function:fn';

/** A stored ZIP archive of one file, in base64: `index.js` with `exports.handler = async () => 'zipped';`. */
const ZIP = storedZip('index.js', "exports.handler = async () => 'zipped';");

test('a function made through the API has the defaults of AWS and runs its archive', async () => {
  const input = {
    FunctionName: 'fn',
    Runtime: 'nodejs22.x',
    Handler: 'index.handler',
    Role: ROLE,
    Code: { ZipFile: ZIP },
  };
  const created = await cloud.call<FunctionConfiguration>('CreateFunction', input);
  expect(created).toMatchObject({
    FunctionName: 'fn',
    FunctionArn: ARN,
    Runtime: 'nodejs22.x',
    Timeout: 3,
    MemorySize: 128,
    Version: '$LATEST',
    PackageType: 'Zip',
    Architectures: ['x86_64'],
    EphemeralStorage: { Size: 512 },
    TracingConfig: { Mode: 'PassThrough' },
    LoggingConfig: { LogFormat: 'Text', LogGroup: '/aws/lambda/fn' },
    LastModified: '2026-01-01T00:00:00.000+0000',
    CodeSha256: expect.stringMatching(/^[A-Za-z0-9+/]{43}=$/),
  });
  expect((await cloud.invoke()).payload).toBe('zipped');
  expect(cloud.cloud.asked).toContainEqual({
    action: 'iam:PassRole',
    resource: ROLE,
    conditions: { 'iam:PassedToService': 'lambda.amazonaws.com' },
  });
  await expect(cloud.call('CreateFunction', input)).rejects.toMatchObject({
    code: 'ResourceConflictException',
    message: 'Function already exist: fn',
    statusCode: 409,
  });
  await cloud.call('UpdateFunctionCode', { FunctionName: 'fn', ZipFile: storedZip('index.js', ECHO) });
  expect((await cloud.invoke({ a: 1 })).payload).toEqual({ a: 1 });
});

test.each([
  [
    { Runtime: 'nodejs20.x' },
    'InvalidParameterValueException',
    'The runtime parameter of nodejs20.x is no longer supported',
  ],
  [{ Runtime: 'python3.13' }, 'NotImplemented', 'Lambda runtime python3.13'],
  [{ Timeout: 901 }, 'ValidationException', "Value '901' at 'timeout'"],
  [{ MemorySize: 64 }, 'ValidationException', "Value '64' at 'memorySize'"],
  [{ Role: 'r1' }, 'ValidationException', "Value 'r1' at 'role'"],
  [{ Layers: ['arn:aws:lambda:us-east-1:123456789012:layer:l:1'] }, 'NotImplemented', 'Layers'],
  [{ VpcConfig: { SubnetIds: ['subnet-1'] } }, 'NotImplemented', 'VpcConfig'],
  [
    { Environment: { Variables: { AWS_REGION: 'x' } } },
    'InvalidParameterValueException',
    'Reserved keys used in this request: AWS_REGION',
  ],
  [
    { Environment: { Variables: { BIG: 'x'.repeat(4096) } } },
    'InvalidParameterValueException',
    'exceeded the 4KB limit',
  ],
  [{ LoggingConfig: { ApplicationLogLevel: 'INFO' } }, 'InvalidParameterValueException', 'LogFormat to JSON'],
  [{ DeadLetterConfig: { TargetArn: 'arn:aws:sns:us-east-1:123456789012:t' } }, 'NotImplemented', 'SNS'],
  [{ FunctionName: 'a b' }, 'ValidationException', "at 'functionName'"],
  [{ Code: { ZipFile: Buffer.from('no zip') } }, 'InvalidParameterValueException', 'Could not unzip uploaded file'],
  [{ Code: { ImageUri: 'x' } }, 'NotImplemented', 'container images'],
  [{ Publish: true }, 'NotImplemented', 'versions'],
])('%j is refused with %s', async (change, code, message) => {
  const input = {
    FunctionName: 'fn',
    Runtime: 'nodejs24.x',
    Handler: 'index.handler',
    Role: ROLE,
    Code: { ZipFile: ZIP },
  };
  await expect(cloud.call('CreateFunction', { ...input, ...change })).rejects.toMatchObject({
    code,
    message: expect.stringContaining(message),
  });
});

test('a role that Lambda cannot take on refuses the function', async () => {
  const authorizer = cloud.cloud.ports.get('authorizer');
  const { AwsError } = await import('../../local-cloud/src/core/errors.ts');
  cloud.cloud.ports.provide('authorizer', {
    ...authorizer,
    assumeRole() {
      throw new AwsError('AccessDenied', 'the role does not trust lambda.amazonaws.com', 403);
    },
  });
  await expect(cloud.function(ECHO)).rejects.toMatchObject({
    code: 'InvalidParameterValueException',
    message: expect.stringContaining('The role defined for the function cannot be assumed by Lambda.'),
  });
});

test('functions are listed in pages, shown with tags and concurrency, and deleted', async () => {
  for (const name of ['a', 'b', 'c']) await cloud.function(ECHO, { Tags: [{ Key: 'k', Value: name }] }, name);
  const list = (input: object) => cloud.call<ListFunctionsResponse>('ListFunctions', input);
  const first = await list({ MaxItems: 2 });
  const second = await list({ MaxItems: 2, Marker: first.NextMarker });
  expect([first, second].map(({ Functions }) => Functions?.map((each) => each.FunctionName))).toEqual([
    ['a', 'b'],
    ['c'],
  ]);
  expect(second.NextMarker).toBeUndefined();
  await cloud.call('PutFunctionConcurrency', { FunctionName: 'a', ReservedConcurrentExecutions: 5 });
  expect(await cloud.call('GetFunction', { FunctionName: 'a' })).toMatchObject({
    Tags: { k: 'a' },
    Concurrency: { ReservedConcurrentExecutions: 5 },
  });
  await cloud.call('DeleteFunction', { FunctionName: 'a' });
  await expect(cloud.call('GetFunction', { FunctionName: 'a' })).rejects.toMatchObject({ statusCode: 404 });
  await expect(
    cloud.call('UpdateFunctionConfiguration', { FunctionName: 'b', Timeout: 5, RevisionId: 'another' }),
  ).rejects.toMatchObject({ code: 'PreconditionFailedException', statusCode: 412 });
});

test('names are taken as name, partial ARN and ARN; foreign ones are not found', async () => {
  await cloud.function(ECHO);
  for (const FunctionName of ['fn', 'function:fn', '123456789012:function:fn', ARN, `${ARN}:$LATEST`]) {
    expect(await cloud.call('GetFunctionConfiguration', { FunctionName })).toMatchObject({ FunctionArn: ARN });
  }
  await expect(
    cloud.call('GetFunction', { FunctionName: ARN.replace('us-east-1', 'eu-west-1') }),
  ).rejects.toMatchObject({ message: "Functions from 'eu-west-1' are not reachable in this region ('us-east-1')" });
  await expect(cloud.call('GetFunction', { FunctionName: `${ARN}:live` })).rejects.toMatchObject({
    message: `Function not found: ${ARN}:live`,
  });
});

test('AddPermission writes the statement that Invoke is decided by', async () => {
  await cloud.function(ECHO);
  const SourceArn = 'arn:aws:iot:us-east-1:123456789012:rule/telemetry';
  const { Statement } = await cloud.call<{ Statement: string }>('AddPermission', {
    FunctionName: 'fn',
    StatementId: 'iot',
    Action: 'lambda:InvokeFunction',
    Principal: 'iot.amazonaws.com',
    SourceArn,
    SourceAccount: '123456789012',
  });
  const statement = {
    Sid: 'iot',
    Effect: 'Allow',
    Principal: { Service: 'iot.amazonaws.com' },
    Action: 'lambda:InvokeFunction',
    Resource: ARN,
    Condition: {
      StringEquals: { 'AWS:SourceAccount': '123456789012' },
      ArnLike: { 'AWS:SourceArn': SourceArn },
    },
  };
  expect(JSON.parse(Statement)).toEqual(statement);
  const { Policy } = await cloud.call<{ Policy: string }>('GetPolicy', { FunctionName: 'fn' });
  expect(JSON.parse(Policy)).toEqual({ Version: '2012-10-17', Id: 'default', Statement: [statement] });
  const iot: ServicePrincipal = { kind: 'service', service: 'iot.amazonaws.com', sourceArn: SourceArn };
  cloud.cloud.asked.length = 0;
  await cloud.cloud.dispatcher.call(iot, 'lambda', 'Invoke', { FunctionName: 'fn', InvocationType: 'DryRun' });
  expect(cloud.cloud.asked).toEqual([
    { action: 'lambda:InvokeFunction', resource: ARN, resourcePolicy: JSON.parse(Policy) },
  ]);
  await expect(
    cloud.call('AddPermission', {
      FunctionName: 'fn',
      StatementId: 'iot',
      Action: 'lambda:InvokeFunction',
      Principal: '*',
    }),
  ).rejects.toMatchObject({ code: 'ResourceConflictException' });
  await expect(
    cloud.call('AddPermission', {
      FunctionName: 'fn',
      StatementId: 'x',
      Action: 'lambda:InvokeFunction',
      Principal: 'nobody',
    }),
  ).rejects.toMatchObject({ message: 'The provided principal was invalid. Please check the principal and try again.' });
  await cloud.call('RemovePermission', { FunctionName: 'fn', StatementId: 'iot' });
  await expect(cloud.call('GetPolicy', { FunctionName: 'fn' })).rejects.toMatchObject({
    code: 'ResourceNotFoundException',
    message: 'The resource you requested does not exist.',
  });
});

test('the permission resource adds a statement and takes it away', async () => {
  await cloud.function(ECHO);
  const provider = cloud.provider('AWS::Lambda::Permission');
  const properties = { Action: 'lambda:InvokeFunction', FunctionName: ARN, Principal: '123456789012' };
  const state = await provider.create(properties, testScope('Permission'));
  const { Policy } = await cloud.call<{ Policy: string }>('GetPolicy', { FunctionName: 'fn' });
  expect(JSON.parse(Policy).Statement).toMatchObject([
    { Sid: state.physicalId, Principal: { AWS: 'arn:aws:iam::123456789012:root' }, Resource: ARN },
  ]);
  await provider.delete(state, properties, testScope('Permission'));
  await expect(cloud.call('GetPolicy', { FunctionName: 'fn' })).rejects.toMatchObject({ statusCode: 404 });
  await provider.delete(state, properties, testScope('Permission'));
});

test('the event invoke resource sets and removes the settings', async () => {
  await cloud.function(ECHO);
  const provider = cloud.provider('AWS::Lambda::EventInvokeConfig');
  const properties = { FunctionName: 'fn', Qualifier: '$LATEST', MaximumRetryAttempts: 0 };
  const state = await provider.create(properties, testScope());
  expect(await cloud.call('GetFunctionEventInvokeConfig', { FunctionName: 'fn' })).toMatchObject({
    MaximumRetryAttempts: 0,
  });
  await provider.delete(state, properties, testScope());
  await expect(cloud.call('GetFunctionEventInvokeConfig', { FunctionName: 'fn' })).rejects.toMatchObject({
    code: 'ResourceNotFoundException',
  });
});

/** PKWARE APPNOTE 6.3: one stored entry. */
function storedZip(name: string, text: string): Buffer {
  const data = Buffer.from(text);
  const local = Buffer.alloc(30);
  local.writeUInt32LE(0x04034b50, 0);
  local.writeUInt16LE(name.length, 26);
  const central = Buffer.alloc(46);
  central.writeUInt32LE(0x02014b50, 0);
  central.writeUInt32LE(data.length, 20);
  central.writeUInt32LE(data.length, 24);
  central.writeUInt16LE(name.length, 28);
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(1, 10);
  end.writeUInt32LE(30 + name.length + data.length, 16);
  return Buffer.concat([local, Buffer.from(name), data, central, Buffer.from(name), end]);
}
