import {
  CreateRoleCommand,
  GetRoleCommand,
  GetRolePolicyCommand,
  IAMClient,
  ListRolesCommand,
  PutRolePolicyCommand,
  UpdateRoleCommand,
} from '@aws-sdk/client-iam';
import { AssumeRoleCommand, GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { type HttpsCloud, startHttpsCloud } from '../../local-cloud/src/testing/https.ts';

// source: IAM and STS API references; IAM user guide, "Troubleshoot access denied error messages"

const TRUST = JSON.stringify({
  Version: '2012-10-17',
  Statement: { Effect: 'Allow', Principal: { AWS: '123456789012' }, Action: 'sts:AssumeRole' },
});

let https: HttpsCloud;
let iam: IAMClient;
let sts: STSClient;

beforeAll(async () => {
  https = await startHttpsCloud();
  iam = new IAMClient(https.client());
  sts = new STSClient(https.client());
});

afterAll(() => https.close());

// awsQuery over real HTTPS, through the real clients of both services.
test('the administrator is the root of the account', async () => {
  expect(await sts.send(new GetCallerIdentityCommand({}))).toMatchObject({
    Account: '123456789012',
    Arn: 'arn:aws:iam::123456789012:root',
    UserId: '123456789012',
    $metadata: { httpStatusCode: 200, requestId: expect.stringMatching(/^[0-9a-f-]{36}$/) },
  });
});

test('structures, lists, dates and encoded documents come back as the client reads them', async () => {
  const created = await iam.send(
    new CreateRoleCommand({
      RoleName: 'operator',
      AssumeRolePolicyDocument: TRUST,
      Description: 'a & b < c "quoted"',
      Tags: [
        { Key: 'stage', Value: 'dev' },
        { Key: 'owner', Value: 'fleet team' },
      ],
    }),
  );
  expect(created.Role?.CreateDate).toBeInstanceOf(Date);
  const { Role } = await iam.send(new GetRoleCommand({ RoleName: 'operator' }));
  expect(Role).toEqual(created.Role);
  expect(Role).toMatchObject({
    Description: 'a & b < c "quoted"',
    MaxSessionDuration: 3600,
    Tags: [
      { Key: 'stage', Value: 'dev' },
      { Key: 'owner', Value: 'fleet team' },
    ],
  });
  expect(decodeURIComponent(Role?.AssumeRolePolicyDocument ?? '')).toBe(JSON.stringify(JSON.parse(TRUST)));
  const { Roles, IsTruncated } = await iam.send(new ListRolesCommand({ MaxItems: 10 }));
  expect(Roles?.map((role) => role.RoleName)).toContain('operator');
  expect(IsTruncated).toBe(false);
});

test('a session of a role is held to its policies, with the words of AWS', async () => {
  await iam.send(new CreateRoleCommand({ RoleName: 'reader', AssumeRolePolicyDocument: TRUST }));
  const document = { Version: '2012-10-17', Statement: { Effect: 'Allow', Action: 'iam:ListRoles', Resource: '*' } };
  await iam.send(
    new PutRolePolicyCommand({ RoleName: 'reader', PolicyName: 'list', PolicyDocument: JSON.stringify(document) }),
  );
  const { Credentials } = await sts.send(
    new AssumeRoleCommand({ RoleArn: 'arn:aws:iam::123456789012:role/reader', RoleSessionName: 'alice' }),
  );
  const session = new IAMClient(
    https.client({
      accessKeyId: Credentials?.AccessKeyId ?? '',
      secretAccessKey: Credentials?.SecretAccessKey ?? '',
      sessionToken: Credentials?.SessionToken ?? '',
    }),
  );
  await expect(session.send(new ListRolesCommand({}))).resolves.toBeDefined();
  await expect(session.send(new GetRoleCommand({ RoleName: 'reader' }))).rejects.toMatchObject({
    name: 'AccessDenied',
    message:
      'User: arn:aws:sts::123456789012:assumed-role/reader/alice is not authorized to perform: iam:GetRole on resource: arn:aws:iam::123456789012:role/reader because no identity-based policy allows the iam:GetRole action',
    $metadata: { httpStatusCode: 403 },
  });
});

describe('refusals', () => {
  test('a modelled error arrives as its own exception', async () => {
    await expect(
      iam.send(new GetRolePolicyCommand({ RoleName: 'operator', PolicyName: 'none' })),
    ).rejects.toMatchObject({
      name: 'NoSuchEntityException',
      message: 'The role policy with name none cannot be found.',
      $fault: 'client',
      $metadata: { httpStatusCode: 404 },
    });
  });

  test('an operation that is not built answers 501 naming service and operation', async () => {
    await expect(iam.send(new UpdateRoleCommand({ RoleName: 'operator' }))).rejects.toMatchObject({
      name: 'NotImplemented',
      message: 'iam UpdateRole is not implemented by the local cloud',
      $metadata: { httpStatusCode: 501 },
    });
  });

  test('a missing required member is named', async () => {
    await expect(iam.send(new GetRoleCommand({ RoleName: undefined }))).rejects.toMatchObject({
      name: 'ValidationError',
      message:
        "1 validation error detected: Value null at 'roleName' failed to satisfy constraint: Member must not be null",
    });
  });
});
