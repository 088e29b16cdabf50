import { platformNames } from '@fleetwright/contracts';
import { App, Aws, Stack } from 'aws-cdk-lib';
import { devicePolicyDocument } from './device-policy.ts';
import { deviceServicesPolicyDocument } from './device-services-policy.ts';
import { checkPolicySize, type IotPolicyDocument, policySize } from './policy-size.ts';

const stack = new Stack(new App(), 'stack');

function document(...resources: string[]): IotPolicyDocument {
  return { Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: 'iot:Connect', Resource: resources }] };
}

test('whitespace does not count, and pseudo parameters count at their longest', () => {
  const plain = policySize(stack, document('arn:aws-us-gov:iot:ap-southeast-99:123456789012:client/x'));
  const arn = `arn:${Aws.PARTITION}:iot:${Aws.REGION}:${Aws.ACCOUNT_ID}:client/x`;
  expect(policySize(stack, document(arn))).toBe(plain);
  expect(policySize(stack, document('a b'))).toBe(policySize(stack, document('ab')));
});

test('a policy above 2,048 characters is refused with its size', () => {
  const empty = policySize(stack, document(''));
  expect(() => checkPolicySize(stack, 'device policy', document('x'.repeat(2048 - empty)))).not.toThrow();
  expect(() => checkPolicySize(stack, 'device policy', document('x'.repeat(2049 - empty)))).toThrow(
    'device policy must have at most 2048 characters without whitespace, got 2049',
  );
});

test('the device policies of the longest project and stage fit, with every channel on Basic Ingest', () => {
  const arnPrefix = `arn:${Aws.PARTITION}:iot:${Aws.REGION}:${Aws.ACCOUNT_ID}:`;
  const names = platformNames('p'.repeat(17), 's'.repeat(12));
  expect(policySize(stack, devicePolicyDocument(arnPrefix, names, ['telemetry', 'event']))).toBeLessThanOrEqual(2048);
  expect(policySize(stack, deviceServicesPolicyDocument(arnPrefix, names))).toBeLessThanOrEqual(2048);
});
