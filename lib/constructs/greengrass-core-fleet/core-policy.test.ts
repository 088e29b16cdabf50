import { platformNames } from '@fleetwright/contracts';
import { App, Aws, Stack } from 'aws-cdk-lib';
import { ownTopics } from '../device-registry/device-policy.ts';
import { policySize } from '../device-registry/policy-size.ts';
import { corePolicyDocument } from './core-policy.ts';

test('the policy of cores of the longest project, stage and device type fits, with public components', () => {
  const names = platformNames('p'.repeat(17), 's'.repeat(12));
  const deviceType = 'd'.repeat(32);
  const iotPrefix = `arn:${Aws.PARTITION}:iot:${Aws.REGION}:${Aws.ACCOUNT_ID}:`;
  const document = corePolicyDocument({
    iotPrefix,
    greengrassPrefix: `arn:${Aws.PARTITION}:greengrass:${Aws.REGION}:`,
    aliasArn: `${iotPrefix}rolealias/${names.topicRoot}-${deviceType}`,
    thingNames: names.thingName(deviceType, '*'),
    publicComponents: ['Nucleus', 'ShadowManager', 'LogManager', 'Cli'].map((name) => `aws.greengrass.${name}`),
    topics: [`${ownTopics(names)}/echo`],
  });
  expect(policySize(new Stack(new App(), 'stack'), document)).toBeLessThanOrEqual(2_048);
});
