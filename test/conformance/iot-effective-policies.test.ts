import { ARN, allow, type PolicyProbe, startProbe } from '../../local-cloud/src/services/iot/testing/policy-probe.ts';

// source: API reference, GetEffectivePolicies ("when it connects to the AWS IoT device gateway"), and exclusive-thing

let probe: PolicyProbe;

beforeEach(async () => {
  probe = await startProbe();
});
afterEach(() => probe.iot.cloud.close());

const effective = async (input: object): Promise<string[]> => {
  const { effectivePolicies } = await probe.iot.call<{ effectivePolicies: { policyName: string }[] }>(
    'GetEffectivePolicies',
    input,
  );
  return effectivePolicies.map(({ policyName }) => policyName).sort();
};

test('a certificate has its own policies and, with the name of its thing, those of all groups above the thing', async () => {
  const { call } = probe.iot;
  await call('CreateThingGroup', { thingGroupName: 'site' });
  await call('CreateThingGroup', { thingGroupName: 'pumps', parentGroupName: 'site' });
  const own = await probe.attach([allow('iot:Connect', '*')]);
  const inherited = await probe.attach([allow('iot:Publish', '*')], `${ARN}thinggroup/site`);
  await probe.attachThing('pump');
  await call('AddThingToThingGroup', { thingName: 'pump', thingGroupName: 'pumps' });
  const principal = probe.principal();
  expect(await effective({ principal })).toEqual([own]);
  expect(await effective({ principal, thingName: 'pump' })).toEqual([own, inherited]);
  expect(await effective({ principal: `${ARN}thinggroup/pumps` })).toEqual([inherited]);
  await call('CreateThing', { thingName: 'other' });
  await expect(effective({ principal, thingName: 'other' })).rejects.toMatchObject({ code: 'InvalidRequestException' });
});

test('a certificate that is exclusively attached always counts as its thing', async () => {
  const { call } = probe.iot;
  await call('CreateThingGroup', { thingGroupName: 'pumps' });
  const inherited = await probe.attach([allow('iot:Publish', '*')], `${ARN}thinggroup/pumps`);
  await probe.attachThing('pump', {}, 'EXCLUSIVE_THING');
  await call('AddThingToThingGroup', { thingName: 'pump', thingGroupName: 'pumps' });
  expect(await effective({ principal: probe.principal() })).toEqual([inherited]);
});

// source: manual-cert-registration ("it can't be activated later")
test('a revoked certificate is never activated again', async () => {
  const certificateId = probe.principal().split('/')[1];
  const { call } = probe.iot;
  await call('UpdateCertificate', { certificateId, newStatus: 'REVOKED' });
  await expect(call('UpdateCertificate', { certificateId, newStatus: 'ACTIVE' })).rejects.toMatchObject({
    code: 'CertificateStateException',
    statusCode: 406,
  });
});
