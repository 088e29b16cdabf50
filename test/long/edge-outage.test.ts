import { setTimeout as delay } from 'node:timers/promises';
import { endCommands } from '../support/command.ts';
import { type EdgePlant, startEdgePlant } from '../support/edge-plant.ts';
import { eventually } from '../support/eventually.ts';

// Three minutes without the cloud, with ten times the usual polling and two decisions a second.

const OUTAGE = 180_000;
const BETWEEN = 500;
const [LOW, HIGH] = [1_100, 1_400];
const SETPOINT = 0;
let edge: EdgePlant;

beforeAll(async () => {
  edge = await startEdgePlant(({ components }) => {
    const { sources } = components['protocol-gateway'].merge;
    for (const source of Object.values(sources)) {
      if (source.groups) source.groups = { default: { intervalMs: 100 }, slow: { intervalMs: 1_000 } };
    }
    const { rules } = components['local-rules'].merge;
    const running = (value: boolean) => [{ source: 'pump-3', point: 'running', value }];
    rules['setpoint-high'] = {
      when: { series: 'pump_3_setpoint', above: (LOW + HIGH) / 2 },
      whenUnknown: 'hold',
      begin: running(true),
      end: running(false),
      limit: { begins: 1_000, per: 60_000 },
    };
    delete rules['tank-high'];
  });
}, 240_000);
afterAll(async () => {
  await endCommands();
  await edge?.stop();
}, 60_000);

test('three minutes without the cloud: decisions go on, and afterwards nothing is missing', async () => {
  await edge.writeRegister(3, SETPOINT, LOW);
  await delay(2_000);
  edge.proxy.down();
  let toggles = 0;
  for (const end = Date.now() + OUTAGE; Date.now() < end; toggles++) {
    await edge.writeRegister(3, SETPOINT, toggles % 2 === 0 ? HIGH : LOW);
    await delay(BETWEEN);
  }
  const offline = Date.now();
  edge.proxy.up();
  const decisions = await eventually(
    'every decision in Timestream',
    async () => {
      const rows = await edge.rows(
        `SELECT decision, alarm_state, latency_us, to_milliseconds(time) FROM {table}
         WHERE thing_name = {thing} AND alarm = 'setpoint-high' ORDER BY decision`,
      );
      return rows.filter(([, , , time]) => Number(time) <= offline).length >= toggles && rows;
    },
    120_000,
  );
  const states = decisions.map(([, state]) => state);
  expect(states.slice(0, toggles)).toEqual(
    states.slice(0, toggles).map((_, at) => (at % 2 === 0 ? 'raised' : 'cleared')),
  );
  const latencies = decisions
    .slice(0, toggles)
    .map(([, , latency]) => Number(latency) / 1_000)
    .sort((left, right) => left - right);
  const at = (part: number) =>
    (latencies[Math.min(latencies.length - 1, Math.floor(latencies.length * part))] ?? 0).toFixed(1);
  process.stdout.write(
    `edge: ${toggles} decisions in ${OUTAGE / 1000} s without the cloud, message to command p50 ${at(0.5)} ms, p99 ${at(0.99)} ms, longest ${at(1)} ms\n`,
  );
  const windows = await eventually(
    'the windows of the outage',
    async () => {
      const rows = await edge.rows(
        `SELECT to_milliseconds(time) FROM {table} WHERE thing_name = {thing} AND pump_1_pressure_count > 0 ORDER BY time`,
      );
      const times = rows.map(([time]) => Number(time));
      return (times.at(-1) ?? 0) >= offline && times;
    },
    120_000,
  );
  expect(windows.map((time) => (time - (windows[0] as number)) / 10_000)).toEqual(windows.map((_, index) => index));
}, 600_000);
