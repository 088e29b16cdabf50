import { App, Stack } from 'aws-cdk-lib';
import { IotServiceRole } from '../service-role/iot-service-role.ts';
import { TopicRule } from './topic-rule.ts';

const action = { sqs: { queueUrl: 'https://queue', roleArn: 'arn:role' } };

function make(over: { ruleName?: string; actions?: (typeof action)[] }) {
  const stack = new Stack(new App(), 'stack');
  const role = new IotServiceRole(stack, 'Role', { description: 'test' });
  const props = {
    ruleName: 'a_rule',
    description: '',
    sql: "SELECT * FROM 'a'",
    actions: [action],
    errorAction: action,
  };
  return () => new TopicRule(stack, 'Rule', { ...props, ...over, role });
}

test.each(['with-hyphen', '', 'x'.repeat(129)])('the rule name "%s" is refused', (ruleName) => {
  expect(make({ ruleName })).toThrow(`letters, digits or underscores, got '${ruleName}'`);
});

test.each([0, 11])('%d actions are refused', (count) => {
  expect(make({ actions: Array.from({ length: count }, () => action) })).toThrow(`1 to 10 actions, got ${count}`);
});

test('a good rule is made', () => {
  expect(make({})).not.toThrow();
});
