import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { agentConfigSchema } from './agent-config.ts';
import { AgentConfigError, loadAgentConfig } from './load-agent-config.ts';
import { environmentName, flagName, SETTINGS } from './setting-names.ts';

const GOOD = {
  endpoint: { host: 'iot.example' },
  device: { serialNumber: 'SN-0001', site: 'north', deviceType: 'pump' },
};

function fileOf(content: unknown): string {
  const file = join(mkdtempSync(join(tmpdir(), 'fleetwright-config-')), 'device-client.json');
  writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content));
  return file;
}

function issuesOf(load: () => unknown): readonly string[] {
  try {
    load();
  } catch (error) {
    if (error instanceof AgentConfigError) return error.issues;
    throw error;
  }
  throw new Error('the configuration was taken');
}

test('flags win over the environment, that over the file, that over defaults', () => {
  const file = fileOf({ ...GOOD, log: { level: 'error' }, connection: { keepAlive: 90 } });
  const environment = { FLEETWRIGHT_DEVICE_LOG_LEVEL: 'warn', FLEETWRIGHT_DEVICE_ENDPOINT_PORT: '8884' };
  const config = loadAgentConfig({ file, environment, flags: { 'log-level': 'debug' } });
  expect(config).toMatchObject({
    log: { level: 'debug' },
    endpoint: { host: 'iot.example', port: 8884 },
    connection: { keepAlive: 90, maxReconnectDelay: 60_000 },
    stateDirectory: '/var/lib/fleetwright-device',
  });
});

test('everything that is wrong is said at once, with setting, value and where it was given', () => {
  const file = fileOf({
    ...GOOD,
    endpoint: { host: 'h', port: 0 },
    stateDirectory: 'here',
    telemetry: { sync: 'often', speed: 3 },
  });
  const environment = { FLEETWRIGHT_DEVICE_LOG_LEVEL: 'loud', FLEETWRIGHT_DEVICE_COLOUR: 'red' };
  const flags = { 'connection-keep-alive': 'soon', colour: 'red' };
  const issues = issuesOf(() => loadAgentConfig({ file, environment, flags }));
  const has = (text: RegExp) => expect(issues.filter((issue) => text.test(issue))).toHaveLength(1);
  has(/^endpoint\.port: .*, got 0 \(.*device-client\.json\)$/);
  has(/^stateDirectory: must be an absolute path, got "here"/);
  has(/^telemetry\.sync: .*, got "often"/);
  has(/^telemetry\.speed: is not a known setting$/);
  has(/^log\.level: .*, got "loud" \(FLEETWRIGHT_DEVICE_LOG_LEVEL\)$/);
  has(/^connection\.keepAlive: .*, got "soon" \(--connection-keep-alive\)$/);
  has(/^FLEETWRIGHT_DEVICE_COLOUR: is not a known variable$/);
  has(/^--colour: is not a known flag$/);
  expect(issues).toHaveLength(8);
});

test('without a file, what is missing is named; a file that is no JSON is named', () => {
  expect(issuesOf(() => loadAgentConfig({ environment: {}, flags: {} }))).toEqual(
    expect.arrayContaining(['endpoint: is missing', 'device: is missing']),
  );
  const file = fileOf('{');
  expect(issuesOf(() => loadAgentConfig({ file, environment: {}, flags: {} }))[0]).toContain(file);
});

test('lists are JSON, or words', () => {
  const load = (text: string) =>
    loadAgentConfig({ file: fileOf(GOOD), environment: {}, flags: { 'clock-set-command': text } }).clock.setCommand;
  expect(load('/bin/date -s @{seconds}')).toEqual(['/bin/date', '-s', '@{seconds}']);
  expect(load('["/bin/set clock", "now"]')).toEqual(['/bin/set clock', 'now']);
});

/** Paths of everything that the schema takes and that is no section. */
function leavesOf(shape: Record<string, unknown>, path = ''): string[] {
  return Object.entries(shape).flatMap(([name, part]) => {
    let inner = part as { shape?: Record<string, unknown>; def?: { innerType?: unknown } };
    while (inner.shape === undefined && inner.def?.innerType !== undefined) inner = inner.def.innerType as typeof inner;
    return inner.shape === undefined ? [path + name] : leavesOf(inner.shape, `${path}${name}.`);
  });
}

test('every setting can be given by environment and flag, under names that differ', () => {
  expect(Object.keys(SETTINGS).sort()).toEqual(leavesOf(agentConfigSchema.shape).sort());
  const names = Object.keys(SETTINGS);
  expect(new Set(names.map(environmentName)).size).toBe(names.length);
  expect(new Set(names.map(flagName)).size).toBe(names.length);
  expect([environmentName('endpoint.caFile'), flagName('endpoint.caFile')]).toEqual([
    'FLEETWRIGHT_DEVICE_ENDPOINT_CA_FILE',
    'endpoint-ca-file',
  ]);
});
