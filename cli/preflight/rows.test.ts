import {
  hasStop,
  judgeAccountSetting,
  judgeBootstrap,
  judgeConcurrency,
  judgeName,
  judgeRuleQuota,
  judgeStack,
  judgeTimestream,
  unanswered,
} from './rows.ts';
import { countOf, templateNames } from './template-names.ts';

const PLACE = 'aws://111122223333/eu-central-1';

test('an account without a bootstrap, or with an old or broken one, stops, and the command is named', () => {
  const missing = judgeBootstrap(
    { error: 'ValidationError', message: 'Stack with id CDKToolkit does not exist' },
    PLACE,
  );
  expect(missing).toMatchObject({ status: 'stop', change: `run \`npx cdk bootstrap ${PLACE}\`` });
  const judge = (status: string, version: string | undefined) =>
    judgeBootstrap({ value: { status, version } }, PLACE).status;
  expect(judge('CREATE_COMPLETE', '5')).toBe('stop');
  expect(judge('CREATE_COMPLETE', undefined)).toBe('stop');
  expect(judge('ROLLBACK_COMPLETE', '30')).toBe('stop');
  expect(judge('UPDATE_COMPLETE', '6')).toBe('ok');
});

test('an account that is closed out of Timestream stops; one that may not look is only warned', () => {
  const closed = 'Only existing Timestream for LiveAnalytics customers can access the service.';
  expect(judgeTimestream({ error: 'AccessDeniedException', message: closed }).status).toBe('stop');
  expect(judgeTimestream({ error: 'Error', message: 'getaddrinfo ENOTFOUND ingest.timestream' }).status).toBe('stop');
  const denied = 'User: x is not authorized to perform: timestream:DescribeEndpoints';
  expect(judgeTimestream({ error: 'AccessDeniedException', message: denied })).toMatchObject({
    status: 'warn',
    found: `not allowed to look: ${denied}`,
  });
  expect(judgeTimestream({ value: {} }).status).toBe('ok');
});

test('what the local cloud does not answer is said so', () => {
  expect(unanswered('x', { error: 'NotImplemented', message: '' }).found).toBe('the local cloud does not answer it');
});

test('the concurrency of a new account is warned of, and rules beyond the quota stop', () => {
  expect(judgeConcurrency({ value: 10 })).toMatchObject({ status: 'warn' });
  expect(judgeConcurrency({ value: 1000 })).toMatchObject({ status: 'ok' });
  expect(judgeRuleQuota({ value: 998 }, 3).status).toBe('stop');
  expect(judgeRuleQuota({ value: 997 }, 3).status).toBe('ok');
});

test.each([
  ['CREATE_COMPLETE', 'ok'],
  ['UPDATE_ROLLBACK_COMPLETE', 'ok'],
  ['ROLLBACK_COMPLETE', 'stop'],
  ['UPDATE_IN_PROGRESS', 'stop'],
  ['DELETE_FAILED', 'stop'],
  ['UPDATE_ROLLBACK_FAILED', 'stop'],
] as const)('a stack in %s is %s to deploy over', (status, verdict) => {
  expect(judgeStack('s', status).status).toBe(verdict);
});

test('settings that the account has already are named with a warning, never changed', () => {
  expect(judgeAccountSetting('IoT logging', { value: 'level ERROR' })).toMatchObject({ status: 'warn' });
  expect(judgeAccountSetting('IoT logging', { value: undefined })).toMatchObject({ status: 'ok' });
});

test('a taken name stops', () => {
  const resource = { type: 'AWS::IoT::ThingType', name: 'fleetwright-dev-pump' };
  const row = judgeName(resource, { value: 'it exists' });
  expect(row).toMatchObject({ check: 'IoT::ThingType fleetwright-dev-pump', status: 'stop' });
  expect(hasStop([row])).toBe(true);
  expect(hasStop([judgeName(resource, { value: undefined })])).toBe(false);
});

test('names are read from a template where it fixes them, and not where CloudFormation makes them', () => {
  const template = {
    Resources: {
      A: { Type: 'AWS::IoT::Policy', Properties: { PolicyName: 'p' } },
      B: { Type: 'AWS::IoT::Policy', Properties: { PolicyName: { Ref: 'X' } } },
      C: { Type: 'AWS::SQS::Queue', Properties: { QueueName: 'q' } },
      D: { Type: 'AWS::IoT::TopicRule' },
      E: { Type: 'AWS::CloudWatch::Alarm', Properties: { AlarmName: 'a' } },
    },
  };
  expect(templateNames(template)).toEqual([
    { type: 'AWS::IoT::Policy', name: 'p' },
    { type: 'AWS::SQS::Queue', name: 'q' },
  ]);
  expect(countOf([template, template], 'AWS::IoT::Policy')).toBe(4);
});
