import { connectionOf } from '../../local-cloud/src/services/iot/testing/connection-of.ts';
import { makeForeignCertificate } from '../../local-cloud/src/services/iot/testing/iot-test-cloud.ts';
import {
  ARN,
  allow,
  type Case,
  deny,
  type PolicyProbe,
  startProbe,
} from '../../local-cloud/src/services/iot/testing/policy-probe.ts';

// Cases from the policies that the AWS IoT developer guide prints, with what it says of them; pages named per block.

let probe: PolicyProbe;

beforeEach(async () => {
  probe = await startProbe();
});

afterEach(() => probe.iot.cloud.close());

describe('allow and deny (iot-policies: "the same conventions as IAM policies")', () => {
  test('nothing is allowed without a policy', () => {
    probe.expectCases('client1', [
      ['iot:Connect', 'client1', false],
      ['iot:Publish', 'a', false],
      ['iot:Subscribe', 'a', false],
      ['iot:Receive', 'a', false],
      ['iot:RetainPublish', 'a', false],
    ]);
  });

  test('a deny in any attached policy wins over an allow', async () => {
    await probe.attach([allow('iot:*', '*')]);
    await probe.attach([deny('iot:Publish', `${ARN}topic/secret/*`)]);
    probe.expectCases('client1', [
      ['iot:Publish', 'open', true],
      ['iot:Publish', 'secret/a', false],
      ['iot:Receive', 'secret/a', true],
    ]);
  });

  test('retaining needs iot:RetainPublish besides iot:Publish (iot-policy-actions)', async () => {
    await probe.attach([allow('iot:Publish', '*')]);
    probe.expectCases('c', [
      ['iot:Publish', 'a', true],
      ['iot:RetainPublish', 'a', false],
    ]);
  });

  test('actions compare without case and with wildcards; NotAction covers the rest', async () => {
    await probe.attach([
      allow('IOT:pub*', `${ARN}topic/a`),
      { Effect: 'Allow', NotAction: 'iot:Connect', Resource: `${ARN}topic/b` },
    ]);
    probe.expectCases('c', [
      ['iot:Publish', 'a', true],
      ['iot:Receive', 'a', false],
      ['iot:Receive', 'b', true],
    ]);
  });

  test('resources of another type, account or region do not match', async () => {
    await probe.attach([
      allow('iot:*', `${ARN}topic/a`),
      allow('iot:*', 'arn:aws:iot:us-east-1:999999999999:topic/b'),
      allow('iot:*', 'arn:aws:iot:eu-west-1:123456789012:topic/b'),
    ]);
    probe.expectCases('a', [
      ['iot:Publish', 'a', true],
      ['iot:Subscribe', 'a', false],
      ['iot:Connect', 'a', false],
      ['iot:Publish', 'b', false],
    ]);
  });
});

describe('wildcards (pub-sub-policy)', () => {
  test('* spans levels and ? is one character', async () => {
    await probe.attach([
      allow('iot:Subscribe', [`${ARN}topicfilter/some/*/topic`, `${ARN}topicfilter/some/sensor???/topic`]),
      allow('iot:Publish', `${ARN}topic/some/?????/topic`),
    ]);
    probe.expectCases('c', [
      ['iot:Subscribe', 'some/string1/topic', true],
      ['iot:Subscribe', 'some/a/b/topic', true],
      ['iot:Subscribe', 'some/+/topic', true],
      ['iot:Subscribe', 'some/topic', false],
      ['iot:Publish', 'some/abcde/topic', true],
      ['iot:Publish', 'some/abcdef/topic', false],
      ['iot:Publish', 'some/abcd/topic', false],
    ]);
  });

  test('+ and # are ordinary characters', async () => {
    await probe.attach([allow('iot:Subscribe', [`${ARN}topicfilter/some/+/topic`, `${ARN}topicfilter/all/#`])]);
    probe.expectCases('c', [
      ['iot:Subscribe', 'some/+/topic', true],
      ['iot:Subscribe', 'some/a/topic', false],
      ['iot:Subscribe', 'all/#', true],
      ['iot:Subscribe', 'all/a', false],
    ]);
  });

  test('a denied part is still reached through a wildcard filter, unless NotResource keeps it from being received', async () => {
    await probe.attach([
      allow('iot:Subscribe', `${ARN}topicfilter/a/*`),
      deny('iot:Subscribe', `${ARN}topicfilter/a/restricted/*`),
      { Effect: 'Allow', Action: 'iot:Receive', NotResource: `${ARN}topic/a/restricted/*` },
    ]);
    probe.expectCases('c', [
      ['iot:Subscribe', 'a/#', true],
      ['iot:Subscribe', 'a/restricted/x', false],
      ['iot:Receive', 'a/open', true],
      ['iot:Receive', 'a/restricted/x', false],
    ]);
  });

  test('special characters have fixed variables (iot-policy-variables)', async () => {
    await probe.attach([allow('iot:Publish', [`${ARN}topic/a\${*}b`, `${ARN}topic/c\${?}`, `${ARN}topic/\${$}d`])]);
    probe.expectCases('c', [
      ['iot:Publish', 'a*b', true],
      ['iot:Publish', 'axb', false],
      ['iot:Publish', 'c?', true],
      ['iot:Publish', 'cx', false],
      ['iot:Publish', '$d', true],
    ]);
  });
});

describe('basic variables (basic-policy-variables)', () => {
  test('iot:ClientId and aws:SourceIp', async () => {
    await probe.attach([
      allow('iot:Connect', `${ARN}client/\${iot:ClientId}`),
      allow('iot:Publish', [`${ARN}topic/my/topic/\${iot:ClientId}`, `${ARN}topic/from/\${aws:SourceIp}`]),
      allow('iot:Publish', `${ARN}topic/office`, { IpAddress: { 'aws:SourceIp': '203.0.113.0/24' } }),
    ]);
    const cases = (ip: boolean): Case[] => [
      ['iot:Connect', '100-234-3456', true],
      ['iot:Connect', 'other', false],
      ['iot:Publish', 'my/topic/100-234-3456', true],
      ['iot:Publish', 'my/topic/other', false],
      ['iot:Publish', 'from/203.0.113.7', ip],
      ['iot:Publish', 'office', ip],
    ];
    probe.expectCases('100-234-3456', cases(true));
    probe.expectCases('100-234-3456', cases(false), '198.51.100.1');
  });

  test('a client id of + opens a filter for every client, as the page warns', async () => {
    await probe.attach([allow('iot:Subscribe', `${ARN}topicfilter/my/\${iot:ClientId}/topic`)]);
    probe.expectCases('+', [['iot:Subscribe', 'my/+/topic', true]]);
  });

  test('wildcard characters in a value are taken literally', async () => {
    await probe.attach([allow('iot:Publish', `${ARN}topic/\${iot:ClientId}/x`)]);
    probe.expectCases('*', [
      ['iot:Publish', '*/x', true],
      ['iot:Publish', 'other/x', false],
    ]);
  });

  test('an unknown variable matches nothing', async () => {
    await probe.attach([allow('iot:Publish', [`${ARN}topic/\${iot:Thing.ThingName}/a`, `${ARN}topic/b`])]);
    probe.expectCases('c', [
      ['iot:Publish', 'c/a', false],
      ['iot:Publish', '${iot:Thing.ThingName}/a', false],
      ['iot:Publish', 'b', true],
    ]);
  });
});

describe('thing variables (thing-policy-variables, thing-policy-examples, exclusive-thing)', () => {
  const OWN = [
    allow('iot:Connect', `${ARN}client/\${iot:Connection.Thing.ThingName}`),
    allow('iot:Publish', `${ARN}topic/\${iot:Connection.Thing.ThingName}/*`),
  ];
  const cases = (name: string, allowed: boolean): Case[] => [
    ['iot:Connect', name, allowed],
    ['iot:Publish', `${name}/bar`, allowed],
  ];

  test('resolve when the client id is the name of a thing that the certificate is attached to', async () => {
    await probe.attach(OWN);
    await probe.attachThing('thing1');
    probe.expectCases('thing1', cases('thing1', true));
    probe.expectCases('thing1', cases('thing2', false));
    probe.expectCases('other', cases('thing1', false));
    probe.expectCases('other', cases('other', false));
  });

  test('do not resolve for a registered thing that the certificate is not attached to', async () => {
    await probe.attach(OWN);
    await probe.iot.call('CreateThing', { thingName: 'thing1' });
    probe.expectCases('thing1', cases('thing1', false));
  });

  test('do not resolve for another thing of the same certificate', async () => {
    await probe.attach(OWN);
    await probe.attachThing('thing1');
    await probe.attachThing('thing2');
    probe.expectCases('thing2', cases('thing1', false));
    probe.expectCases('thing2', cases('thing2', true));
  });

  test('resolve whatever the client id for an exclusively attached thing', async () => {
    await probe.attach([...OWN, allow('iot:Connect', `${ARN}client/gateway`)]);
    await probe.attachThing('thing1', {}, 'EXCLUSIVE_THING');
    probe.expectCases('gateway', [
      ['iot:Connect', 'gateway', true],
      ['iot:Publish', 'thing1/bar', true],
      ['iot:Publish', 'gateway/bar', false],
    ]);
  });

  test('type name and attributes are those of the thing, attribute names with case', async () => {
    await probe.iot.call('CreateThingType', { thingTypeName: 'pump' });
    await probe.attach([
      allow(
        'iot:Publish',
        `${ARN}topic/\${iot:Connection.Thing.ThingTypeName}/\${iot:Connection.Thing.Attributes[site]}/*`,
      ),
      allow('iot:Publish', `${ARN}topic/case/\${iot:Connection.Thing.Attributes[Site]}`),
      allow('iot:Publish', `${ARN}topic/none/\${iot:Connection.Thing.Attributes[toString]}`),
    ]);
    await probe.attachThing('thing1', { thingTypeName: 'pump', attributePayload: { attributes: { site: 'plant-a' } } });
    probe.expectCases('thing1', [
      ['iot:Publish', 'pump/plant-a/x', true],
      ['iot:Publish', 'pump/plant-b/x', false],
      ['iot:Publish', 'case/plant-a', false],
    ]);
    probe.expectCases('other', [['iot:Publish', 'pump/plant-a/x', false]]);
  });

  test('conditions on attribute, type and attachment must all hold', async () => {
    await probe.iot.call('CreateThingType', { thingTypeName: 'Thing_Type_Name' });
    await probe.attach([
      allow('iot:Publish', `${ARN}topic/device/stats`, {
        StringEquals: {
          'iot:Connection.Thing.Attributes[attributeName]': 'attributeValue',
          'iot:Connection.Thing.ThingTypeName': 'Thing_Type_Name',
        },
        Bool: { 'iot:Connection.Thing.IsAttached': 'true' },
      }),
    ]);
    const attributes = (value: string) => ({ attributePayload: { attributes: { attributeName: value } } });
    await probe.attachThing('right', { thingTypeName: 'Thing_Type_Name', ...attributes('attributeValue') });
    await probe.attachThing('value', { thingTypeName: 'Thing_Type_Name', ...attributes('other') });
    await probe.attachThing('untyped', attributes('attributeValue'));
    probe.expectCases('right', [['iot:Publish', 'device/stats', true]]);
    for (const clientId of ['value', 'untyped', 'unattached']) {
      probe.expectCases(clientId, [['iot:Publish', 'device/stats', false]]);
    }
  });

  test('IsAttached is false, not absent, for a client that is no attached thing', async () => {
    await probe.attach([
      allow('iot:Connect', '*', { Bool: { 'iot:Connection.Thing.IsAttached': ['true'] } }),
      allow('iot:Publish', '*', { Bool: { 'iot:Connection.Thing.IsAttached': ['false'] } }),
    ]);
    await probe.attachThing('thing1');
    probe.expectCases('thing1', [
      ['iot:Connect', 'thing1', true],
      ['iot:Publish', 'x', false],
    ]);
    probe.expectCases('other', [
      ['iot:Connect', 'other', false],
      ['iot:Publish', 'x', true],
    ]);
  });
});

describe('policies of thing groups (thing-groups)', () => {
  test('reach the things of the group and of its child groups, on connections that stand for the thing', async () => {
    await probe.iot.call('CreateThingGroup', { thingGroupName: 'parent' });
    await probe.iot.call('CreateThingGroup', { thingGroupName: 'child', parentGroupName: 'parent' });
    await probe.attach([allow('iot:Publish', `${ARN}topic/parent`)], `${ARN}thinggroup/parent`);
    await probe.attach([allow('iot:Publish', `${ARN}topic/child`)], `${ARN}thinggroup/child`);
    await probe.attachThing('thing1');
    const cases = (parent: boolean, child: boolean): Case[] => [
      ['iot:Publish', 'parent', parent],
      ['iot:Publish', 'child', child],
    ];
    probe.expectCases('thing1', cases(false, false));
    await probe.iot.call('AddThingToThingGroup', { thingName: 'thing1', thingGroupName: 'child' });
    probe.expectCases('thing1', cases(true, true));
    probe.expectCases('other', cases(false, false));
    expect(
      await probe.iot.call('GetEffectivePolicies', { principal: probe.principal(), thingName: 'thing1' }),
    ).toMatchObject({
      effectivePolicies: [{}, {}],
    });
    await probe.iot.call('RemoveThingFromThingGroup', { thingName: 'thing1', thingGroupName: 'child' });
    await probe.iot.call('AddThingToThingGroup', { thingName: 'thing1', thingGroupName: 'parent' });
    probe.expectCases('thing1', cases(true, false));
    await probe.iot.call('RemoveThingFromThingGroup', { thingName: 'thing1', thingGroupName: 'parent' });
    probe.expectCases('thing1', cases(false, false));
  });
});

test('a condition on the time is asked anew each time', async () => {
  const end = new Date(probe.iot.cloud.clock.now() + 60_000).toISOString();
  const certificate = await makeForeignCertificate();
  await probe.use(certificate);
  await probe.attach([allow('iot:Publish', '*', { DateLessThan: { 'aws:CurrentTime': end } })]);
  const devices = probe.iot.cloud.ports.get('devices');
  const connection = connectionOf(certificate, 'c', '127.0.0.1');
  expect(devices.isAllowed(connection, 'iot:Publish', 'a')).toBe(true);
  await probe.iot.cloud.clock.advance(60_000);
  expect(devices.isAllowed(connection, 'iot:Publish', 'a')).toBe(false);
});
