import { PermissionUse } from '../../core/iam/permission-use.ts';
import type { PolicyDocument } from '../../core/iam/policy-document.ts';
import { reportRole } from './permission-report.ts';

const QUEUE = 'arn:aws:sqs:us-east-1:111122223333:queue';

function report(document: PolicyDocument, used: readonly (readonly [string, string, boolean])[]) {
  const use = new PermissionUse();
  for (const [action, resource, allowed] of used) use.record('role', action, resource, allowed);
  return reportRole('reader', [document], use.of('role'));
}

test('each action on each resource of a statement is a grant of its own', () => {
  const document: PolicyDocument = {
    Statement: { Effect: 'Allow', Action: ['sqs:SendMessage', 'sqs:Get*'], Resource: [QUEUE, `${QUEUE}-2`] },
  };
  expect(report(document, [['sqs:GetQueueUrl', QUEUE, true]]).granted).toEqual([
    { action: 'sqs:SendMessage', resource: QUEUE, used: false },
    { action: 'sqs:SendMessage', resource: `${QUEUE}-2`, used: false },
    { action: 'sqs:Get*', resource: QUEUE, used: true },
    { action: 'sqs:Get*', resource: `${QUEUE}-2`, used: false },
  ]);
});

test('a refusal uses nothing and is told apart', () => {
  const document: PolicyDocument = { Statement: [{ Effect: 'Allow', Action: 'sqs:*', Resource: QUEUE }] };
  const { denied, granted } = report(document, [['sqs:SendMessage', QUEUE, false]]);
  expect(granted).toEqual([{ action: 'sqs:*', resource: QUEUE, used: false }]);
  expect(denied).toEqual([{ action: 'sqs:SendMessage', resource: QUEUE }]);
});

test('a policy variable stands for what it was, and a denial is no grant', () => {
  const resource = 'arn:aws:s3:::logs/$' + '{credentials-iot:ThingName}/*';
  const document: PolicyDocument = {
    Version: '2012-10-17',
    Statement: [
      { Effect: 'Allow', Action: 's3:PutObject', Resource: resource },
      { Effect: 'Deny', Action: 's3:DeleteObject', Resource: '*' },
    ],
  };
  expect(report(document, [['s3:PutObject', 'arn:aws:s3:::logs/pump-1/today', true]]).granted).toEqual([
    { action: 's3:PutObject', resource, used: true },
  ]);
});
