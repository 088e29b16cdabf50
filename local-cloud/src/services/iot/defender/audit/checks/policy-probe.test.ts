import { compilePolicy } from '../../../../../core/iam/compiled-policy.ts';
import type { PolicyDocument, PolicyStatement } from '../../../../../core/iam/policy-document.ts';
import { TEST_ACCOUNT } from '../../../../../testing/context.ts';
import { misconfigurationsOf } from './policy-misconfiguration.ts';
import { broadDataPlaneAccess } from './policy-probe.ts';

// The examples of the developer guide, `audit-chk-iot-policy-permissive` and `audit-chk-iot-misconfigured-policies`.

const ARN = 'arn:aws:iot:us-east-1:123456789012:';
const ATTACHED = { Bool: { 'iot:Connection.Thing.IsAttached': 'true' } };
const THING = `\${iot:Connection.Thing.ThingName}`;

function statement(Effect: 'Allow' | 'Deny', Action: string, resource: string, Condition?: object): PolicyStatement {
  const scoped = Condition === undefined ? {} : { Condition: Condition as NonNullable<PolicyStatement['Condition']> };
  return { Effect, Action, Resource: resource === '*' ? '*' : ARN + resource, ...scoped };
}

function compiled(...Statement: PolicyStatement[]) {
  const document: PolicyDocument = { Version: '2012-10-17', Statement };
  return { document, statements: compilePolicy(document, 'identity').statements };
}

const allow = (action: string, resource: string, condition?: object) => statement('Allow', action, resource, condition);
const deny = (action: string, resource: string) => statement('Deny', action, resource);

test.each<[string, PolicyStatement, string | undefined]>([
  ['any client id', allow('iot:Connect', 'client/*'), 'iot:Connect'],
  ['the client id itself', allow('iot:Connect', `client/\${iot:ClientId}`), 'iot:Connect'],
  ['the client id of an attached thing', allow('iot:Connect', `client/\${iot:ClientId}`, ATTACHED), undefined],
  ['the name of the attached thing', allow('iot:Connect', `client/${THING}`, ATTACHED), undefined],
  ['client ids of one prefix', allow('iot:Connect', 'client/pump-*'), undefined],
  ['shadow updates of all things', allow('iot:Publish', 'topic/$aws/things/*/shadow/update'), 'iot:Publish'],
  ['everything below $aws/things', allow('iot:Publish', 'topic/$aws/things/*'), 'iot:Publish'],
  ['the own shadow', allow('iot:Publish', `topic/$aws/things/${THING}/shadow/*`), undefined],
  ['subscribing below $aws/things', allow('iot:Subscribe', 'topicfilter/$aws/things/*'), 'iot:Subscribe'],
  ['the filter $aws/things/#', allow('iot:Subscribe', 'topicfilter/$aws/things/#'), 'iot:Subscribe'],
  ['a filter of all shadows', allow('iot:Subscribe', 'topicfilter/$aws/things/+/shadow/update'), 'iot:Subscribe'],
  ['own shadow and jobs', allow('iot:Subscribe', `topicfilter/$aws/things/${THING}/jobs/*`), undefined],
  ['receiving everything', allow('iot:Receive', 'topic/$aws/things/*'), undefined],
  ['shadows of all things over HTTPS', allow('iot:GetThingShadow', 'thing/*'), 'iot:getthingshadow'],
  ['shadows of one thing over HTTPS', allow('iot:*', 'thing/MyThing1'), undefined],
  ['everything', allow('iot:*', '*'), 'iot:Connect'],
])('%s', (_, policy, expected) => {
  expect(broadDataPlaneAccess(TEST_ACCOUNT, compiled(policy).statements)).toBe(expected);
});

const BUILDING = allow('iot:Subscribe', 'topicfilter/building/*');
const RECEIVE = allow('iot:Receive', 'topic/building/*');

test('a deny statement with MQTT wildcards denies too little', () => {
  const { document, statements } = compiled(
    BUILDING,
    deny('iot:Subscribe', 'topicfilter/building/control_room/#'),
    RECEIVE,
  );
  expect(misconfigurationsOf(document, statements)).toEqual(['POLICY_CONTAINS_MQTT_WILDCARDS_IN_DENY_STATEMENT']);
});

test('a denied filter is evaded by one above it', () => {
  const { document, statements } = compiled(
    BUILDING,
    deny('iot:Subscribe', 'topicfilter/building/control_room/*'),
    RECEIVE,
  );
  expect(misconfigurationsOf(document, statements)).toEqual(['TOPIC_FILTERS_INTENDED_TO_DENY_ALLOWED_USING_WILDCARDS']);
});

test('denying to receive it too closes the way', () => {
  const { document, statements } = compiled(
    BUILDING,
    deny('iot:Subscribe', 'topicfilter/building/control_room/*'),
    RECEIVE,
    deny('iot:Receive', 'topic/building/control_room/*'),
  );
  expect(misconfigurationsOf(document, statements)).toEqual([]);
});
