import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { platformNames } from '@fleetwright/contracts';
import cdkJson from '../../cdk.json' with { type: 'json' };
import { addPlatform } from '../../lib/platform.ts';
import { flat, list, newApp, ofType, type Resource, synthesize } from './synthesized.ts';

const names = platformNames('fleetwright', 'dev');
const ARN = 'arn:<Partition>:iot:<Region>:<AccountId>';
const certificateFile = join(__dirname, '../support/factory-ca.pem');
const place = { site: 'north', deviceType: 'pump-station' };
const BUCKET = 'arn:aws:s3:::uploads/${credentials-iot:ThingName}/*';
const IDENTITY = {
  rotation: { deleteAfterHours: 48 },
  authorities: [
    { name: 'batch1', certificateFile, onboarding: 'provision', ...place },
    { name: 'batch2', certificateFile, onboarding: 'register', ...place },
    { name: 'batch3', certificateFile, onboarding: 'none', ...place },
  ],
  devices: [{ serialNumber: 'PS-0001', certificateFile, ...place }],
  credentials: {
    deviceTypes: ['pump-station'],
    durationSeconds: 7_200,
    grants: [{ actions: ['s3:PutObject'], resources: [BUCKET] }],
  },
};

function configured(identity: object): Record<string, unknown> {
  const { stages, ...rest } = cdkJson.context.fleetwright;
  return { fleetwright: { ...rest, stages: { ...stages, dev: { ...stages.dev, identity } } } };
}

const { identity, resources } = synthesize(configured(IDENTITY));
const own = (type: string): [string, Resource][] =>
  ofType(resources, type).filter(([id]) => id.startsWith('identity/'));

function granted(role: string): string[] {
  return own('AWS::IAM::Policy')
    .filter(([id]) => id.startsWith(`identity/${role}`) && id.includes('RoleDefaultPolicy'))
    .flatMap(([, { Properties }]) =>
      list<{ Action: string | string[] }>(Properties.PolicyDocument.Statement).flatMap(({ Action }) => list(Action)),
    )
    .filter((action) => !action.startsWith('xray:'))
    .sort();
}

const QUEUE = [
  'dynamodb:GetItem',
  'logs:CreateLogStream',
  'logs:PutLogEvents',
  'sqs:DeleteMessage',
  'sqs:GetQueueAttributes',
  'sqs:ReceiveMessage',
];

test.each([
  [
    'RotationRotator',
    [
      ...QUEUE,
      'dynamodb:PutItem',
      'iot:AttachPolicy',
      'iot:AttachThingPrincipal',
      'iot:CreateCertificateFromCsr',
      'iot:DeleteCertificate',
      'iot:DescribeCertificate',
      'iot:DescribeEndpoint',
      'iot:DescribeThing',
      'iot:DetachPolicy',
      'iot:DetachThingPrincipal',
      'iot:ListAttachedPolicies',
      'iot:ListPrincipalThings',
      'iot:ListThingPrincipals',
      'iot:Publish',
      'iot:UpdateCertificate',
      'sqs:SendMessage',
    ],
  ],
  [
    'FirstConnectionActivator',
    [
      ...QUEUE,
      'dynamodb:PutItem',
      'iot:AddThingToThingGroup',
      'iot:DescribeThing',
      'iot:ListThingGroupsForThing',
      'iot:UpdateThing',
    ],
  ],
  [
    'RegistrationRegistrar',
    [
      ...QUEUE,
      'iot:AddThingToThingGroup',
      'iot:AttachPolicy',
      'iot:AttachThingPrincipal',
      'iot:CreateThing',
      'iot:DescribeCertificate',
      'iot:DescribeThing',
      'iot:UpdateCertificate',
    ],
  ],
  ['DeviceCredentialsRole', ['s3:PutObject']],
  [
    'EnrollmentMaker',
    [
      'iot:AddThingToThingGroup',
      'iot:AttachPolicy',
      'iot:AttachPrincipalPolicy',
      'iot:AttachThingPrincipal',
      'iot:CreateThing',
      'iot:DeleteThing',
      'iot:DescribeCertificate',
      'iot:DescribeThing',
      'iot:DescribeThingGroup',
      'iot:DescribeThingType',
      'iot:DetachPolicy',
      'iot:DetachThingPrincipal',
      'iot:GetPolicy',
      'iot:ListAttachedPolicies',
      'iot:ListPrincipalThings',
      'iot:ListThingGroupsForThing',
      'iot:ListThingPrincipals',
      'iot:RegisterThing',
      'iot:UpdateCertificate',
      'iot:UpdateThing',
      'logs:CreateLogStream',
      'logs:PutLogEvents',
    ],
  ],
])('%s may do exactly what it does', (role, actions) => {
  expect(granted(role)).toEqual([...actions].sort());
});

describe('rules', () => {
  const rules = new Map(
    own('AWS::IoT::TopicRule').map(([, { Properties }]) => [Properties.RuleName, Properties.TopicRulePayload]),
  );

  test('what devices say of their certificates comes with the certificate that they say it over', () => {
    const { ErrorAction, Sql } = rules.get('fleetwright_dev_rotation');
    expect(Sql).toContain('principal() AS principal');
    expect(Sql).toContain("FROM 'fleetwright-dev/+/+/+/rotation'");
    expect(ErrorAction.Sqs.QueueUrl.Ref).toMatch(/^RuleErrorsQueue/);
  });

  test('connections are followed of things of the stage alone, and not of claims', () => {
    const { Sql } = rules.get('fleetwright_dev_first_connection');
    expect(Sql).toMatch(
      /startswith\(clientId, 'fleetwright-dev-'\) AND NOT startswith\(clientId, 'fleetwright-dev-claim-'\)/,
    );
  });

  test('only certificates of the CA whose devices are registered by the list reach its function', () => {
    const { Sql } = rules.get('fleetwright_dev_registration_batch2');
    const ca = own('AWS::IoT::CACertificate')
      .find(([id]) => id.includes('batch2'))?.[0]
      .replace('identity/', '');
    expect(flat(Sql)).toContain(`FROM '$aws/events/certificates/registered/<${ca}>'`);
    expect(flat(Sql)).toContain("'north' AS site, 'pump-station' AS deviceType");
    expect([...rules.keys()].filter((name) => name.includes('registration'))).toHaveLength(1);
  });
});

describe('customer CAs', () => {
  const authority = (name: string) =>
    own('AWS::IoT::CACertificate').find(([id]) => id.includes(`Authority${name}`))?.[1].Properties;

  test('one without a verification certificate takes clients that name a server', () => {
    expect(authority('batch1')).toMatchObject({ CertificateMode: 'SNI_ONLY', Status: 'ACTIVE' });
    expect(authority('batch1').CACertificatePem).toContain('BEGIN CERTIFICATE');
  });

  test('one with a verification certificate takes every client', () => {
    const authorities = [{ ...IDENTITY.authorities[2], verificationFile: certificateFile }];
    const made = synthesize(configured({ authorities }));
    const [ca] = ofType(made.resources, 'AWS::IoT::CACertificate');
    expect(ca?.[1].Properties).toMatchObject({
      CertificateMode: 'DEFAULT',
      VerificationCertificatePem: expect.stringContaining('BEGIN CERTIFICATE'),
    });
  });

  test('provisioning is by a template that fits the contracts, registration and nothing are without', () => {
    expect([1, 2, 3].map((at) => authority(`batch${at}`).AutoRegistrationStatus)).toEqual([
      'ENABLE',
      'ENABLE',
      'DISABLE',
    ]);
    expect([2, 3].map((at) => authority(`batch${at}`).RegistrationConfig)).toEqual([undefined, undefined]);
    const body = JSON.parse(authority('batch1').RegistrationConfig.TemplateBody);
    const { policy, servicesPolicy, thing } = body.Resources;
    const [, [prefix, serial]] = thing.Properties.ThingName['Fn::Join'];
    expect(`${prefix}PS-0001`).toBe(names.thingName('pump-station', 'PS-0001'));
    expect(serial).toEqual({ Ref: 'AWS::IoT::Certificate::CommonName' });
    expect(thing.Properties).toMatchObject({
      ThingTypeName: names.thingType('pump-station'),
      ThingGroups: ['fleetwright-dev', 'fleetwright-dev-site-north', 'fleetwright-dev-type-pump-station'],
      AttributePayload: { ...place, state: 'provisioning' },
    });
    expect([policy.Properties.PolicyName, servicesPolicy.Properties.PolicyName]).toEqual([
      names.devicePolicy,
      names.deviceServicesPolicy,
    ]);
  });
});

test('a device of the stack is registered by one template, after all that it joins', () => {
  const [device] = own('Custom::EnrolledDevice');
  expect(device?.[1].Properties.ThingName).toBe(names.thingName('pump-station', 'PS-0001'));
  const { certificate, policy, servicesPolicy, thing } = JSON.parse(device?.[1].Properties.TemplateBody).Resources;
  expect(thing.Properties.AttributePayload).toEqual({ serialNumber: 'PS-0001', ...place, state: 'provisioning' });
  expect([policy.Properties.PolicyName, servicesPolicy.Properties.PolicyName]).toEqual([
    names.devicePolicy,
    names.deviceServicesPolicy,
  ]);
  expect(certificate.Properties.CertificateId).toEqual({ Ref: 'CertificateId' });
  expect(device?.[1].DependsOn).toEqual(
    expect.arrayContaining([expect.stringMatching(/^FleetGroupsSitenorth/), expect.stringMatching(/ServicesPolicy/)]),
  );
});

describe('credentials of devices', () => {
  test('the role trusts the one alias, and lives as long as its credentials', () => {
    const [, role] = own('AWS::IAM::Role').find(([id]) => id.includes('DeviceCredentialsRole')) ?? [];
    const [statement] = role?.Properties.AssumeRolePolicyDocument.Statement ?? [];
    expect(statement.Principal).toEqual({ Service: 'credentials.iot.amazonaws.com' });
    expect(flat(statement.Condition.ArnEquals['aws:SourceArn'])).toBe(`${ARN}:rolealias/${names.deviceRoleAlias}`);
    expect(statement.Condition.StringEquals).toEqual({ 'aws:SourceAccount': { Ref: 'AWS::AccountId' } });
    expect(role?.Properties.MaxSessionDuration).toBe(7_200);
    const alias = own('AWS::IoT::RoleAlias')[0]?.[1].Properties;
    expect(alias).toMatchObject({ RoleAlias: names.deviceRoleAlias, CredentialDurationSeconds: 7_200 });
  });

  test('devices of the types named may use the alias, by a policy on the group of their type', () => {
    const policy = own('AWS::IoT::Policy').find(
      ([, { Properties }]) => Properties.PolicyName === names.deviceRoleAlias,
    );
    const [statement] = policy?.[1].Properties.PolicyDocument.Statement ?? [];
    expect(statement.Action).toBe('iot:AssumeRoleWithCertificate');
    expect(flat(statement.Resource)).toBe(`${ARN}:rolealias/${names.deviceRoleAlias}`);
    const attachments = own('Custom::GroupPolicy').map(([, { Properties }]) => flat(Properties.GroupArn));
    expect(attachments).toEqual([`${ARN}:thinggroup/fleetwright-dev-type-pump-station`]);
  });
});

test('outputs name what operators ask for', () => {
  const outputs = Object.keys(identity.toJSON().Outputs);
  expect(outputs).toEqual(expect.arrayContaining(['CredentialsRoleAlias', 'RegistrationFailedQueueUrl']));
});

test('an alarm goes off for each queue of dead letters, each function and withdrawn certificates', () => {
  const watched = own('AWS::CloudWatch::Alarm').map(([, { Properties }]) => Properties.MetricName);
  const count = (name: string) => watched.filter((metric) => metric === name).length;
  expect(count('ApproximateNumberOfMessagesVisible')).toBe(4);
  expect(count('Errors')).toBe(4);
  expect(count('rotationsWithdrawn')).toBe(1);
});

test('certificates are deleted after the configured time', () => {
  const rotator = own('AWS::Lambda::Function').find(([id]) => id.includes('RotationRotator'))?.[1].Properties;
  expect(rotator.Environment.Variables).toMatchObject({ DELETE_AFTER_SECONDS: '172800', CONFIRM_SECONDS: '3600' });
});

test('all of it passes the AWS Solutions checks and the CloudFormation rules', () => {
  const app = newApp({ 'fleetwright:skipNag': false, ...configured(IDENTITY) });
  addPlatform(app);
  expect(() => app.synth()).not.toThrow();
});

describe('what is refused', () => {
  const key = join(mkdtempSync(join(tmpdir(), 'fleetwright-pem-')), 'key.pem');
  writeFileSync(key, '-----BEGIN PRIVATE KEY-----\n');
  const [first] = IDENTITY.authorities;
  const grants = (resource: string, action = 's3:PutObject') => ({
    credentials: { deviceTypes: ['pump-station'], grants: [{ actions: [action], resources: [resource] }] },
  });

  test.each<[string, object, RegExp]>([
    [
      'a grant that is not bound to the device',
      grants('arn:aws:s3:::uploads/*'),
      /must hold \$\{credentials-iot:ThingName\}/,
    ],
    ['a grant of all actions', grants(BUCKET, 's3:*'), /must be the whole name of an action/],
    ['a CA for a site that there is none of', { authorities: [{ ...first, site: 'moon' }] }, /no site moon/],
    [
      'a file that is missing',
      { authorities: [{ ...first, certificateFile: 'missing.pem' }] },
      /missing\.pem: cannot be read/,
    ],
    ['a private key', { authorities: [{ ...first, certificateFile: key }] }, /must not hold a private key/],
    [
      'a device with request and certificate',
      { devices: [{ ...IDENTITY.devices[0], csrFile: 'x' }] },
      /either csrFile or certificateFile/,
    ],
    ['two CAs of one name', { authorities: [first, first] }, /must not repeat a name/],
  ])('%s', (_name, settings, message) => {
    expect(() => synthesize(configured(settings))).toThrow(message);
  });
});
