import { deviceConfigurationSchema, platformNames, provisioningParametersSchema } from '@fleetwright/contracts';
import { flat, list, ofType, synthesize } from './synthesized.ts';

const { resources, identity } = synthesize();
const names = platformNames('fleetwright', 'dev');
const ARN = 'arn:<Partition>:iot:<Region>:<AccountId>';

function only(type: string) {
  const found = ofType(resources, type).filter(([id]) => id.startsWith('identity/'));
  if (found.length !== 1 || found[0] === undefined) throw new Error(`${found.length} resources of type ${type}`);
  return { id: found[0][0].split('/')[1] as string, ...found[0][1] };
}

function policyStatements(name: string) {
  const policy = ofType(resources, 'AWS::IoT::Policy').find(
    ([, { Properties }]) => Properties.PolicyName === name,
  )?.[1];
  return policy?.Properties.PolicyDocument.Statement.map(
    (statement: { Effect: string; Action: string; Resource: unknown }) => [
      statement.Effect,
      statement.Action,
      list(statement.Resource).map(flat),
    ],
  );
}

test('a device may act as itself only', () => {
  const own =
    'fleetwright-dev/${iot:Connection.Thing.Attributes[site]}/${iot:Connection.Thing.Attributes[deviceType]}/${iot:Connection.Thing.ThingName}';
  expect(policyStatements(names.devicePolicy)).toEqual([
    ['Allow', 'iot:Connect', [`${ARN}:client/\${iot:Connection.Thing.ThingName}`]],
    [
      'Allow',
      'iot:Publish',
      [
        `${ARN}:topic/${own}/telemetry`,
        `${ARN}:topic/${own}/event`,
        `${ARN}:topic/${own}/health`,
        `${ARN}:topic/$aws/rules/fleetwright_dev_telemetry/${own}/telemetry`,
      ],
    ],
    ['Allow', 'iot:Subscribe', [`${ARN}:topicfilter/${own}/*`]],
    ['Allow', 'iot:Receive', [`${ARN}:topic/${own}/*`]],
  ]);
});

test('a device may use its own shadows, jobs, streams and metrics, and not write its presence', () => {
  const thing = '$aws/things/${iot:Connection.Thing.ThingName}';
  const own =
    'fleetwright-dev/${iot:Connection.Thing.Attributes[site]}/${iot:Connection.Thing.Attributes[deviceType]}/${iot:Connection.Thing.ThingName}';
  const services = ['shadow/*', 'jobs/*', 'streams/*', 'defender/metrics/*'];
  expect(policyStatements(names.deviceServicesPolicy)).toEqual([
    ['Allow', ['iot:Publish', 'iot:Receive'], services.map((service) => `${ARN}:topic/${thing}/${service}`)],
    ['Allow', 'iot:Subscribe', services.map((service) => `${ARN}:topicfilter/${thing}/${service}`)],
    ['Allow', 'iot:Publish', ['presence', 'outcome', 'rotation'].map((level) => `${ARN}:topic/${own}/${level}`)],
    ['Deny', 'iot:Publish', [`${ARN}:topic/${thing}/shadow/name/presence/*te`]],
  ]);
});

test('a claim may hand in a signing request and register, and read the answers', () => {
  const csr = '$aws/certificates/create-from-csr/json';
  const register = '$aws/provisioning-templates/fleetwright-dev-claim/provision/json';
  const answers = [`${csr}/accepted`, `${csr}/rejected`, `${register}/accepted`, `${register}/rejected`];
  expect(policyStatements(names.claimPolicy)).toEqual([
    ['Allow', 'iot:Connect', [`${ARN}:client/fleetwright-dev-claim-*`]],
    ['Allow', 'iot:Publish', [`${ARN}:topic/${csr}`, `${ARN}:topic/${register}`]],
    ['Allow', 'iot:Subscribe', answers.map((topic) => `${ARN}:topicfilter/${topic}`)],
    ['Allow', 'iot:Receive', answers.map((topic) => `${ARN}:topic/${topic}`)],
  ]);
});

describe('provisioning template', () => {
  const template = only('AWS::IoT::ProvisioningTemplate');
  const body = JSON.parse(template.Properties.TemplateBody);

  test('takes the parameters that devices send', () => {
    const own = Object.keys(body.Parameters).filter((name) => !name.startsWith('AWS::'));
    expect(own.sort()).toEqual(Object.keys(provisioningParametersSchema.shape).sort());
  });

  test('names things, types, group and policy as the contracts do', () => {
    const values: Record<string, string> = { DeviceType: 'pump-station', SerialNumber: 'PS-0001' };
    const join = (value: { 'Fn::Join': [string, (string | { Ref: string })[]] }) =>
      value['Fn::Join'][1]
        .map((part) => (typeof part === 'string' ? part : values[part.Ref]))
        .join(value['Fn::Join'][0]);
    const { thing, policy, servicesPolicy, certificate } = body.Resources;
    expect(join(thing.Properties.ThingName)).toBe(names.thingName('pump-station', 'PS-0001'));
    expect(join(thing.Properties.ThingTypeName)).toBe(names.thingType('pump-station'));
    expect(thing.Properties.ThingGroups[0]).toBe(names.thingGroup);
    expect(policy.Properties.PolicyName).toBe(names.devicePolicy);
    expect(servicesPolicy.Properties.PolicyName).toBe(names.deviceServicesPolicy);
    expect(certificate.Properties.Status).toBe('ACTIVE');
    expect(only('AWS::IoT::ThingType').Properties.ThingTypeName).toBe(names.thingType('pump-station'));
    const groups = ofType(resources, 'AWS::IoT::ThingGroup').map(([, { Properties }]) => Properties.ThingGroupName);
    expect(groups).toContain(names.thingGroup);
  });

  test('sets the attributes that the device policy speaks of', () => {
    const document = JSON.stringify(policyStatements(names.devicePolicy));
    const spoken = [...document.matchAll(/Attributes\[(\w+)\]/g)].map(([, attribute]) => attribute);
    expect(Object.keys(body.Resources.thing.Properties.AttributePayload)).toEqual(expect.arrayContaining(spoken));
  });

  test('tells the device a flat configuration of the contract', () => {
    const told = Object.fromEntries(
      Object.entries(body.DeviceConfiguration).map(([key, value]) => [
        key,
        typeof value === 'string' ? value : 'north',
      ]),
    );
    expect(deviceConfigurationSchema.parse(told)).toEqual({
      topicRoot: 'fleetwright-dev',
      site: 'north',
      deviceType: 'north',
      telemetryRule: 'fleetwright_dev_telemetry',
      eventRule: 'fleetwright_dev_event',
      basicIngestChannels: 'telemetry',
    });
  });

  test('is made after the hook may be called, and only by this template', () => {
    const permission = only('AWS::Lambda::Permission');
    expect(template.DependsOn).toContain(permission.id);
    expect(permission.Properties).toMatchObject({
      Action: 'lambda:InvokeFunction',
      Principal: 'iot.amazonaws.com',
      SourceAccount: { Ref: 'AWS::AccountId' },
    });
    expect(flat(permission.Properties.SourceArn)).toBe(`${ARN}:provisioningtemplate/fleetwright-dev-claim`);
    expect(permission.Properties.FunctionName).toEqual(template.Properties.PreProvisioningHook.TargetArn);
  });

  test('is made after the policy of its role', () => {
    const policies = ofType(resources, 'AWS::IAM::Policy').map(([id]) => id.split('/')[1]);
    expect(policies).toEqual(expect.arrayContaining([expect.stringMatching(/^FleetProvisioningRoleDefaultPolicy/)]));
    expect(template.DependsOn).toEqual(
      expect.arrayContaining([expect.stringMatching(/^FleetProvisioningRoleDefaultPolicy/)]),
    );
  });

  test('its hook answers within the 5 s that AWS IoT waits', () => {
    const hook = template.Properties.PreProvisioningHook.TargetArn['Fn::GetAtt'][0];
    expect(resources.get(`identity/${hook}`)?.Properties.Timeout).toBeLessThanOrEqual(5);
  });
});

test('roles of AWS IoT can be taken on from this account alone', () => {
  const roles = ofType(resources, 'AWS::IAM::Role').filter(
    ([, role]) => role.Properties.AssumeRolePolicyDocument.Statement[0].Principal.Service === 'iot.amazonaws.com',
  );
  expect(roles.length).toBeGreaterThanOrEqual(4);
  for (const [, role] of roles) {
    const [statement] = role.Properties.AssumeRolePolicyDocument.Statement;
    expect(statement.Condition.StringEquals).toEqual({ 'aws:SourceAccount': { Ref: 'AWS::AccountId' } });
    expect(flat(statement.Condition.ArnLike['aws:SourceArn'])).toBe(`${ARN}:*`);
  }
});

test('the claim key is not in the template: its secret is made empty', () => {
  const secret = only('AWS::SecretsManager::Secret').Properties;
  expect(secret.Name).toBe(names.claimSecret);
  expect(secret).not.toHaveProperty('SecretString');
  expect(secret).not.toHaveProperty('GenerateSecretString');
});

test('the claim certificate is made after its maker has its permissions', () => {
  const certificate = only('Custom::ClaimCredentials');
  expect(certificate.DependsOn).toEqual(
    expect.arrayContaining([expect.stringMatching(/^ClaimCredentialsMakerRoleDefaultPolicy/)]),
  );
});

test('a listing stage tells its hook so', () => {
  const prod = synthesize({ stage: 'prod' });
  const modes = ofType(prod.resources, 'AWS::Lambda::Function')
    .map(([, { Properties }]) => Properties.Environment.Variables.ADMISSION)
    .filter((mode) => mode !== undefined);
  expect(modes).toEqual(['list']);
});

test('outputs name what operators and tools ask for', () => {
  expect(Object.keys(identity.toJSON().Outputs).sort()).toEqual([
    'AdmissionsTableName',
    'ClaimSecretArn',
    'DevicePolicyName',
    'DeviceTypes',
    'FirstConnectionFailedQueueUrl',
    'IdentityRuleErrorQueueUrl',
    'ProvisioningTemplateName',
    'RotationFailedQueueUrl',
    'RotationTableName',
    'Sites',
    'ThingGroupName',
    'TopicRoot',
  ]);
});
