import { type Inventory, ownJobs, ownThings } from './inventory.ts';
import { describePlan, planPurge } from './plan.ts';

const NOTHING: Inventory = {
  template: undefined,
  thingTypes: [],
  things: [],
  certificates: [],
  jobs: [],
  policies: [],
  streams: [],
  authorizers: [],
  buckets: [],
};
const kinds = (found: Partial<Inventory>, emptyBuckets = false) =>
  planPurge({ ...NOTHING, ...found }, { emptyBuckets }).map(({ kind }) => kind);

test('nothing found is nothing to do', () => {
  expect(kinds({})).toEqual([]);
  expect(describePlan([])).toContain('Nothing is in the way');
});

test('provisioning closes first, and certificates go before things', () => {
  expect(
    kinds({
      things: ['t'],
      certificates: ['c'],
      jobs: ['j'],
      thingTypes: [{ name: 'y', deprecated: false }],
      template: { name: 'p', enabled: true },
    }),
  ).toEqual(['close-provisioning', 'deprecate-thing-type', 'delete-job', 'delete-certificate', 'delete-thing']);
});

test('what an earlier purge has done is not planned again', () => {
  expect(kinds({ template: { name: 'p', enabled: false }, thingTypes: [{ name: 'y', deprecated: true }] })).toEqual([]);
});

test('objects of buckets are deleted only when asked for', () => {
  expect(kinds({ buckets: ['archive'] })).toEqual([]);
  expect(kinds({ buckets: ['archive'] }, true)).toEqual(['empty-bucket']);
});

test('the plan names what goes, and counts the rest', () => {
  const things = Array.from({ length: 7 }, (_, at) => `thing-${at}`);
  const text = describePlan(
    planPurge(
      { ...NOTHING, things, certificates: [`arn:aws:iot:r:1:cert/${'a'.repeat(64)}`] },
      { emptyBuckets: false },
    ),
  );
  expect(text).toContain('aaaaaaaaaaaa…');
  expect(text).toContain('remaining certificates: 7\n   thing-0, thing-1, thing-2, thing-3, thing-4, and 2 more');
});

test('a job that also targets somebody else is not the stage’s to delete', () => {
  const thing = (name: string) => `arn:aws:iot:us-east-1:1:thing/${name}`;
  const group = (name: string) => `arn:aws:iot:us-east-1:1:thinggroup/${name}`;
  const jobs = [
    { jobId: 'own', targets: [thing('a'), group('g')] },
    { jobId: 'shared', targets: [thing('a'), thing('foreign')] },
    { jobId: 'foreign', targets: [group('other')] },
  ];
  expect(ownJobs(jobs, new Set(['a']), new Set(['g']))).toEqual({ own: ['own'], shared: ['shared'] });
});

test('a thing of another stage is not touched, even when it is in the group', () => {
  const typed = [{ thingName: 'odd-name', thingTypeName: 'fleetwright-dev-pump' }];
  const grouped = ['fleetwright-dev-pump-1', 'fleetwright-dev-x-pump-1', 'somebody-elses'];
  expect(ownThings(typed, grouped, 'fleetwright-dev', ['fleetwright-dev-x'])).toEqual([
    'fleetwright-dev-pump-1',
    'odd-name',
  ]);
});
