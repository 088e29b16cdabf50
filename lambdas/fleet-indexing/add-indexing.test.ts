import type { ThingIndexingConfiguration } from '@aws-sdk/client-iot';
import { type AccountIndexing, addIndexing, mergeIndexing } from './add-indexing.ts';

const wanted = {
  NamedShadows: ['firmware', 'health'],
  CustomFields: [{ Name: 'shadow.name.health.reported.battery', Type: 'Number' as const }],
};
const complete: ThingIndexingConfiguration = {
  thingIndexingMode: 'REGISTRY',
  thingConnectivityIndexingMode: 'STATUS',
  namedShadowIndexingMode: 'ON',
  filter: { namedShadowNames: ['firmware', 'health'] },
  customFields: [{ name: 'shadow.name.health.reported.battery', type: 'Number' }],
};

test('an account without indexing gets what is needed', () => {
  expect(mergeIndexing(undefined, wanted)).toEqual(complete);
  expect(mergeIndexing({ thingIndexingMode: 'OFF' }, wanted)).toEqual(complete);
});

test('what others have set stays: modes, shadows, fields', () => {
  const others: ThingIndexingConfiguration = {
    thingIndexingMode: 'REGISTRY_AND_SHADOW',
    thingConnectivityIndexingMode: 'OFF',
    deviceDefenderIndexingMode: 'VIOLATIONS',
    namedShadowIndexingMode: 'ON',
    filter: { namedShadowNames: ['theirs'] },
    customFields: [{ name: 'attributes.floor', type: 'Number' }],
    managedFields: [{ name: 'thingId', type: 'String' }],
  };
  expect(mergeIndexing(others, wanted)).toEqual({
    thingIndexingMode: 'REGISTRY_AND_SHADOW',
    thingConnectivityIndexingMode: 'STATUS',
    deviceDefenderIndexingMode: 'VIOLATIONS',
    namedShadowIndexingMode: 'ON',
    filter: { namedShadowNames: ['theirs', 'firmware', 'health'] },
    customFields: [
      { name: 'attributes.floor', type: 'Number' },
      { name: 'shadow.name.health.reported.battery', type: 'Number' },
    ],
  });
});

test('a field that the account has with another type is a conflict, not a change', () => {
  const current: ThingIndexingConfiguration = {
    thingIndexingMode: 'REGISTRY',
    customFields: [{ name: 'shadow.name.health.reported.battery', type: 'String' }],
  };
  expect(() => mergeIndexing(current, wanted)).toThrow(/another type than Number/);
});

test('an account that has all of it is left alone, and so is every account on deletion', async () => {
  expect(mergeIndexing(complete, wanted)).toBeUndefined();
  const writes: unknown[] = [];
  const ports = {
    read: async (): Promise<AccountIndexing> => ({ things: undefined, groups: undefined }),
    write: async (things: unknown) => void writes.push(things),
  };
  const base = { RequestId: 'r', ResponseURL: 'https://a/b', StackId: 'arn:aws:x', LogicalResourceId: 'I' };
  await addIndexing({ ...base, RequestType: 'Delete', PhysicalResourceId: 'fleet-indexing' }, ports);
  expect(writes).toEqual([]);
  await addIndexing({ ...base, RequestType: 'Create', ResourceProperties: wanted }, ports);
  expect(writes).toEqual([complete]);
});
