import type {
  GetRolePolicyResponse,
  GetRoleResponse,
  ListAttachedRolePoliciesResponse,
  ListRolesResponse,
  SimulatePolicyResponse,
} from '@aws-sdk/client-iam';
import type { AssumeRoleResponse, GetCallerIdentityResponse } from '@aws-sdk/client-sts';
import { systemEntropy } from '../../local-cloud/src/core/entropy.ts';
import type { Principal } from '../../local-cloud/src/core/iam/principal.ts';
import type { ServicePlugin } from '../../local-cloud/src/core/plugin.ts';
import type { ResourceProvider } from '../../local-cloud/src/core/resources.ts';
import { createIamPlugin } from '../../local-cloud/src/services/iam/plugin.ts';
import { createStsPlugin } from '../../local-cloud/src/services/sts/plugin.ts';
import { ADMINISTRATOR, createTestCloud, testScope } from '../../local-cloud/src/testing/context.ts';

const LAMBDA: Principal = { kind: 'service', service: 'lambda.amazonaws.com' };
const TRUST = {
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Principal: { Service: 'lambda.amazonaws.com' }, Action: 'sts:AssumeRole' }],
};
const TABLE = 'arn:aws:timestream:us-east-1:123456789012:database/fleet/table/telemetry';
const WRITE = {
  Version: '2012-10-17',
  Statement: { Effect: 'Allow', Action: 'timestream:WriteRecords', Resource: TABLE },
};

function setUp(directory?: string) {
  const cloud = createTestCloud({ entropy: systemEntropy, ...(directory === undefined ? {} : { directory }) });
  const plugin = cloud.use(createIamPlugin);
  cloud.use(createStsPlugin);
  return {
    cloud,
    plugin,
    role: provider(plugin, 'AWS::IAM::Role'),
    policy: provider(plugin, 'AWS::IAM::Policy'),
    managed: provider(plugin, 'AWS::IAM::ManagedPolicy'),
    iam: <O>(operation: string, input: object, principal = ADMINISTRATOR) =>
      cloud.api.call<O>(principal, 'iam', operation, input),
    sts: <O>(operation: string, input: object, principal = ADMINISTRATOR) =>
      cloud.api.call<O>(principal, 'sts', operation, input),
    may(roleArn: string, action = 'timestream:WriteRecords', resource = TABLE): boolean {
      const authorizer = cloud.ports.get('authorizer');
      const session = authorizer.assumeRole(LAMBDA, roleArn, 'test');
      try {
        authorizer.authorize(session, { action, resource }, { sourceIp: '127.0.0.1', secure: true });
        return true;
      } catch {
        return false;
      }
    },
  };
}

function provider(plugin: ServicePlugin, type: string): ResourceProvider {
  return plugin.resources?.find((resource) => resource.type === type) as ResourceProvider;
}

// CloudFormation template reference, "AWS::IAM::Role", "AWS::IAM::Policy", "AWS::IAM::ManagedPolicy".
describe('resources of a template', () => {
  test('a role carries its inline and managed policies, and GetAtt answers Arn and RoleId', async () => {
    const { role, may, iam, cloud } = setUp();
    const state = await role.create(
      {
        AssumeRolePolicyDocument: TRUST,
        Policies: [{ PolicyName: 'write', PolicyDocument: WRITE }],
        ManagedPolicyArns: ['arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole'],
        MaxSessionDuration: '7200',
        Path: '/fleet/',
        Tags: [{ Key: 'stage', Value: 'dev' }],
      },
      testScope('IngestRole'),
    );
    expect(state.physicalId).toBe('test-stack-IngestRole-ABCDEFGHIJKL');
    const arn = `arn:aws:iam::123456789012:role/fleet/${state.physicalId}`;
    expect(state.attributes).toEqual({ Arn: arn, RoleId: expect.stringMatching(/^AROA[A-Z2-7]{17}$/) });
    expect(may(arn)).toBe(true);
    expect(may(arn, 'logs:PutLogEvents', '*')).toBe(true);
    expect(may(arn, 'timestream:Select')).toBe(false);
    const { Role } = await iam<GetRoleResponse>('GetRole', { RoleName: state.physicalId });
    expect(Role).toMatchObject({ MaxSessionDuration: 7200, Path: '/fleet/', Tags: [{ Key: 'stage', Value: 'dev' }] });
    expect(JSON.parse(decodeURIComponent(Role?.AssumeRolePolicyDocument ?? ''))).toEqual(TRUST);
    await cloud.close();
  });

  test('an update takes away what the template no longer names and leaves policies of other resources alone', async () => {
    const { role, policy, may, cloud } = setUp();
    const before = { AssumeRolePolicyDocument: TRUST, Policies: [{ PolicyName: 'write', PolicyDocument: WRITE }] };
    const state = await role.create(before, testScope());
    const arn = String(state.attributes.Arn);
    const read = { Version: '2012-10-17', Statement: { Effect: 'Allow', Action: 'timestream:Select', Resource: '*' } };
    await policy.create({ PolicyName: 'read', PolicyDocument: read, Roles: [state.physicalId] }, testScope());
    expect([may(arn), may(arn, 'timestream:Select')]).toEqual([true, true]);
    await role.update({ AssumeRolePolicyDocument: TRUST }, before, state, testScope());
    expect([may(arn), may(arn, 'timestream:Select')]).toEqual([false, true]);
    await cloud.close();
  });

  test('an inline policy follows its document, its name and its roles, and goes when deleted', async () => {
    const { role, policy, may, iam, cloud } = setUp();
    const state = await role.create({ AssumeRolePolicyDocument: TRUST }, testScope());
    const arn = String(state.attributes.Arn);
    const first = { PolicyName: 'first', PolicyDocument: WRITE, Roles: [state.physicalId] };
    const created = await policy.create(first, testScope());
    expect(created.physicalId).toBe('first');
    expect(may(arn)).toBe(true);
    const second = { ...first, PolicyName: 'second' };
    const renamed = await policy.update(second, first, created, testScope());
    const { PolicyDocument } = await iam<GetRolePolicyResponse>('GetRolePolicy', {
      RoleName: state.physicalId,
      PolicyName: 'second',
    });
    expect(JSON.parse(decodeURIComponent(PolicyDocument ?? ''))).toEqual(WRITE);
    await expect(iam('GetRolePolicy', { RoleName: state.physicalId, PolicyName: 'first' })).rejects.toMatchObject({
      code: 'NoSuchEntity',
      statusCode: 404,
    });
    await policy.delete(renamed, second, testScope());
    expect(may(arn)).toBe(false);
    await role.delete(state, { AssumeRolePolicyDocument: TRUST }, testScope());
    await expect(iam('GetRole', { RoleName: state.physicalId })).rejects.toMatchObject({ code: 'NoSuchEntity' });
    await cloud.close();
  });

  test('a managed policy changes what its roles may do at once and cannot go while another role uses it', async () => {
    const { role, managed, may, iam, cloud } = setUp();
    const state = await role.create({ AssumeRolePolicyDocument: TRUST, RoleName: 'worker' }, testScope());
    const arn = String(state.attributes.Arn);
    const before = { ManagedPolicyName: 'write', PolicyDocument: WRITE, Roles: ['worker'] };
    const policy = await managed.create(before, testScope());
    expect(policy.physicalId).toBe('arn:aws:iam::123456789012:policy/write');
    expect(may(arn)).toBe(true);
    const denying = { Version: '2012-10-17', Statement: { Effect: 'Deny', Action: '*', Resource: '*' } };
    const after = { ...before, PolicyDocument: denying };
    await managed.update(after, before, policy, testScope());
    expect(may(arn)).toBe(false);
    await iam('DetachRolePolicy', { RoleName: 'worker', PolicyArn: policy.physicalId });
    await iam('CreateRole', { RoleName: 'other', AssumeRolePolicyDocument: JSON.stringify(TRUST) });
    await iam('AttachRolePolicy', { RoleName: 'other', PolicyArn: policy.physicalId });
    await expect(managed.delete(policy, after, testScope())).rejects.toMatchObject({ code: 'DeleteConflict' });
    await iam('DetachRolePolicy', { RoleName: 'other', PolicyArn: policy.physicalId });
    await managed.delete(policy, after, testScope());
    await expect(iam('GetPolicy', { PolicyArn: policy.physicalId })).rejects.toMatchObject({ code: 'NoSuchEntity' });
    await cloud.close();
  });

  test('a permissions boundary caps a role', async () => {
    const { role, managed, may, cloud } = setUp();
    const logsOnly = { Version: '2012-10-17', Statement: { Effect: 'Allow', Action: 'logs:*', Resource: '*' } };
    const boundary = await managed.create({ PolicyDocument: logsOnly }, testScope('Boundary'));
    const state = await role.create(
      {
        AssumeRolePolicyDocument: TRUST,
        PermissionsBoundary: boundary.physicalId,
        ManagedPolicyArns: ['arn:aws:iam::aws:policy/AdministratorAccess'],
      },
      testScope(),
    );
    expect(may(String(state.attributes.Arn))).toBe(false);
    expect(may(String(state.attributes.Arn), 'logs:PutLogEvents', '*')).toBe(true);
    await cloud.close();
  });

  const refused: [string, Record<string, unknown>, string | RegExp][] = [
    [
      'an AWS managed policy that is not known, by name',
      { ManagedPolicyArns: ['arn:aws:iam::aws:policy/Unheard'] },
      /arn:aws:iam::aws:policy\/Unheard is not known/,
    ],
    [
      'a customer policy that is missing',
      { ManagedPolicyArns: ['arn:aws:iam::123456789012:policy/gone'] },
      /Policy .*gone was not found/,
    ],
    [
      'an operator that no one evaluates',
      {
        Policies: [
          {
            PolicyName: 'p',
            PolicyDocument: {
              Version: '2012-10-17',
              Statement: { ...WRITE.Statement, Condition: { Resembles: { 'aws:SourceArn': 'x' } } },
            },
          },
        ],
      },
      /Invalid Condition type : Resembles/,
    ],
    ['a session of more than twelve hours', { MaxSessionDuration: 43_201 }, /value between 3600 and 43200/],
    [
      'a trust policy of more than 2,048 characters',
      { AssumeRolePolicyDocument: { ...TRUST, Id: 'x'.repeat(2048) } },
      /ACLSizePerRole: 2048/,
    ],
  ];
  test.each(refused)('refuses %s, and leaves no role behind', async (_title, properties, message) => {
    const { role, iam, cloud } = setUp();
    await expect(
      role.create({ AssumeRolePolicyDocument: TRUST, RoleName: 'half', ...properties }, testScope()),
    ).rejects.toThrow(message);
    await expect(iam('GetRole', { RoleName: 'half' })).rejects.toMatchObject({ code: 'NoSuchEntity' });
    await cloud.close();
  });
});

// IAM API reference, one page per operation.
describe('operations', () => {
  test('lists page by marker, in order of name', async () => {
    const { iam, cloud } = setUp();
    for (const RoleName of ['c', 'a', 'b']) {
      await iam('CreateRole', { RoleName, AssumeRolePolicyDocument: JSON.stringify(TRUST) });
    }
    const first = await iam<ListRolesResponse>('ListRoles', { MaxItems: 2 });
    expect(first.Roles?.map((role) => role.RoleName)).toEqual(['a', 'b']);
    expect(first.IsTruncated).toBe(true);
    const second = await iam<ListRolesResponse>('ListRoles', { MaxItems: 2, Marker: first.Marker });
    expect([second.Roles?.map((role) => role.RoleName), second.IsTruncated]).toEqual([['c'], false]);
    await iam('AttachRolePolicy', { RoleName: 'a', PolicyArn: 'arn:aws:iam::aws:policy/AWSXRayDaemonWriteAccess' });
    expect(await iam<ListAttachedRolePoliciesResponse>('ListAttachedRolePolicies', { RoleName: 'a' })).toEqual({
      AttachedPolicies: [
        { PolicyName: 'AWSXRayDaemonWriteAccess', PolicyArn: 'arn:aws:iam::aws:policy/AWSXRayDaemonWriteAccess' },
      ],
      IsTruncated: false,
    });
    await expect(iam('DeleteRole', { RoleName: 'a' })).rejects.toMatchObject({
      code: 'DeleteConflict',
      statusCode: 409,
    });
    await expect(
      iam('CreateRole', { RoleName: 'B', AssumeRolePolicyDocument: JSON.stringify(TRUST) }),
    ).rejects.toMatchObject({ code: 'EntityAlreadyExists' });
    await cloud.close();
  });

  test('SimulatePrincipalPolicy tells allowed, implicitDeny and explicitDeny, and which keys it missed', async () => {
    const { iam, cloud } = setUp();
    await iam('CreateRole', { RoleName: 'worker', AssumeRolePolicyDocument: JSON.stringify(TRUST) });
    const document = {
      Version: '2012-10-17',
      Statement: [
        { ...WRITE.Statement, Condition: { Bool: { 'aws:SecureTransport': 'true' } } },
        { Effect: 'Deny', Action: 'sqs:*', Resource: '*' },
      ],
    };
    await iam('PutRolePolicy', { RoleName: 'worker', PolicyName: 'p', PolicyDocument: JSON.stringify(document) });
    const simulate = (more: object) =>
      iam<SimulatePolicyResponse>('SimulatePrincipalPolicy', {
        PolicySourceArn: 'arn:aws:iam::123456789012:role/worker',
        ActionNames: ['timestream:WriteRecords', 'sqs:SendMessage', 's3:GetObject'],
        ResourceArns: [TABLE],
        ...more,
      });
    const bare = await simulate({});
    expect(bare.EvaluationResults?.map((result) => [result.EvalDecision, result.MissingContextValues])).toEqual([
      ['implicitDeny', ['aws:securetransport']],
      ['explicitDeny', []],
      ['implicitDeny', []],
    ]);
    const keyed = await simulate({
      ContextEntries: [
        { ContextKeyName: 'aws:SecureTransport', ContextKeyType: 'boolean', ContextKeyValues: ['true'] },
      ],
    });
    expect(keyed.EvaluationResults?.[0]?.EvalDecision).toBe('allowed');
    await expect(simulate({ CallerArn: 'x' })).rejects.toMatchObject({ code: 'NotImplemented', statusCode: 501 });
    await cloud.close();
  });
});

// STS API reference, "AssumeRole" and "GetCallerIdentity"; IAM user guide, "Unique identifiers".
describe('sessions', () => {
  const trustAccount = {
    Version: '2012-10-17',
    Statement: { Effect: 'Allow', Principal: { AWS: 'arn:aws:iam::123456789012:root' }, Action: 'sts:AssumeRole' },
  };
  const request = { RoleArn: 'arn:aws:iam::123456789012:role/operator', RoleSessionName: 'alice' };

  test('AssumeRole gives credentials that stand for the session until they expire, across a restart', async () => {
    const first = setUp();
    await first.iam('CreateRole', { RoleName: 'operator', AssumeRolePolicyDocument: JSON.stringify(trustAccount) });
    const { Credentials, AssumedRoleUser } = await first.sts<AssumeRoleResponse>('AssumeRole', request);
    expect(AssumedRoleUser?.Arn).toBe('arn:aws:sts::123456789012:assumed-role/operator/alice');
    expect(Credentials?.Expiration?.getTime()).toBe(first.cloud.clock.now() + 3_600_000);
    const administrator = first.cloud.ports.get('credentials').administrator();
    await first.cloud.store.close();

    const second = setUp(first.cloud.dataDirectory);
    const directory = second.cloud.ports.get('credentials');
    expect(directory.administrator()).toEqual(administrator);
    const found = directory.find(Credentials?.AccessKeyId ?? '');
    expect(found?.credentials.secretAccessKey).toBe(Credentials?.SecretAccessKey);
    const identity = await second.sts<GetCallerIdentityResponse>('GetCallerIdentity', {}, found?.principal);
    expect(identity).toEqual({
      Account: '123456789012',
      Arn: AssumedRoleUser?.Arn,
      UserId: AssumedRoleUser?.AssumedRoleId,
    });
    await second.iam('DeleteRole', { RoleName: 'operator' });
    await second.iam('CreateRole', { RoleName: 'operator', AssumeRolePolicyDocument: JSON.stringify(trustAccount) });
    expect(directory.find(Credentials?.AccessKeyId ?? '')).toBeUndefined();
    await second.cloud.close();
  });

  test('refuses untrusted callers, long sessions and options that are not built', async () => {
    const { iam, sts, cloud } = setUp();
    await iam('CreateRole', { RoleName: 'operator', AssumeRolePolicyDocument: JSON.stringify(trustAccount) });
    await iam('CreateRole', { RoleName: 'worker', AssumeRolePolicyDocument: JSON.stringify(TRUST) });
    await expect(
      sts('AssumeRole', { ...request, RoleArn: 'arn:aws:iam::123456789012:role/worker' }),
    ).rejects.toMatchObject({
      code: 'AccessDenied',
      message:
        'User: arn:aws:iam::123456789012:root is not authorized to perform: sts:AssumeRole on resource: arn:aws:iam::123456789012:role/worker because no role trust policy allows the sts:AssumeRole action',
    });
    await expect(sts('AssumeRole', { ...request, DurationSeconds: 3601 })).rejects.toThrow(/MaxSessionDuration/);
    await expect(sts('AssumeRole', { ...request, DurationSeconds: 899 })).rejects.toMatchObject({
      code: 'ValidationError',
    });
    await expect(sts('AssumeRole', { ...request, RoleSessionName: 'a b' })).rejects.toMatchObject({
      code: 'ValidationError',
    });
    await expect(sts('AssumeRole', { ...request, Policy: '{}' })).rejects.toMatchObject({ statusCode: 501 });
    await cloud.close();
  });
});
