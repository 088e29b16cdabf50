import {
  ARN,
  allow,
  deny,
  type PolicyProbe,
  startProbe,
} from '../../local-cloud/src/services/iot/testing/policy-probe.ts';

// source: API reference, TestAuthorization, AuthResult, ImplicitDeny, ExplicitDeny

let probe: PolicyProbe;

beforeEach(async () => {
  probe = await startProbe();
});
afterEach(() => probe.iot.cloud.close());

interface Result {
  authDecision: string;
  allowed: object;
  denied: object;
  missingContextValues: string[];
}

const test1 = async (input: object, actionType = 'PUBLISH', ...resources: string[]): Promise<Result> => {
  const { authResults } = await probe.iot.call<{ authResults: Result[] }>('TestAuthorization', {
    principal: probe.principal(),
    authInfos: [{ actionType, resources: resources.length === 0 ? [`${ARN}topic/a`] : resources }],
    ...input,
  });
  return authResults[0] as Result;
};
const listed = (...names: string[]) => ({
  policies: names.map((policyName) => ({ policyName, policyArn: `${ARN}policy/${policyName}` })),
});

test('an allowed action names the policies that allow it, and those that say nothing', async () => {
  const allowing = await probe.attach([allow('iot:Publish', `${ARN}topic/a`)]);
  const other = await probe.attach([allow('iot:Publish', `${ARN}topic/b`)]);
  expect(await test1({})).toEqual({
    authInfo: { actionType: 'PUBLISH', resources: [`${ARN}topic/a`] },
    allowed: listed(allowing),
    denied: { implicitDeny: listed(other), explicitDeny: listed() },
    authDecision: 'ALLOWED',
    missingContextValues: [],
  });
});

test('an explicit deny wins over an allow', async () => {
  const allowing = await probe.attach([allow('iot:Publish', `${ARN}topic/*`)]);
  const denying = await probe.attach([deny('iot:Publish', `${ARN}topic/a`)]);
  expect(await test1({})).toMatchObject({
    allowed: listed(allowing),
    denied: { explicitDeny: listed(denying) },
    authDecision: 'EXPLICIT_DENY',
  });
});

test('what no policy allows is denied implicitly', async () => {
  const other = await probe.attach([allow('iot:Subscribe', '*')]);
  expect(await test1({})).toMatchObject({
    denied: { implicitDeny: listed(other), explicitDeny: listed() },
    authDecision: 'IMPLICIT_DENY',
  });
});

test('several resources are allowed only together', async () => {
  await probe.attach([allow('iot:Publish', `${ARN}topic/a`)]);
  expect(await test1({}, 'PUBLISH', `${ARN}topic/a`, `${ARN}topic/b`)).toMatchObject({ authDecision: 'IMPLICIT_DENY' });
});

test('policies can be added and skipped for the test', async () => {
  const attached = await probe.attach([deny('iot:Publish', '*')]);
  await probe.iot.call('CreatePolicy', {
    policyName: 'added',
    policyDocument: JSON.stringify({ Version: '2012-10-17', Statement: [allow('iot:Publish', '*')] }),
  });
  expect(await test1({ policyNamesToAdd: ['added'], policyNamesToSkip: [attached] })).toMatchObject({
    allowed: listed('added'),
    authDecision: 'ALLOWED',
  });
  expect(await test1({ principal: undefined, policyNamesToAdd: ['added'] })).toMatchObject({ authDecision: 'ALLOWED' });
});

test('the client id and its thing give values to policy variables; variables without a value are named', async () => {
  await probe.attach([allow('iot:Publish', `${ARN}topic/\${iot:ClientId}/\${iot:Connection.Thing.Attributes[site]}`)]);
  const topic = `${ARN}topic/pump/north`;
  expect(await test1({}, 'PUBLISH', topic)).toMatchObject({
    authDecision: 'IMPLICIT_DENY',
    missingContextValues: ['iot:ClientId'],
  });
  expect(await test1({ clientId: 'pump' }, 'PUBLISH', topic)).toMatchObject({
    authDecision: 'IMPLICIT_DENY',
    missingContextValues: ['iot:Connection.Thing.Attributes[site]'],
  });
  await probe.attachThing('pump', { attributePayload: { attributes: { site: 'north' } } });
  expect(await test1({ clientId: 'pump' }, 'PUBLISH', topic)).toMatchObject({
    authDecision: 'ALLOWED',
    missingContextValues: [],
  });
});

test('a thing group is tested with its own policies and those of its parents', async () => {
  await probe.iot.call('CreateThingGroup', { thingGroupName: 'site' });
  await probe.iot.call('CreateThingGroup', { thingGroupName: 'pumps', parentGroupName: 'site' });
  const policy = await probe.attach([allow('iot:Connect', '*')], `${ARN}thinggroup/site`);
  expect(await test1({ principal: `${ARN}thinggroup/pumps` }, 'CONNECT', `${ARN}client/x`)).toMatchObject({
    allowed: listed(policy),
    authDecision: 'ALLOWED',
  });
});

test('an unknown action, no resource, or more than ten questions are refused', async () => {
  const info = { actionType: 'PUBLISH', resources: [`${ARN}topic/a`] };
  for (const authInfos of [[{ ...info, actionType: 'FLY' }], [{ ...info, resources: [] }], [], Array(11).fill(info)]) {
    await expect(
      probe.iot.call('TestAuthorization', { principal: probe.principal(), authInfos }),
    ).rejects.toMatchObject({ code: 'InvalidRequestException' });
  }
});

// source: API reference, AttachPrincipalPolicy, DetachPrincipalPolicy, ListPrincipalPolicies, ListPolicyPrincipals
test('the older operations attach, list and detach policies of principals', async () => {
  const policyName = await probe.attach([allow('iot:Publish', '*')]);
  const [principal, { call }] = [probe.principal(), probe.iot];
  await call('DetachPrincipalPolicy', { policyName, principal });
  expect(await call('ListPrincipalPolicies', { principal })).toEqual(listed());
  await call('AttachPrincipalPolicy', { policyName, principal });
  expect(await call('ListPrincipalPolicies', { principal })).toEqual(listed(policyName));
  expect(await call('ListPolicyPrincipals', { policyName })).toEqual({ principals: [principal] });
  await call('CreateThingGroup', { thingGroupName: 'pumps' });
  await expect(
    call('AttachPrincipalPolicy', { policyName, principal: `${ARN}thinggroup/pumps` }),
  ).rejects.toMatchObject({ code: 'InvalidRequestException' });
});
