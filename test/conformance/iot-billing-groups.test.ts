import { type IotTestCloud, startIot } from '../../local-cloud/src/services/iot/testing/iot-test-cloud.ts';

// source: tagging-iot-billing-groups, and the API reference of the operations

const ARN = 'arn:aws:iot:us-east-1:123456789012:billinggroup/';
let iot: IotTestCloud;

beforeEach(async () => {
  iot = await startIot();
});
afterEach(() => iot.cloud.close());

const things = async (billingGroupName: string) =>
  (await iot.call('ListThingsInBillingGroup', { billingGroupName })).things;
const groupOf = async (thingName: string) => (await iot.call('DescribeThing', { thingName })).billingGroupName;

test('a billing group is created with description and tags, described, and updated by versions', async () => {
  const tags = [{ Key: 'cost', Value: 'north' }];
  const made = await iot.call('CreateBillingGroup', {
    billingGroupName: 'north',
    billingGroupProperties: { billingGroupDescription: 'the north' },
    tags,
  });
  expect(made).toMatchObject({ billingGroupName: 'north', billingGroupArn: `${ARN}north` });
  const update = { billingGroupName: 'north', billingGroupProperties: { billingGroupDescription: 'far north' } };
  await expect(iot.call('UpdateBillingGroup', { ...update, expectedVersion: 7 })).rejects.toMatchObject({
    code: 'VersionConflictException',
    statusCode: 409,
  });
  expect(await iot.call('UpdateBillingGroup', { ...update, expectedVersion: 1 })).toEqual({ version: 2 });
  expect(await iot.call('DescribeBillingGroup', { billingGroupName: 'north' })).toEqual({
    ...made,
    version: 2,
    billingGroupProperties: { billingGroupDescription: 'far north' },
    billingGroupMetadata: { creationDate: new Date(iot.cloud.clock.now()) },
  });
  expect(await iot.call('ListTagsForResource', { resourceArn: `${ARN}north` })).toEqual({ tags });
});

test('things join when they are made or later, by name or ARN, and leave with the group or by themselves', async () => {
  for (const billingGroupName of ['north', 'south']) await iot.call('CreateBillingGroup', { billingGroupName });
  await iot.call('CreateThing', { thingName: 'a', billingGroupName: 'north' });
  await iot.call('CreateThing', { thingName: 'b' });
  await iot.call('AddThingToBillingGroup', {
    billingGroupArn: `${ARN}north`,
    thingArn: 'arn:aws:iot:us-east-1:123456789012:thing/b',
  });
  expect([await things('north'), await groupOf('a'), await groupOf('b')]).toEqual([['a', 'b'], 'north', 'north']);
  await iot.call('RemoveThingFromBillingGroup', { billingGroupName: 'north', thingName: 'a' });
  await iot.call('AddThingToBillingGroup', { billingGroupName: 'south', thingName: 'a' });
  expect([await things('north'), await things('south')]).toEqual([['b'], ['a']]);
  await iot.call('DeleteBillingGroup', { billingGroupName: 'south' });
  expect(await groupOf('a')).toBeUndefined();
  await iot.call('DeleteThing', { thingName: 'b' });
  expect(await things('north')).toEqual([]);
});

// assumed: a thing has one billing group, and the guide names no way to move it but to remove it first
test('a thing in one billing group cannot be added to another', async () => {
  for (const billingGroupName of ['north', 'south']) await iot.call('CreateBillingGroup', { billingGroupName });
  await iot.call('CreateThing', { thingName: 'a', billingGroupName: 'north' });
  await expect(iot.call('AddThingToBillingGroup', { billingGroupName: 'south', thingName: 'a' })).rejects.toMatchObject(
    { code: 'InvalidRequestException' },
  );
});

test('billing groups are listed by prefix and by pages', async () => {
  for (const billingGroupName of ['b1', 'a1', 'a2']) await iot.call('CreateBillingGroup', { billingGroupName });
  const groups = (...names: string[]) => names.map((groupName) => ({ groupName, groupArn: ARN + groupName }));
  expect(await iot.call('ListBillingGroups', { namePrefixFilter: 'a' })).toEqual({ billingGroups: groups('a1', 'a2') });
  const page = await iot.call<{ billingGroups: object[]; nextToken: string }>('ListBillingGroups', { maxResults: 2 });
  expect(page.billingGroups).toEqual(groups('a1', 'a2'));
  expect((await iot.call('ListBillingGroups', { nextToken: page.nextToken })).billingGroups).toEqual(groups('b1'));
});

test('an unknown group or thing is not found', async () => {
  await iot.call('CreateBillingGroup', { billingGroupName: 'north' });
  for (const input of [
    { billingGroupName: 'nowhere', thingName: 'a' },
    { billingGroupName: 'north', thingName: 'nobody' },
  ]) {
    await expect(iot.call('AddThingToBillingGroup', input)).rejects.toMatchObject({
      code: 'ResourceNotFoundException',
      statusCode: 404,
    });
  }
});
