import {
  HOOK_ARN,
  PARAMETERS,
  PROVISION,
  type ProvisioningProbe,
  startProvisioning,
  TEMPLATE_ARN,
  TEMPLATE_BODY,
} from '../../local-cloud/src/services/iot/testing/provisioning-probe.ts';

// AWS IoT developer guide: pre-provisioning-hook, provision-template.

let probe: ProvisioningProbe;

beforeEach(async () => {
  probe = await startProvisioning();
});

afterEach(() => probe.iot.cloud.close());

describe('the pre-provisioning hook', () => {
  beforeEach(() =>
    probe.replaceTemplate(TEMPLATE_BODY, {
      preProvisioningHook: { targetArn: HOOK_ARN, payloadVersion: '2020-04-01' },
    }),
  );

  test('gets the documented event, called by AWS IoT for this template', async () => {
    const made = await probe.makeCertificate();
    expect((await probe.register(made)).topic).toBe(`${PROVISION}/accepted`);
    expect(probe.hookCalls).toHaveLength(1);
    expect(probe.hookCalls[0]?.event).toEqual({
      claimCertificateId: probe.claim.certificateId,
      certificateId: made.certificateId,
      certificatePem: made.certificatePem,
      templateArn: TEMPLATE_ARN,
      clientId: 'claim-1',
      parameters: PARAMETERS,
    });
    expect(probe.hookCalls[0]?.caller).toEqual({
      kind: 'service',
      service: 'iot.amazonaws.com',
      sourceArn: TEMPLATE_ARN,
      sourceAccount: '123456789012',
    });
  });

  test('adds and replaces parameters', async () => {
    probe.hook = () => ({ allowProvisioning: true, parameterOverrides: { Site: 'plant-b', Batch: '7' } });
    const made = await probe.makeCertificate();
    const { body } = await probe.register(made, { SerialNumber: 'PS-0001' });
    expect(body).toMatchObject({ deviceConfiguration: { site: 'plant-b' } });
    expect(await probe.iot.call('DescribeThing', { thingName: 'pump-PS-0001' })).toMatchObject({
      attributes: { site: 'plant-b', batch: '7' },
    });
  });

  const denied = { statusCode: 403, errorCode: 'ACCESS_DENIED', errorMessage: 'Access Denied' };

  test.each<[string, () => object]>([
    ['refuses', () => ({ allowProvisioning: false })],
    ['returns nothing', () => ({})],
    ['returns the word true', () => ({ allowProvisioning: 'true' })],
    ['fails', () => ({ FunctionError: 'Unhandled', Payload: Buffer.from('{"errorMessage":"secret"}') })],
    ['returns what is no JSON', () => ({ FunctionError: undefined, Payload: Buffer.from('nonsense') })],
    ['overrides with what is no text', () => ({ allowProvisioning: true, parameterOverrides: { Site: 7 } })],
    [
      'cannot be invoked',
      () => {
        throw new Error('no such function');
      },
    ],
  ])('denies access when it %s', async (_title, response) => {
    probe.hook = response;
    const made = await probe.makeCertificate();
    expect(await probe.register(made)).toEqual({ topic: `${PROVISION}/rejected`, body: denied });
    expect(await probe.statusOf(made.certificateId)).toBe('PENDING_ACTIVATION');
    await expect(probe.iot.call('DescribeThing', { thingName: 'pump-PS-0001' })).rejects.toMatchObject({
      code: 'ResourceNotFoundException',
    });
  });

  test('denies access when AWS IoT may not invoke it', async () => {
    probe.iot.cloud.denied.add('lambda:InvokeFunction');
    expect((await probe.register(await probe.makeCertificate())).body).toEqual(denied);
  });

  test('denies access when it takes longer than 5 seconds, even if it allows later', async () => {
    let allow: (result: object) => void = () => undefined;
    probe.hook = () => new Promise((resolve) => (allow = resolve));
    const made = await probe.makeCertificate();
    const pending = probe.register(made);
    await probe.iot.cloud.clock.advance(4_999);
    expect(probe.iot.replies).toEqual([]);
    await probe.iot.cloud.clock.advance(1);
    expect((await pending).body).toEqual(denied);
    allow({ allowProvisioning: true });
    await probe.iot.cloud.clock.advance(1_000);
    expect(await probe.statusOf(made.certificateId)).toBe('PENDING_ACTIVATION');
    expect(probe.iot.replies).toEqual([]);
  });
});

describe('a thing that exists already', () => {
  async function registerAgain(overrides: object | undefined) {
    const thing = { ...TEMPLATE_BODY.Resources.thing, OverrideSettings: overrides };
    await probe.iot.call('CreateThingType', { thingTypeName: 'old' });
    await probe.iot.call('CreateThingGroup', { thingGroupName: 'others' });
    await probe.iot.call('CreateThing', {
      thingName: 'pump-PS-0001',
      thingTypeName: 'old',
      attributePayload: { attributes: { site: 'old', color: 'red' } },
    });
    await probe.iot.call('AddThingToThingGroup', { thingName: 'pump-PS-0001', thingGroupName: 'others' });
    await probe.replaceTemplate({ ...TEMPLATE_BODY, Resources: { ...TEMPLATE_BODY.Resources, thing } });
    const reply = await probe.register(await probe.makeCertificate());
    const found = await probe.iot.call('DescribeThing', { thingName: 'pump-PS-0001' });
    const { thingGroups } = await probe.iot.call<{ thingGroups: { groupName: string }[] }>('ListThingGroupsForThing', {
      thingName: 'pump-PS-0001',
    });
    const groups = thingGroups.map(({ groupName }) => groupName);
    return { reply, attributes: found.attributes, type: found.thingTypeName, groups };
  }

  test.each([
    ['without override settings', undefined],
    ['with DO_NOTHING', { AttributePayload: 'DO_NOTHING', ThingTypeName: 'DO_NOTHING', ThingGroups: 'DO_NOTHING' }],
  ])('is left as it is %s', async (_title, overrides) => {
    const { reply, ...found } = await registerAgain(overrides);
    expect(reply.topic).toBe(`${PROVISION}/accepted`);
    expect(found).toEqual({ attributes: { site: 'old', color: 'red' }, type: 'old', groups: ['others'] });
  });

  test('is replaced with REPLACE', async () => {
    const { reply, ...found } = await registerAgain({
      ATTRIBUTE_PAYLOAD: 'REPLACE',
      THING_TYPE_NAME: 'REPLACE',
      THING_GROUPS: 'REPLACE',
    });
    expect(reply.topic).toBe(`${PROVISION}/accepted`);
    expect(found).toEqual({ attributes: { site: 'plant-a', batch: 'none' }, type: 'pump', groups: ['pumps'] });
  });

  test('is merged with MERGE', async () => {
    const { attributes, groups } = await registerAgain({ AttributePayload: 'MERGE', ThingGroups: 'MERGE' });
    expect(attributes).toEqual({ site: 'plant-a', color: 'red', batch: 'none' });
    expect(groups).toEqual(['others', 'pumps']);
  });

  test('makes the request fail with FAIL', async () => {
    const { reply, type } = await registerAgain({ ThingTypeName: 'FAIL' });
    expect(reply.body).toMatchObject({ statusCode: 409, errorCode: 'ResourceConflicts' });
    expect(type).toBe('old');
  });
});
