import { join } from 'node:path';
import cdkJson from '../../cdk.json' with { type: 'json' };
import { addPlatform } from '../../lib/platform.ts';
import { newApp } from '../template/synthesized.ts';

type Settings = Record<string, unknown>;

/** Every documented option that decides what is in the templates, and what it can be (docs/deploying.md, "Configuration"). */
const OPTIONS: Readonly<Record<string, readonly Settings[]>> = {
  removal: [{ removalPolicy: 'retain' }, { removalPolicy: 'destroy' }],
  admission: [{ provisioning: { admission: 'list' } }, { provisioning: { admission: 'open', claimGeneration: 2 } }],
  store: [{ hotStore: 'timestream' }, { hotStore: 'lake' }],
  lake: [{ lake: { enabled: true } }, { lake: { enabled: false } }],
  rollups: [{ rollups: { enabled: true } }, { rollups: { enabled: false } }],
  channels: [
    {},
    {
      channels: {
        telemetry: { basicIngest: false, strictReplay: true },
        event: { basicIngest: true, strictReplay: false },
      },
    },
    {
      channels: {
        telemetry: { basicIngest: true, strictReplay: false },
        event: { basicIngest: true, strictReplay: false },
      },
    },
  ],
  archive: [{ retention: { archiveDays: 30 } }, { retention: { archiveDays: 1_825 } }],
  fleet: [
    { fleet: { indexing: 'off' } },
    { fleet: { indexing: 'existing', firmwareVersions: ['1.0.0'] }, observability: { offlinePercent: 20 } },
    { fleet: { indexing: 'own', firmwareVersions: ['1.0.0', '1.1.0'] } },
  ],
  accountSettings: [
    {},
    { security: { audit: { ownAccountSettings: true, frequency: 'WEEKLY' }, logging: { ownAccountSettings: true } } },
    {
      security: {
        detect: { enabled: false },
        quarantine: { automatic: false },
      },
    },
    {
      security: {
        quarantine: { automatic: true },
        detect: { customMetrics: [{ name: 'open-doors', above: 3 }], groups: { gateways: { messagesSent: 10 } } },
      },
    },
  ],
  credentials: [
    {},
    {
      identity: {
        credentials: {
          deviceTypes: ['pump-station'],
          grants: [
            { actions: ['s3:PutObject'], resources: ['arn:aws:s3:::uploads/$' + '{credentials-iot:ThingName}/*'] },
          ],
        },
      },
    },
  ],
  signing: [
    {},
    { ota: { signing: { method: 'signer', certificateArn: 'arn:aws:acm:us-east-1:111122223333:certificate/a' } } },
  ],
  edge: [
    {},
    { edge: { enabled: true } },
    {
      edge: {
        enabled: true,
        components: { 'edge-aggregator': { version: '0.1.2', merge: { window: 10 }, reset: [''] } },
        publicComponents: { 'aws.greengrass.ShadowManager': { version: '2.3.9' } },
        groups: { 'north-hall-2': { site: 'north', components: { 'edge-aggregator': { enabled: false } } } },
        rollout: { exponential: { basePerMinute: 5, cores: 10 }, abort: null },
        policies: { failureHandling: 'DO_NOTHING', notify: false },
      },
    },
  ],
  notices: [
    {},
    {
      alarms: { emails: ['ops@example.com'], actionArns: ['arn:aws:sns:us-east-1:111122223333:pager'] },
      alerts: { emails: ['duty@example.com'] },
      observability: { monthlyBudget: 50 },
    },
  ],
};

/** Which choice of each option, by its place in {@link OPTIONS}. */
type Row = readonly number[];

const CHOICES = Object.values(OPTIONS);

/** Rows in which every two choices of two options meet at least once, found greedily. */
function pairwise(counts: readonly number[]): Row[] {
  const open = new Set<string>();
  const pair = (a: number, i: number, b: number, j: number): string => `${a}:${i} ${b}:${j}`;
  for (const [a, first] of counts.entries())
    for (let b = a + 1; b < counts.length; b++)
      for (let i = 0; i < first; i++) for (let j = 0; j < (counts[b] as number); j++) open.add(pair(a, i, b, j));
  const rows: Row[] = [];
  while (open.size > 0) {
    const [a, i, b, j] = ([...open][0] as string).split(/[: ]/).map(Number) as [number, number, number, number];
    const row: (number | undefined)[] = counts.map((_, at) => (at === a ? i : at === b ? j : undefined));
    for (const [at, count] of counts.entries()) {
      if (row[at] !== undefined) continue;
      const gain = (choice: number): number =>
        row.filter(
          (other, place) =>
            other !== undefined &&
            open.has(place < at ? pair(place, other, at, choice) : pair(at, choice, place, other)),
        ).length;
      const choices = Array.from({ length: count }, (_, choice) => choice);
      row[at] = choices.reduce((best, choice) => (gain(choice) > gain(best) ? choice : best), 0);
    }
    const whole = row as number[];
    for (const [x, first] of whole.entries())
      for (let y = x + 1; y < whole.length; y++) open.delete(pair(x, first, y, whole[y] as number));
    rows.push(whole);
  }
  return rows;
}

function merged(left: Settings, right: Settings): Settings {
  const both = { ...left };
  for (const [key, value] of Object.entries(right)) {
    const before = both[key];
    const nested = isSettings(before) && isSettings(value);
    both[key] = nested ? merged(before, value) : value;
  }
  return both;
}

function isSettings(value: unknown): value is Settings {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

const { stages, ...shared } = cdkJson.context.fleetwright;
const rows = pairwise(CHOICES.map(({ length }) => length)).map((row) => {
  const settings = row.map((choice, at) => CHOICES[at]?.[choice] as Settings).reduce(merged, stages.dev as Settings);
  return {
    name: Object.keys(OPTIONS)
      .map((option, at) => `${option} ${row[at]}`)
      .join(', '),
    settings,
  };
});

test('every two choices meet', () => {
  expect(rows.length).toBeGreaterThanOrEqual(12);
});

test.each(rows)('passes the AWS Solutions checks and the CloudFormation rules: $name', ({ settings }) => {
  const app = newApp({
    'fleetwright:skipNag': false,
    'fleetwright:components': join(__dirname, '../support/edge-components'),
    fleetwright: { ...shared, stages: { dev: settings } },
  });
  addPlatform(app);
  expect(() => app.synth()).not.toThrow();
});
