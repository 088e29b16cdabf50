import { mergePermissions } from './merge-permissions.ts';

const QUEUE = 'arn:aws:sqs:us-east-1:111122223333:app-dev-Queue1234';
const role = (suffix: string, used: boolean, denied: readonly string[] = []) => ({
  roleName: `app-dev-ReaderRole00-${suffix}`,
  granted: [{ action: 'sqs:SendMessage', resource: `${QUEUE}-${suffix}`, used }],
  denied: denied.map((action) => ({ action, resource: `${QUEUE}-${suffix}` })),
});
const grant = { role: 'app-dev-ReaderRole00', action: 'sqs:SendMessage', resource: QUEUE };

test('a grant that one deployment used is used, whatever the deployments called things', () => {
  const records = [[role('AAAABBBBCCCC', false)], [role('DDDDEEEEFFFF', true)]];
  expect(mergePermissions(records, 'app-')).toEqual({
    roles: [grant.role],
    used: [grant],
    unused: [],
    denied: [],
  });
});

test('a grant that none used, and what was refused, are told', () => {
  const merged = mergePermissions([[role('AAAABBBBCCCC', false, ['sqs:DeleteMessage'])]], 'app-');
  expect(merged.unused).toEqual([grant]);
  expect(merged.denied).toEqual([{ ...grant, action: 'sqs:DeleteMessage' }]);
});

test('roles of others do not count', () => {
  expect(mergePermissions([[role('AAAABBBBCCCC', false)]], 'other-').roles).toEqual([]);
});
