import { type IotTestCloud, startIot } from '../../local-cloud/src/services/iot/testing/iot-test-cloud.ts';

// source: authorizing-direct-aws, and the API reference of the operations

const ROLE = 'arn:aws:iam::123456789012:role/camera';
const ARN = 'arn:aws:iot:us-east-1:123456789012:rolealias/';
let iot: IotTestCloud;

beforeEach(async () => {
  iot = await startIot();
});
afterEach(() => iot.cloud.close());

const create = (options: object = {}) =>
  iot.call('CreateRoleAlias', { roleAlias: 'cameras', roleArn: ROLE, ...options });

test('a role alias is created for an hour unless told otherwise, described, updated and deleted', async () => {
  const named = { roleAlias: 'cameras', roleAliasArn: `${ARN}cameras` };
  const tags = [{ Key: 'site', Value: 'north' }];
  expect(await create({ tags })).toEqual(named);
  expect(iot.cloud.asked.at(-1)).toMatchObject({
    action: 'iam:PassRole',
    resource: ROLE,
    conditions: { 'iam:PassedToService': 'credentials.iot.amazonaws.com' },
  });
  const now = new Date(iot.cloud.clock.now());
  const description = { ...named, roleArn: ROLE, owner: '123456789012', creationDate: now, lastModifiedDate: now };
  expect(await iot.call('DescribeRoleAlias', { roleAlias: 'cameras' })).toEqual({
    roleAliasDescription: { ...description, credentialDurationSeconds: 3600 },
  });
  expect(await iot.call('ListTagsForResource', { resourceArn: `${ARN}cameras` })).toEqual({ tags });
  expect(await iot.call('UpdateRoleAlias', { roleAlias: 'cameras', credentialDurationSeconds: 900 })).toEqual(named);
  expect(await iot.call('DescribeRoleAlias', { roleAlias: 'cameras' })).toEqual({
    roleAliasDescription: { ...description, credentialDurationSeconds: 900 },
  });
  await iot.call('DeleteRoleAlias', { roleAlias: 'cameras' });
  await expect(iot.call('DescribeRoleAlias', { roleAlias: 'cameras' })).rejects.toMatchObject({
    code: 'ResourceNotFoundException',
  });
});

test.each([
  ['less than 900 seconds', { credentialDurationSeconds: 899 }],
  ['more than 43200 seconds', { credentialDurationSeconds: 43_201 }],
  ['a name with a space', { roleAlias: 'a b' }],
  ['a role that is none', { roleArn: 'arn:aws:iam::123456789012:user/someone' }],
])('a role alias with %s is refused', async (_name, options) => {
  await expect(create(options)).rejects.toMatchObject({ code: 'InvalidRequestException' });
});

test('a role alias is created once', async () => {
  await create();
  await expect(create()).rejects.toMatchObject({ code: 'ResourceAlreadyExistsException', statusCode: 409 });
});

test('role aliases are listed by pages in either order', async () => {
  for (const roleAlias of ['b', 'c', 'a']) await create({ roleAlias });
  const page = await iot.call<{ nextMarker: string }>('ListRoleAliases', { pageSize: 2, ascendingOrder: true });
  expect(page).toEqual({ roleAliases: ['a', 'b'], nextMarker: expect.any(String) });
  expect(await iot.call('ListRoleAliases', { ascendingOrder: true, marker: page.nextMarker })).toEqual({
    roleAliases: ['c'],
  });
  expect(await iot.call('ListRoleAliases')).toEqual({ roleAliases: ['c', 'b', 'a'] });
});
