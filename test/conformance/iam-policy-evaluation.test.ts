import { ManualClock } from '../../local-cloud/src/core/clock.ts';
import type { CallOrigin, Permission } from '../../local-cloud/src/core/iam/authorizer.ts';
import { compilePolicy } from '../../local-cloud/src/core/iam/compiled-policy.ts';
import { PolicyAuthorizer, type RolePolicies } from '../../local-cloud/src/core/iam/policy-authorizer.ts';
import type { PolicyDocument, PolicyStatement } from '../../local-cloud/src/core/iam/policy-document.ts';
import type { AssumedRole, Principal } from '../../local-cloud/src/core/iam/principal.ts';
import type { Log } from '../../local-cloud/src/core/log.ts';
import { Meter } from '../../local-cloud/src/core/meter.ts';

const ORIGIN: CallOrigin = { sourceIp: '203.0.113.9', secure: true };
const ROLE_ARN = 'arn:aws:iam::123456789012:role/ingest';
const QUEUE = 'arn:aws:sqs:us-east-1:123456789012:orders';
const SESSION: AssumedRole = {
  kind: 'assumed-role',
  arn: 'arn:aws:sts::123456789012:assumed-role/ingest/worker',
  accountId: '123456789012',
  userId: 'AROAEXAMPLE:worker',
  roleArn: ROLE_ARN,
  roleName: 'ingest',
  sessionName: 'worker',
};
const ROOT: Principal = {
  kind: 'account',
  arn: 'arn:aws:iam::123456789012:root',
  accountId: '123456789012',
  userId: '123456789012',
};
const TRUST: PolicyStatement = {
  Effect: 'Allow',
  Principal: { Service: 'lambda.amazonaws.com' },
  Action: 'sts:AssumeRole',
};

function document(...Statement: PolicyStatement[]): PolicyDocument {
  return { Version: '2012-10-17', Statement };
}

function setUp(
  options: { identity?: PolicyStatement[]; boundary?: PolicyStatement[]; trust?: PolicyStatement[] } = {},
) {
  const meter = new Meter();
  const logged: [string, string, Record<string, unknown> | undefined][] = [];
  const log: Log = (level, message, fields) => void logged.push([level, message, fields]);
  const compileRole = (identity: PolicyStatement[]): RolePolicies => ({
    arn: ROLE_ARN,
    roleName: 'ingest',
    roleId: 'AROAEXAMPLE',
    identity: identity.length === 0 ? [] : [compilePolicy(document(...identity), 'identity')],
    boundary: options.boundary && compilePolicy(document(...options.boundary), 'identity'),
    trust: compilePolicy(document(...(options.trust ?? [TRUST])), 'trust'),
  });
  const roles = {
    generation: 0,
    role: compileRole(options.identity ?? []),
    find: (arn: string) => (arn === ROLE_ARN ? roles.role : undefined),
  };
  const account = { partition: 'aws', accountId: '123456789012', region: 'us-east-1' } as const;
  const authorizer = new PolicyAuthorizer({ account, clock: new ManualClock(), meter, log, roles });
  return {
    authorizer,
    meter,
    logged,
    change(identity: PolicyStatement[]) {
      roles.role = compileRole(identity);
      roles.generation++;
    },
    allows(permission: Partial<Permission>, principal: Principal = SESSION): boolean {
      try {
        authorizer.authorize(principal, { action: 'sqs:SendMessage', resource: QUEUE, ...permission }, ORIGIN);
        return true;
      } catch (error) {
        expect(error).toMatchObject({ code: 'AccessDeniedException', statusCode: 403 });
        return false;
      }
    },
    refusal(permission: Partial<Permission>, principal: Principal = SESSION): string {
      try {
        authorizer.authorize(principal, { action: 'sqs:SendMessage', resource: QUEUE, ...permission }, ORIGIN);
      } catch (error) {
        return (error as Error).message;
      }
      return 'allowed';
    },
  };
}

const allow = (over: Partial<PolicyStatement> = {}): PolicyStatement => ({
  Effect: 'Allow',
  Action: 'sqs:SendMessage',
  Resource: QUEUE,
  ...over,
});
const deny = (over: Partial<PolicyStatement> = {}): PolicyStatement => ({ ...allow(over), Effect: 'Deny' });

// IAM user guide, "Policy evaluation logic" and "Evaluating identity-based policies with resource-based policies".
describe('the decision within one account', () => {
  test('denies by default, allows what an identity policy allows, and an explicit deny overrides it', () => {
    expect(setUp().allows({})).toBe(false);
    expect(setUp({ identity: [allow()] }).allows({})).toBe(true);
    expect(setUp({ identity: [allow(), deny({ Resource: '*' })] }).allows({})).toBe(false);
  });

  test('a resource policy that names the role or its session allows without an identity policy', () => {
    for (const AWS of [ROLE_ARN, SESSION.arn, '*']) {
      expect(setUp().allows({ resourcePolicy: document(allow({ Principal: { AWS } })) })).toBe(true);
    }
  });

  test('a resource policy that names the account leaves the decision to the identity policies', () => {
    for (const AWS of ['123456789012', 'arn:aws:iam::123456789012:root']) {
      const resourcePolicy = document(allow({ Principal: { AWS } }));
      expect(setUp().allows({ resourcePolicy })).toBe(false);
      expect(setUp({ identity: [allow()] }).allows({ resourcePolicy })).toBe(true);
    }
  });

  test('a resource policy with an explicit deny stops roles and the administrator alike', () => {
    const resourcePolicy = document(deny({ Principal: '*' }));
    expect(setUp({ identity: [allow()] }).allows({ resourcePolicy })).toBe(false);
    expect(setUp().allows({ resourcePolicy }, ROOT)).toBe(false);
    expect(setUp().allows({}, ROOT)).toBe(true);
  });

  test('services and anonymous callers are allowed by resource policies alone', () => {
    const service: Principal = { kind: 'service', service: 'iot.amazonaws.com' };
    const cloud = setUp({ identity: [allow()] });
    expect(cloud.allows({}, service)).toBe(false);
    expect(cloud.allows({}, { kind: 'anonymous' })).toBe(false);
    const forIot = document(allow({ Principal: { Service: 'iot.amazonaws.com' } }));
    expect(cloud.allows({ resourcePolicy: forIot }, service)).toBe(true);
    expect(cloud.allows({ resourcePolicy: forIot }, { kind: 'service', service: 'events.amazonaws.com' })).toBe(false);
    expect(cloud.allows({ resourcePolicy: forIot })).toBe(true);
    expect(cloud.allows({ resourcePolicy: document(allow({ Principal: '*' })) }, { kind: 'anonymous' })).toBe(true);
  });

  test('a permissions boundary must allow too, but its silence does not stop a resource policy naming the session', () => {
    const cloud = setUp({ identity: [allow()], boundary: [allow({ Action: 'sqs:ReceiveMessage' })] });
    expect(cloud.refusal({})).toContain('because no permissions boundary allows the sqs:SendMessage action');
    expect(cloud.allows({ resourcePolicy: document(allow({ Principal: { AWS: SESSION.arn } })) })).toBe(true);
    expect(setUp({ identity: [allow()], boundary: [allow({ Action: 'sqs:*' })] }).allows({})).toBe(true);
  });

  test('a deny with NotPrincipal spares a role session only when account, role and session are all listed', () => {
    const everyName = ['arn:aws:iam::123456789012:root', ROLE_ARN, SESSION.arn];
    const cloud = setUp({ identity: [allow()] });
    expect(cloud.allows({ resourcePolicy: document(deny({ NotPrincipal: { AWS: everyName } })) })).toBe(true);
    expect(cloud.allows({ resourcePolicy: document(deny({ NotPrincipal: { AWS: [ROLE_ARN] } })) })).toBe(false);
  });
});

describe('actions and resources', () => {
  const cases: [string, Partial<PolicyStatement>, string, string, boolean][] = [
    ['action names compare without case', { Action: 'SQS:sendmessage' }, 'sqs:SendMessage', QUEUE, true],
    ['* in an action', { Action: 'sqs:Send*' }, 'sqs:SendMessageBatch', QUEUE, true],
    ['* does not reach another service', { Action: 'sqs:*' }, 'sns:Publish', QUEUE, false],
    ['? is one character', { Action: 'sqs:SendMessag?' }, 'sqs:SendMessage', QUEUE, true],
    ['? is not none', { Action: 'sqs:SendMessage?' }, 'sqs:SendMessage', QUEUE, false],
    ['NotAction', { Action: undefined, NotAction: 'sqs:Delete*' }, 'sqs:SendMessage', QUEUE, true],
    ['NotAction, listed', { Action: undefined, NotAction: 'sqs:Send*' }, 'sqs:SendMessage', QUEUE, false],
    ['resources compare with case', { Resource: QUEUE.replace('orders', 'Orders') }, 'sqs:SendMessage', QUEUE, false],
    ['* within the last part', { Resource: `${QUEUE.slice(0, -3)}*` }, 'sqs:SendMessage', QUEUE, true],
    ['* in the region', { Resource: 'arn:aws:sqs:*:123456789012:orders' }, 'sqs:SendMessage', QUEUE, true],
    ['* never reaches over a colon', { Resource: 'arn:aws:sqs:*:orders' }, 'sqs:SendMessage', QUEUE, false],
    ['missing parts are *', { Resource: 'arn:aws:sqs' }, 'sqs:SendMessage', QUEUE, true],
    [
      'the last part holds colons and slashes',
      { Action: 'logs:*', Resource: 'arn:aws:logs:us-east-1:123456789012:log-group:/aws/lambda/*:*' },
      'logs:PutLogEvents',
      'arn:aws:logs:us-east-1:123456789012:log-group:/aws/lambda/f:log-stream:a/b',
      true,
    ],
    ['NotResource', { Resource: undefined, NotResource: `${QUEUE}-dlq` }, 'sqs:SendMessage', QUEUE, true],
    ['an action without resources needs *', { Action: 'sqs:ListQueues' }, 'sqs:ListQueues', '*', false],
    ['* covers it', { Action: 'sqs:ListQueues', Resource: '*' }, 'sqs:ListQueues', '*', true],
  ];
  test.each(cases)('%s', (_title, statement, action, resource, expected) => {
    expect(setUp({ identity: [allow(statement)] }).allows({ action, resource })).toBe(expected);
  });

  test('policy variables stand for their value, taken literally, from version 2012-10-17 on', () => {
    const resource = `arn:aws:s3:::lake/\${aws:PrincipalAccount}/*`;
    const cloud = setUp({ identity: [allow({ Action: 's3:GetObject', Resource: resource })] });
    expect(cloud.allows({ action: 's3:GetObject', resource: 'arn:aws:s3:::lake/123456789012/a' })).toBe(true);
    expect(cloud.allows({ action: 's3:GetObject', resource: 'arn:aws:s3:::lake/999999999999/a' })).toBe(false);
    const user = setUp({
      identity: [allow({ Action: 's3:GetObject', Resource: 'arn:aws:s3:::lake/${aws:username}' })],
    });
    expect(user.allows({ action: 's3:GetObject', resource: 'arn:aws:s3:::lake/' })).toBe(false);
    const fallback = { Action: 's3:GetObject', Resource: "arn:aws:s3:::lake/${aws:username, 'nobody'}" };
    expect(
      setUp({ identity: [allow(fallback)] }).allows({ action: 's3:GetObject', resource: 'arn:aws:s3:::lake/nobody' }),
    ).toBe(true);
    const star = setUp({ identity: [allow({ Action: 's3:GetObject', Resource: 'arn:aws:s3:::lake/${*}' })] });
    expect(star.allows({ action: 's3:GetObject', resource: 'arn:aws:s3:::lake/anything' })).toBe(false);
    expect(star.allows({ action: 's3:GetObject', resource: 'arn:aws:s3:::lake/*' })).toBe(true);
  });
});

// IAM user guide, "Troubleshoot access denied error messages".
test('a refusal says who, what, on which resource and why, counts and is logged as a warning', () => {
  const cloud = setUp();
  expect(cloud.refusal({})).toBe(
    `User: ${SESSION.arn} is not authorized to perform: sqs:SendMessage on resource: ${QUEUE} because no identity-based policy allows the sqs:SendMessage action`,
  );
  expect(cloud.logged).toEqual([
    [
      'warn',
      'access denied',
      {
        principal: SESSION.arn,
        role: ROLE_ARN,
        action: 'sqs:SendMessage',
        resource: QUEUE,
        reason: 'no identity-based policy',
      },
    ],
  ]);
  expect([cloud.meter.get('iam.evaluations'), cloud.meter.get('iam.denied')]).toEqual([1, 1]);
  expect(setUp({ identity: [deny()] }).refusal({})).toBe(
    `User: ${SESSION.arn} is not authorized to perform: sqs:SendMessage on resource: ${QUEUE} with an explicit deny in an identity-based policy`,
  );
  expect(setUp().refusal({ resourcePolicy: document(deny({ Principal: '*' })) })).toContain(
    'with an explicit deny in a resource-based policy',
  );
  expect(setUp().refusal({}, { kind: 'service', service: 'iot.amazonaws.com' })).toBe(
    `User: iot.amazonaws.com is not authorized to perform: sqs:SendMessage on resource: ${QUEUE} because no resource-based policy allows the sqs:SendMessage action`,
  );
});

describe('the cache of decisions', () => {
  test('every call counts as an evaluation, cached or not, and a changed policy takes effect at once', () => {
    const cloud = setUp({ identity: [allow()] });
    for (let call = 0; call < 3; call++) expect(cloud.allows({})).toBe(true);
    expect(cloud.meter.get('iam.evaluations')).toBe(3);
    cloud.change([]);
    expect(cloud.allows({})).toBe(false);
  });

  test('a decision that hangs on conditions is made anew each time', () => {
    const condition = { StringEquals: { 'dynamodb:LeadingKeys': 'mine' } };
    const cloud = setUp({ identity: [allow({ Condition: condition })] });
    expect(cloud.allows({ conditions: { 'dynamodb:LeadingKeys': 'mine' } })).toBe(true);
    expect(cloud.allows({ conditions: { 'dynamodb:LeadingKeys': 'yours' } })).toBe(false);
    expect(cloud.allows({})).toBe(false);
  });

  test('a cached identity decision does not hide a resource policy', () => {
    const cloud = setUp({ identity: [allow()] });
    expect(cloud.allows({})).toBe(true);
    expect(cloud.allows({ resourcePolicy: document(deny({ Principal: '*' })) })).toBe(false);
  });
});

describe('assuming a role', () => {
  const lambda: Principal = { kind: 'service', service: 'lambda.amazonaws.com' };

  test('a trusted service gets a session; another one, or a missing role, is refused', () => {
    const { authorizer } = setUp();
    expect(authorizer.assumeRole(lambda, ROLE_ARN, 'worker')).toEqual(SESSION);
    expect(() => authorizer.assumeRole({ kind: 'service', service: 'iot.amazonaws.com' }, ROLE_ARN, 'x')).toThrow(
      `User: iot.amazonaws.com is not authorized to perform: sts:AssumeRole on resource: ${ROLE_ARN} because no role trust policy allows the sts:AssumeRole action`,
    );
    expect(() => authorizer.assumeRole(lambda, `${ROLE_ARN}-gone`, 'x')).toThrow(/no role trust policy/);
  });

  test('aws:SourceArn and aws:SourceAccount of the service guard against a confused deputy', () => {
    const Condition = { ArnLike: { 'aws:SourceArn': 'arn:aws:iot:us-east-1:123456789012:rule/*' } };
    const { authorizer } = setUp({ trust: [{ ...TRUST, Condition }] });
    expect(() => authorizer.assumeRole(lambda, ROLE_ARN, 'worker')).toThrow(/no role trust policy/);
    const external = { StringEquals: { 'sts:ExternalId': 'agreed' } };
    const partner = setUp({ trust: [{ ...TRUST, Condition: external }] }).authorizer;
    expect(() => partner.assumeRole(lambda, ROLE_ARN, 'worker')).toThrow(/no role trust policy/);
    const request = { origin: ORIGIN, conditions: { 'sts:ExternalId': 'agreed' } };
    expect(partner.assumeRole(lambda, ROLE_ARN, 'worker', request)).toEqual(SESSION);
    const sourceArn = 'arn:aws:iot:us-east-1:123456789012:rule/r';
    expect(authorizer.assumeRole({ ...lambda, sourceArn }, ROLE_ARN, 'worker')).toEqual(SESSION);
  });

  test('a role needs the trust policy, and its own policy where only the account is trusted', () => {
    const assume = allow({ Action: 'sts:AssumeRole', Resource: '*' });
    const trustAccount: PolicyStatement = { ...TRUST, Principal: { AWS: '123456789012' } };
    const attempt = (options: Parameters<typeof setUp>[0]) => () =>
      setUp(options).authorizer.assumeRole(SESSION, ROLE_ARN, 'worker', { origin: ORIGIN });
    expect(attempt({ identity: [assume] })).toThrow(/no role trust policy/);
    expect(attempt({ trust: [trustAccount] })).toThrow(/no identity-based policy/);
    expect(attempt({ trust: [trustAccount], identity: [assume] })()).toEqual(SESSION);
    expect(attempt({ trust: [{ ...TRUST, Principal: { AWS: ROLE_ARN } }] })()).toEqual(SESSION);
    expect(attempt({ trust: [{ ...TRUST, Effect: 'Deny', Principal: '*' }, trustAccount] })).toThrow(
      /explicit deny in the role trust policy/,
    );
  });
});

test('a decision kept with a lasting permission follows the transport, the role and the resource policy', () => {
  const allow: PolicyStatement = { Effect: 'Allow', Action: 'sqs:SendMessage', Resource: QUEUE };
  const { authorizer, change } = setUp({ identity: [allow] });
  const denyPlain: PolicyStatement = {
    Effect: 'Deny',
    Principal: '*',
    Action: 'sqs:*',
    Resource: QUEUE,
    Condition: { Bool: { 'aws:SecureTransport': 'false' } },
  };
  const lasting = (...statements: PolicyStatement[]): Permission => ({
    action: 'sqs:SendMessage',
    resource: QUEUE,
    resourcePolicy: document(...statements),
    lasting: true,
  });
  const permission = lasting(denyPlain);
  const plain = { ...ORIGIN, secure: false };
  for (let round = 0; round < 2; round++) {
    expect(() => authorizer.authorize(SESSION, permission, ORIGIN)).not.toThrow();
    expect(() => authorizer.authorize(SESSION, permission, plain)).toThrow(/explicit deny in a resource-based policy/);
  }
  const denied = lasting({ Effect: 'Deny', Principal: '*', Action: 'sqs:*', Resource: QUEUE });
  expect(() => authorizer.authorize(SESSION, denied, ORIGIN)).toThrow(/explicit deny/);
  const bySource = lasting({
    ...denyPlain,
    Condition: { IpAddress: { 'aws:SourceIp': '198.51.100.0/24' } },
  });
  expect(() => authorizer.authorize(SESSION, bySource, ORIGIN)).not.toThrow();
  expect(() => authorizer.authorize(SESSION, bySource, { ...ORIGIN, sourceIp: '198.51.100.7' })).toThrow(
    /explicit deny/,
  );
  change([]);
  expect(() => authorizer.authorize(SESSION, permission, ORIGIN)).toThrow(/no identity-based policy/);
});
