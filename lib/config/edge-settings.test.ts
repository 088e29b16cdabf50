import { withOverrides } from './context-overrides.ts';
import { coreGroups } from './edge-settings.ts';
import { ConfigError, loadPlatformConfig } from './load-platform-config.ts';

const provisioning = { sites: ['north', 'south'], deviceTypes: ['pump'] };

function load(edge: unknown, more: object = {}, flag?: unknown) {
  const raw = { project: 'fleetwright', stages: { dev: { provisioning, edge, ...more } } };
  try {
    return { settings: loadPlatformConfig(withOverrides(raw, 'dev', { edge: flag }), 'dev').settings };
  } catch (error) {
    if (error instanceof ConfigError) return { issues: error.issues };
    throw error;
  }
}

test('there is no edge unless somebody says so, and then cores are a device type', () => {
  expect(load(undefined).settings).toMatchObject({
    edge: { enabled: false, deviceType: 'edge-core' },
    provisioning: { deviceTypes: ['pump'] },
  });
  expect(load({ enabled: true }).settings?.provisioning.deviceTypes).toEqual(['pump', 'edge-core']);
  expect(load({ enabled: true, deviceType: 'pump' }).settings?.provisioning.deviceTypes).toEqual(['pump']);
});

test.each([
  ['true', true],
  [true, true],
  ['false', false],
])('the command line says %s, whatever the stage says, and leaves the rest', (flag, enabled) => {
  const settings = load({ enabled: !enabled, deviceType: 'gateway' }, {}, flag).settings;
  expect(settings?.edge).toMatchObject({ enabled, deviceType: 'gateway' });
  expect(settings?.provisioning.deviceTypes.includes('gateway')).toBe(enabled);
});

test('who synthesizes may lay settings over those of the stage', () => {
  const own = { deviceType: 'gateway', components: { spool: { merge: { a: 1 } } } };
  const over = { components: { spool: { merge: { b: 2 } } } };
  expect(load(own, {}, over).settings?.edge).toMatchObject({
    enabled: true,
    deviceType: 'gateway',
    components: { spool: { merge: { a: 1, b: 2 } } },
  });
});

test('what the command line says wrongly is refused with its place', () => {
  expect(load({}, {}, 'yes').issues).toEqual([expect.stringMatching(/^fleetwright.stages.dev.edge.enabled: .*"yes"$/)]);
});

test('alerts and measures may name the type of cores, when there are any', () => {
  const measures = { 'edge-core': { unknown: 'accept', measures: { spool_waiting: { type: 'number' } } } };
  expect(load({ enabled: true }, { measures }).issues).toBeUndefined();
  expect(load({}, { measures }).issues?.join()).toContain('measures.edge-core: must be one of');
});

test('each site has a group, which may be configured, and a site may have more', () => {
  const edge = load({
    groups: {
      south: { components: { 'edge-aggregator': { merge: { window: 10 } } } },
      'hall-2': { site: 'north' },
    },
  }).settings?.edge;
  expect(edge === undefined ? [] : coreGroups(edge, provisioning.sites)).toEqual([
    { name: 'north', site: 'north', components: {} },
    { name: 'south', site: 'south', components: { 'edge-aggregator': { merge: { window: 10 } } } },
    { name: 'hall-2', site: 'north', components: {} },
  ]);
});

test('everything that is wrong is told at once', () => {
  const { issues } = load({
    enabled: true,
    deviceType: 'claim',
    components: { 'edge-aggregator': { version: '1.0', reset: ['window'] }, Spool: {} },
    publicComponents: { 'com.example.Other': { version: '1.0.0' } },
    groups: { west: {}, 'hall-2': { site: 'east' }, north: { site: 'south' } },
    rollout: { maximumPerMinute: 10, exponential: { basePerMinute: 20, cores: 5 } },
    policies: { failureHandling: 'IGNORE' },
  });
  const at = (place: string) => issues?.filter((issue) => issue.startsWith(`fleetwright.stages.dev.${place}`)) ?? [];
  expect(at('provisioning.deviceTypes')).toHaveLength(1);
  expect(at('edge.components.edge-aggregator.version')).toHaveLength(1);
  expect(at('edge.components.edge-aggregator.reset.0')).toHaveLength(1);
  expect(at('edge.components.Spool')).toHaveLength(1);
  expect(at('edge.publicComponents')).toHaveLength(1);
  expect(at('edge.groups.west: must be at one of provisioning.sites (north, south)')).toHaveLength(1);
  expect(at('edge.groups.hall-2.site')).toHaveLength(1);
  expect(at('edge.groups.north.site: must be north')).toHaveLength(1);
  expect(at('edge.policies.failureHandling')).toHaveLength(1);
});

test('a rollout does not begin faster than it may become', () => {
  const { issues } = load({ rollout: { maximumPerMinute: 10, exponential: { basePerMinute: 20, cores: 5 } } });
  expect(issues).toEqual([expect.stringContaining('edge.rollout.exponential.basePerMinute: must be at most')]);
});
