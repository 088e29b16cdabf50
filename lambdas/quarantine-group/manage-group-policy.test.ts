import { manageGroupPolicy, NOTHING_ATTACHED } from './manage-group-policy.ts';

const base = {
  RequestId: 'r1',
  ResponseURL: 'https://answer/here',
  StackId: 'arn:aws:cloudformation:us-east-1:123456789012:stack/security/1',
  LogicalResourceId: 'Attachment',
};
const GroupArn = 'arn:aws:iot:us-east-1:123456789012:thinggroup/quarantine';
const ResourceProperties = { PolicyName: 'deny', GroupArn };

function recording() {
  const calls: string[] = [];
  return {
    calls,
    ports: {
      attach: async (policy: string, group: string) => void calls.push(`attach ${policy} ${group}`),
      detach: async (policy: string, group: string) => void calls.push(`detach ${policy} ${group}`),
    },
  };
}

test('a create attaches, and the delete of what it made detaches the same', async () => {
  const { calls, ports } = recording();
  const { physicalResourceId } = await manageGroupPolicy({ ...base, RequestType: 'Create', ResourceProperties }, ports);
  await manageGroupPolicy({ ...base, RequestType: 'Delete', PhysicalResourceId: physicalResourceId }, ports);
  expect(calls).toEqual([`attach deny ${GroupArn}`, `detach deny ${GroupArn}`]);
});

test('an update to another policy is another attachment: the one before goes by its own delete', async () => {
  const { calls, ports } = recording();
  const before = `deny|${GroupArn}`;
  const { physicalResourceId } = await manageGroupPolicy(
    { ...base, RequestType: 'Update', PhysicalResourceId: before, ResourceProperties: { PolicyName: 'new', GroupArn } },
    ports,
  );
  expect(physicalResourceId).not.toBe(before);
  expect(calls).toEqual([`attach new ${GroupArn}`]);
});

test('the delete of a create that failed detaches nothing', async () => {
  const { calls, ports } = recording();
  await manageGroupPolicy({ ...base, RequestType: 'Delete', PhysicalResourceId: NOTHING_ATTACHED }, ports);
  expect(calls).toEqual([]);
});
