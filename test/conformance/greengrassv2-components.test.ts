import { createHash } from 'node:crypto';
import {
  CreateComponentVersionCommand,
  DeleteComponentCommand,
  DescribeComponentCommand,
  GetComponentCommand,
  GreengrassV2Client,
  ListComponentsCommand,
  ListComponentVersionsCommand,
  ListTagsForResourceCommand,
  ResolveComponentCandidatesCommand,
  TagResourceCommand,
  UntagResourceCommand,
} from '@aws-sdk/client-greengrassv2';
import { CreateBucketCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { createGreengrassv2Plugin } from '../../local-cloud/src/services/greengrassv2/plugin.ts';
import { createS3Plugin } from '../../local-cloud/src/services/s3/plugin.ts';
import { ADMINISTRATOR } from '../../local-cloud/src/testing/context.ts';
import { type HttpsCloud, startHttpsCloud } from '../../local-cloud/src/testing/https.ts';

// source: AWS IoT Greengrass V2 API reference; Greengrass developer guide, publish-components, component-recipe-reference

const ARN = 'arn:aws:greengrass:us-east-1:123456789012:components:';
const ARTIFACT = Buffer.from('console.log("hello")\n');
const URI = 's3://artifacts/greeter/main.cjs';
let https: HttpsCloud;
let greengrass: GreengrassV2Client;

beforeAll(async () => {
  https = await startHttpsCloud({ plugins: [createS3Plugin, createGreengrassv2Plugin] });
  greengrass = new GreengrassV2Client(https.client());
  const s3 = new S3Client({ ...https.client(), forcePathStyle: true });
  await s3.send(new CreateBucketCommand({ Bucket: 'artifacts' }));
  await s3.send(new PutObjectCommand({ Bucket: 'artifacts', Key: 'greeter/main.cjs', Body: ARTIFACT }));
  s3.destroy();
});
afterAll(async () => {
  greengrass.destroy();
  await https.close();
});

const recipe = (name: string, version: string, more: object = {}) => ({
  RecipeFormatVersion: '2020-01-25',
  ComponentName: name,
  ComponentVersion: version,
  ComponentDescription: 'says hello',
  ComponentPublisher: 'Example',
  Manifests: [{ Platform: { os: 'linux' }, Lifecycle: { Run: 'node main.cjs' }, Artifacts: [{ URI }] }],
  ...more,
});
const create = (value: object | string, more: object = {}, client = greengrass) =>
  client.send(
    new CreateComponentVersionCommand({
      inlineRecipe: Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)),
      ...more,
    }),
  );

/** A client with a role that has these permissions and no others. */
async function clientWith(name: string, statement: object): Promise<GreengrassV2Client> {
  const { api, ports } = https.cloud;
  const trust = { Effect: 'Allow', Principal: { AWS: '123456789012' }, Action: 'sts:AssumeRole' };
  const document = (Statement: object) => JSON.stringify({ Version: '2012-10-17', Statement });
  await api.call(ADMINISTRATOR, 'iam', 'CreateRole', { RoleName: name, AssumeRolePolicyDocument: document(trust) });
  await api.call(ADMINISTRATOR, 'iam', 'PutRolePolicy', {
    RoleName: name,
    PolicyName: 'only',
    PolicyDocument: document(statement),
  });
  const session = ports.get('authorizer').assumeRole(ADMINISTRATOR, `arn:aws:iam::123456789012:role/${name}`, 'test');
  return new GreengrassV2Client(https.client(ports.get('credentials').issue(session, 3_600_000)));
}

test('a component version is made from a recipe in JSON, and described with its platforms', async () => {
  const made = await create(recipe('com.example.Greeter', '1.0.0'), { tags: { team: 'edge' } });
  const arn = `${ARN}com.example.Greeter:versions:1.0.0`;
  expect(made).toMatchObject({ arn, componentName: 'com.example.Greeter', componentVersion: '1.0.0' });
  expect(made.status).toMatchObject({ componentState: 'REQUESTED', errors: {} });
  expect(await greengrass.send(new DescribeComponentCommand({ arn }))).toMatchObject({
    arn,
    description: 'says hello',
    publisher: 'Example',
    status: { componentState: 'DEPLOYABLE', vendorGuidance: 'ACTIVE' },
    platforms: [{ attributes: { os: 'linux' } }],
    tags: { team: 'edge' },
  });
});

// source: publish-components, "AWS IoT Greengrass computes the digest of each artifact when you create the component"
test('the recipe is given back in JSON or YAML with the digest of each artifact', async () => {
  await create(recipe('com.example.Digest', '1.0.0'));
  const arn = `${ARN}com.example.Digest:versions:1.0.0`;
  const { recipe: json } = await greengrass.send(new GetComponentCommand({ arn }));
  const digest = createHash('sha256').update(ARTIFACT).digest('base64');
  expect(JSON.parse(Buffer.from(json ?? []).toString()).Manifests[0].Artifacts).toEqual([
    { URI, Digest: digest, Algorithm: 'SHA-256' },
  ]);
  const yaml = await greengrass.send(new GetComponentCommand({ arn, recipeOutputFormat: 'YAML' }));
  expect(yaml.recipeOutputFormat).toBe('YAML');
  expect(Buffer.from(yaml.recipe ?? []).toString()).toContain(`Digest: ${digest}`);
});

test('a recipe may be YAML', async () => {
  const yaml = `RecipeFormatVersion: '2020-01-25'\nComponentName: com.example.Yaml\nComponentVersion: 1.0.0\nManifests:\n  - Lifecycle:\n      Run: 'true'\n`;
  expect(await create(yaml)).toMatchObject({ componentName: 'com.example.Yaml', componentVersion: '1.0.0' });
});

// source: publish-components, "Each component version that you upload must be unique"
test('a version is one content for ever', async () => {
  await create(recipe('com.example.Once', '1.0.0'));
  await expect(create(recipe('com.example.Once', '1.0.0', { ComponentDescription: 'other' }))).rejects.toMatchObject({
    name: 'ConflictException',
    message: expect.stringContaining('com.example.Once : 1.0.0'),
    $metadata: { httpStatusCode: 409 },
  });
});

// source: CreateComponentVersion, clientToken
test('the same client token gives the same answer', async () => {
  const first = await create(recipe('com.example.Token', '1.0.0'), { clientToken: 'token-1' });
  expect(await create(recipe('com.example.Token', '1.0.0'), { clientToken: 'token-1' })).toMatchObject({
    arn: first.arn,
    creationTimestamp: first.creationTimestamp,
  });
});

test('an artifact that is not there is refused by its URI', async () => {
  const missing = [{ Artifacts: [{ URI: 's3://artifacts/nothing.zip' }] }];
  await expect(create(recipe('com.example.Missing', '1.0.0', { Manifests: missing }))).rejects.toMatchObject({
    name: 'ValidationException',
    message: expect.stringContaining('s3://artifacts/nothing.zip = Specified artifact resource cannot be accessed'),
  });
});

// source: CloudFormation schema of AWS::GreengrassV2::ComponentVersion, permissions of create: s3:GetObject
test('artifacts are read with the permissions of the caller', async () => {
  const client = await clientWith('without-s3', {
    Effect: 'Allow',
    Action: 'greengrass:CreateComponentVersion',
    Resource: '*',
  });
  await expect(create(recipe('com.example.Denied', '1.0.0'), {}, client)).rejects.toMatchObject({
    name: 'ValidationException',
    message: expect.stringContaining('cannot be accessed'),
  });
  client.destroy();
});

test.each([
  ['no recipe format', { RecipeFormatVersion: '2019-01-01' }, 'RecipeFormatVersion'],
  ['no version', { ComponentVersion: '1.0' }, 'semantic version'],
  ['a name with a slash', { ComponentName: 'com/example' }, 'ComponentName'],
  ['no manifest', { Manifests: [] }, 'Manifests'],
  ['an unknown section', { Manifest: [] }, 'Manifest'],
  ['a type that recipes cannot have', { ComponentType: 'aws.greengrass.lambda' }, 'ComponentType'],
  ['a dependency without range', { ComponentDependencies: { 'com.example.Other': {} } }, 'VersionRequirement'],
])('a recipe with %s is refused', async (_what, more, message) => {
  await expect(create(recipe('com.example.Wrong', '1.0.0', more))).rejects.toMatchObject({
    name: 'ValidationException',
    message: expect.stringContaining(message),
  });
});

// source: AWS General Reference, AWS IoT Greengrass V2 endpoints and quotas
test('a recipe has 16 KB at most', async () => {
  await expect(
    create(recipe('com.example.Large', '1.0.0', { ComponentDescription: 'x'.repeat(16_384) })),
  ).rejects.toMatchObject({ name: 'ValidationException', message: expect.stringContaining('16384') });
});

test('components are listed with their latest version, and versions newest first', async () => {
  for (const version of ['1.9.0', '1.10.0', '1.2.0']) await create(recipe('com.example.Many', version));
  const arn = `${ARN}com.example.Many`;
  const listed = await greengrass.send(new ListComponentsCommand({}));
  expect(listed.components?.find((component) => component.arn === arn)).toMatchObject({
    componentName: 'com.example.Many',
    latestVersion: { componentVersion: '1.10.0', arn: `${arn}:versions:1.10.0` },
  });
  const first = await greengrass.send(new ListComponentVersionsCommand({ arn, maxResults: 2 }));
  expect(first.componentVersions?.map((one) => one.componentVersion)).toEqual(['1.10.0', '1.9.0']);
  const { nextToken } = first;
  const second = await greengrass.send(new ListComponentVersionsCommand({ arn, maxResults: 2, nextToken }));
  expect(second.componentVersions?.map((one) => one.componentVersion)).toEqual(['1.2.0']);
});

test('a deleted version is gone, and another may not be deleted in its place', async () => {
  await create(recipe('com.example.Gone', '1.0.0'));
  const arn = `${ARN}com.example.Gone:versions:1.0.0`;
  await greengrass.send(new DeleteComponentCommand({ arn }));
  const gone = { name: 'ResourceNotFoundException', resourceId: arn, resourceType: 'componentVersion' };
  await expect(greengrass.send(new DescribeComponentCommand({ arn }))).rejects.toMatchObject(gone);
  await expect(greengrass.send(new DeleteComponentCommand({ arn }))).rejects.toMatchObject(gone);
});

// source: tag-resources
test('tags of a component version are added, listed and removed', async () => {
  await create(recipe('com.example.Tags', '1.0.0'), { tags: { a: '1' } });
  const resourceArn = `${ARN}com.example.Tags:versions:1.0.0`;
  await greengrass.send(new TagResourceCommand({ resourceArn, tags: { b: '2' } }));
  await greengrass.send(new UntagResourceCommand({ resourceArn, tagKeys: ['a'] }));
  expect((await greengrass.send(new ListTagsForResourceCommand({ resourceArn }))).tags).toEqual({ b: '2' });
});

// source: service authorization reference, Actions defined by AWS IoT Greengrass V2
test('permissions are asked for by the ARN of the component version', async () => {
  await create(recipe('com.example.Mine', '1.0.0'));
  await create(recipe('com.example.Theirs', '1.0.0'));
  const client = await clientWith('reads-mine', {
    Effect: 'Allow',
    Action: 'greengrass:GetComponent',
    Resource: `${ARN}com.example.Mine:versions:*`,
  });
  const get = (name: string) => client.send(new GetComponentCommand({ arn: `${ARN}${name}:versions:1.0.0` }));
  await expect(get('com.example.Mine')).resolves.toMatchObject({ recipeOutputFormat: 'JSON' });
  await expect(get('com.example.Theirs')).rejects.toMatchObject({ name: 'AccessDeniedException' });
  client.destroy();
});

describe('candidates of a core', () => {
  const resolve = (versionRequirements: Record<string, string>, attributes: Record<string, string>) =>
    greengrass.send(
      new ResolveComponentCandidatesCommand({
        platform: { name: 'linux', attributes },
        componentCandidates: [{ componentName: 'com.example.Choice', versionRequirements }],
      }),
    );
  beforeAll(async () => {
    for (const version of ['1.0.0', '1.4.0', '2.0.0']) await create(recipe('com.example.Choice', version));
  });

  test('the newest version that everything takes is chosen, with its recipe', async () => {
    const { resolvedComponentVersions } = await resolve({ a: '>=1.0.0', b: '^1.0.0' }, { os: 'linux' });
    expect(resolvedComponentVersions).toMatchObject([{ componentVersion: '1.4.0', vendorGuidance: 'ACTIVE' }]);
    const text = Buffer.from(resolvedComponentVersions?.[0]?.recipe ?? []).toString();
    expect(JSON.parse(text)).toMatchObject({ ComponentName: 'com.example.Choice', ComponentVersion: '1.4.0' });
  });

  // source: nucleus, ComponentServiceHelper.java
  test('without one that fits, or on another platform, there is none, in the words that the nucleus looks for', async () => {
    await expect(resolve({ a: '=3.0.0' }, { os: 'linux' })).rejects.toMatchObject({
      name: 'ResourceNotFoundException',
      message: expect.stringContaining('no usable version'),
    });
    await expect(resolve({ a: '*' }, { os: 'windows' })).rejects.toMatchObject({
      name: 'ResourceNotFoundException',
      message: expect.stringContaining('claim platform'),
    });
  });
});

// assumed: what is not built is refused by its name
test('components of Lambda functions and public components are refused by name', async () => {
  await expect(
    greengrass.send(new CreateComponentVersionCommand({ lambdaFunction: { lambdaArn: 'arn:aws:lambda:::f' } })),
  ).rejects.toMatchObject({ name: 'NotImplemented', message: expect.stringContaining('lambdaFunction') });
  await expect(greengrass.send(new ListComponentsCommand({ scope: 'PUBLIC' }))).rejects.toMatchObject({
    name: 'NotImplemented',
  });
});
