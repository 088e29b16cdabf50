import { belongsTo, isStackOf } from './stage-stacks.ts';

test('a stack of another project whose name begins alike is not the stage’s', () => {
  expect(isStackOf('fleetwright-dev', 'fleetwright-dev-identity')).toBe(true);
  expect(isStackOf('fleetwright-dev', 'fleetwright-dev-x-identity')).toBe(false);
  expect(isStackOf('fleetwright-dev', 'fleetwright-dev')).toBe(false);
  expect(isStackOf('fleetwright-dev', 'fleetwright-device')).toBe(false);
});

test('a name belongs to the stage with the longest prefix that fits', () => {
  expect(belongsTo('fleetwright-dev', [], 'fleetwright-dev-pump')).toBe(true);
  expect(belongsTo('fleetwright-dev', ['fleetwright-dev-x'], 'fleetwright-dev-x-pump')).toBe(false);
  expect(belongsTo('fleetwright-dev-x', ['fleetwright-dev'], 'fleetwright-dev-x-pump')).toBe(true);
  expect(belongsTo('fleetwright-dev', [], 'fleetwright-develop')).toBe(false);
});
