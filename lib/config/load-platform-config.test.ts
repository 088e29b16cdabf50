import cdkJson from '../../cdk.json' with { type: 'json' };
import { ConfigError, loadPlatformConfig } from './load-platform-config.ts';

const minimal = {
  project: 'fleetwright',
  stages: { dev: { provisioning: { sites: ['north'], deviceTypes: ['pump-station'] } } },
};

function issuesOf(raw: unknown, stage: unknown = 'dev'): readonly string[] {
  try {
    loadPlatformConfig(raw, stage);
  } catch (error) {
    if (error instanceof ConfigError) return error.issues;
    throw error;
  }
  return [];
}

function stage(settings: object, defaults: object = {}): object {
  return { ...minimal, defaults, stages: { dev: { ...minimal.stages.dev, ...settings } } };
}

test.each(['dev', 'prod'])('the stage %s of cdk.json is valid', (name) => {
  expect(issuesOf(cdkJson.context.fleetwright, name)).toEqual([]);
});

test('what is not said has a default, and the cautious one where it matters', () => {
  const { settings } = loadPlatformConfig(minimal, 'dev');
  expect(settings).toMatchObject({
    removalPolicy: 'retain',
    hotStore: 'timestream',
    provisioning: { admission: 'list', claimGeneration: 1 },
    channels: {
      telemetry: { basicIngest: true, strictReplay: false },
      event: { basicIngest: false, strictReplay: true },
    },
  });
  expect(settings.retention.maxOfflineHours).toBeLessThanOrEqual(settings.retention.memoryHours);
});

test('a stage lays its own settings over the defaults', () => {
  const raw = stage({ retention: { memoryHours: 200 } }, { retention: { memoryHours: 100, logDays: 30 } });
  expect(loadPlatformConfig(raw, 'dev').settings.retention).toMatchObject({ memoryHours: 200, logDays: 30 });
});

test('all problems are reported at once, each with its place and value', () => {
  const raw = {
    project: 'Fleet_Wright',
    extra: 1,
    defaults: { retention: { logDays: 8 } },
    stages: {
      dev: {
        provisioning: { sites: ['North!'], deviceTypes: [] },
        retention: { maxOfflineHours: 200, memoryHours: 100 },
        ingest: { batchSize: 0, bachSize: 5 },
      },
      'pre-prod': { provisioning: { sites: ['north'], deviceTypes: ['pump-station'] } },
    },
  };
  expect(issuesOf(raw, 'live')).toEqual([
    'fleetwright.extra: is not a known setting',
    'fleetwright.project: must be lower-case words joined by single hyphens, got "Fleet_Wright"',
    'fleetwright.stages.dev.provisioning.sites.0: must be 1 to 32 lower-case letters, digits or hyphens, got "North!"',
    'fleetwright.stages.dev.provisioning.deviceTypes: must name at least one, got []',
    expect.stringMatching(/^fleetwright\.defaults\.retention\.logDays: must be one of 1, 3, .*, got 8$/),
    expect.stringMatching(/^fleetwright\.stages\.dev\.ingest\.batchSize: .*, got 0$/),
    'fleetwright.stages.dev.ingest.bachSize: is not a known setting',
    'fleetwright.stages.dev.retention.maxOfflineHours: must be at most retention.memoryHours (100), got 200',
    'fleetwright.stages.pre-prod: must be 1 to 12 lower-case letters or digits, beginning with a letter, got "pre-prod"',
    'stage: must be one of dev, pre-prod, got "live"',
  ]);
});

test('a mistake in a stage that is not deployed today shows today', () => {
  const raw = { ...minimal, stages: { ...minimal.stages, prod: { removalPolicy: 'keep' } } };
  expect(issuesOf(raw, 'dev').join()).toContain('fleetwright.stages.prod.removalPolicy');
});

test('account settings are not owned, and nothing is quarantined by itself, unless the configuration says so', () => {
  const { security, observability } = loadPlatformConfig(minimal, 'dev').settings;
  expect(security.audit.ownAccountSettings).toBe(false);
  expect(security.logging.ownAccountSettings).toBe(false);
  expect(security.quarantine).toMatchObject({ automatic: false, maxPerHour: 10 });
  expect(observability).toMatchObject({ offlinePercent: null, monthlyBudget: null });
});

test.each([
  [{ security: { audit: { checks: ['NO_SUCH_CHECK'] } } }, 'security.audit.checks.0'],
  [{ security: { audit: { checks: [] } } }, 'security.audit.checks: must name at least one check'],
  [{ security: { detect: { sourceIpRanges: ['everywhere'] } } }, 'sourceIpRanges.0: must be a CIDR block'],
  [{ security: { detect: { messagesSent: -1 } } }, 'security.detect.messagesSent'],
  [{ security: { quarantine: { confirmSeconds: 901 } } }, 'security.quarantine.confirmSeconds'],
  [{ security: { quarantine: { auditChecks: ['LOGGING_DISABLED_CHECK'] } } }, 'security.quarantine.auditChecks.0'],
  [{ alarms: { emails: ['nobody'] } }, 'alarms.emails.0: must be an e-mail address'],
])('a setting of security that cannot work is refused: %j', (settings, problem) => {
  expect(issuesOf(stage(settings))).toEqual([expect.stringContaining(problem)]);
});

test.each([
  [{ lake: { bufferMegabytes: 63 } }, 'lake.bufferMegabytes'],
  [{ lake: { queryLimitMegabytes: 9 } }, 'lake.queryLimitMegabytes'],
  [{ hotStore: 'influxdb' }, 'hotStore'],
  [{ measures: { 'pump-station': { measures: {} } } }, 'measures: must name at least one measure'],
  [{ measures: { 'pump-station': { measures: { a: { type: 'float' } } } } }, 'measures.pump-station.measures.a.type'],
  [{ measures: { valve: { measures: { a: { type: 'number' } } } } }, 'measures.valve: must be one of provisioning'],
])('a setting of telemetry that cannot work is refused: %j', (settings, problem) => {
  expect(issuesOf(stage(settings))).toEqual([expect.stringContaining(problem)]);
});

test('a stage takes the measures of a device type away with null', () => {
  const measures = { 'pump-station': { measures: { a: { type: 'number' } } } };
  const raw = stage({ measures: { 'pump-station': null } }, { measures });
  expect(loadPlatformConfig(raw, 'dev').settings.measures).toEqual({});
  expect(loadPlatformConfig(stage({}, { measures }), 'dev').settings.measures).toMatchObject(measures);
});

test.each([
  [{ retention: { maxOfflineHours: 169 } }, 'maxOfflineHours: must be at most retention.memoryHours (168), got 169'],
  [
    { retention: { memoryHours: 800, magneticDays: 30 } },
    'magneticDays: must span retention.memoryHours (800), got 30',
  ],
  [
    { ingest: { batchSize: 11, batchWindowSeconds: 0 } },
    'batchWindowSeconds: must be at least 1 with ingest.batchSize 11',
  ],
  [
    { ingest: { maxReceives: 1000 }, retention: { deadLetterDays: 1 } },
    'maxReceives: must leave all retries within retention.deadLetterDays, got 1000',
  ],
])('settings that do not fit together are refused: %j', (settings, problem) => {
  expect(issuesOf(stage(settings))).toEqual([expect.stringContaining(problem)]);
});

test.each([
  [undefined],
  [null],
  ['text'],
  [[]],
  [{}],
  [{ project: 'a', stages: {} }],
  [{ project: 'a', stages: { dev: 5 } }],
])('rubbish is refused with words (%j)', (raw) => {
  expect(issuesOf(raw).length).toBeGreaterThan(0);
});

test.each(['claim', 'claim-checker'])(
  'a device type called %s is refused: its client ids would be those of claims',
  (type) => {
    expect(issuesOf(stage({ provisioning: { sites: ['a'], deviceTypes: [type] } }))).toEqual([
      expect.stringContaining("deviceTypes: must not hold a type called 'claim'"),
    ]);
  },
);
