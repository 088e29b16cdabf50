import { testScope } from '../../../../testing/context.ts';
import { type IotTestCloud, startIot } from '../../testing/iot-test-cloud.ts';

// source: CloudFormation template reference, AWS::IoT::Logging; API reference, SetV2LoggingOptions

const properties = {
  AccountId: '123456789012',
  DefaultLogLevel: 'WARN',
  RoleArn: 'arn:aws:iam::123456789012:role/logging',
};

let iot: IotTestCloud;
beforeEach(async () => {
  iot = await startIot();
});
afterEach(() => iot.cloud.close());

function provider() {
  const found = iot.plugin.resources?.find(({ type }) => type === 'AWS::IoT::Logging');
  if (found === undefined) throw new Error('no AWS::IoT::Logging');
  return found;
}

const create = (more: object = {}) => provider().create({ ...properties, ...more }, testScope('Logging'));

test('logging of a template is what the API answers, and a change of it too', async () => {
  const state = await create();
  expect(state.physicalId).toBe('123456789012');
  expect(await iot.call('GetV2LoggingOptions')).toMatchObject({ defaultLogLevel: 'WARN', roleArn: properties.RoleArn });
  const changed = { ...properties, DefaultLogLevel: 'INFO' };
  await provider().update(changed, properties, state, testScope('Logging'));
  expect(await iot.call('GetV2LoggingOptions')).toMatchObject({ defaultLogLevel: 'INFO', disableAllLogs: false });
});

test('logging that somebody else has configured is not taken over', async () => {
  await iot.call('SetV2LoggingOptions', { roleArn: properties.RoleArn, defaultLogLevel: 'DEBUG' });
  await expect(create()).rejects.toMatchObject({ code: 'ResourceAlreadyExistsException' });
  expect(await iot.call('GetV2LoggingOptions')).toMatchObject({ defaultLogLevel: 'DEBUG' });
});

test('without the resource logging is off, and can be owned again', async () => {
  const state = await create();
  await provider().delete(state, properties, testScope('Logging'));
  expect(await iot.call('GetV2LoggingOptions')).toMatchObject({ disableAllLogs: true });
  await create();
  expect(await iot.call('GetV2LoggingOptions')).toMatchObject({ disableAllLogs: false });
});

test('another account is refused', async () => {
  await expect(create({ AccountId: '999999999999' })).rejects.toMatchObject({ code: 'InvalidRequestException' });
});
