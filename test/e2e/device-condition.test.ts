import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DefenderFeature } from '../../device-client/src/defender/defender-feature.ts';
import { EdgeFeature } from '../../device-client/src/edge/edge-feature.ts';
import { HealthFeature } from '../../device-client/src/health/health-feature.ts';
import { linuxHealth } from '../../device-client/src/health/linux-health.ts';
import { createDevice, type Device } from '../../device-client/src/index.ts';
import { eventually } from '../support/eventually.ts';
import { startTestPlatform, type TestPlatform } from '../support/platform.ts';

let platform: TestPlatform;
let device: Device | undefined;

beforeAll(async () => {
  platform = await startTestPlatform();
}, 120_000);
afterAll(async () => {
  await device?.stop();
  await platform?.stop();
});

test('health of Linux, a Defender report and an alarm of the edge reach the cloud, whole numbers only', async () => {
  const { claim, description, directory, reader } = platform;
  const health = new HealthFeature({
    firmware: '1.0.0',
    source: linuxHealth({ directory }),
    agent: () => ({ errors: 0, samplesWaiting: 0, samplesDropped: 0 }),
    interval: 2_000,
  });
  const defender = new DefenderFeature();
  const edge = new EdgeFeature({
    config: { temperature: { deadBand: { absolute: 1 }, thresholds: { hot: { above: 80, severity: 'critical' } } } },
    publish: (channel, sample, options) => device?.publish(channel, sample, options),
  });
  device = createDevice({
    endpoint: {
      host: description.mqttHost,
      port: description.mqttPort,
      serverCaPem: readFileSync(description.caFile, 'utf8'),
    },
    claim,
    stateDirectory: join(directory, 'devices', 'COND-0001'),
    parameters: { SerialNumber: 'COND-0001', Site: 'north', DeviceType: 'pump-station' },
    features: [edge, health, defender],
    telemetry: { storage: 'disk' },
    random: () => 0,
  });
  await device.start();
  const { thingName } = device.identity;
  const now = Date.now();
  for (const [index, temperature] of [70, 70.5, 90, 90.2, 60].entries()) {
    edge.publish({ time: now + index, values: { temperature } });
  }
  await device.flush();

  const measures = await eventually('two health messages', async () => {
    const { rows } = await reader.query(
      `SELECT measure_name, count(*), count(measure_value::bigint), count(measure_value::varchar)
       FROM "${platform.outputs.DatabaseName}"."${platform.outputs.HealthTableName}"
       WHERE thing_name = '${thingName}' GROUP BY measure_name`,
    );
    const found = new Map(rows.map(([name, ...counts]) => [name as string, counts.map(Number)]));
    return (found.get('cpu_permille')?.[0] ?? 0) >= 2 && found;
  });
  for (const name of ['memory_free_bytes', 'disk_free_bytes', 'uptime_seconds', 'error_count', 'samples_dropped']) {
    const [all, whole] = measures.get(name) ?? [];
    expect({ name, all }).toEqual({ name, all: whole });
  }
  expect(measures.get('firmware')?.[2]).toBeGreaterThan(0);

  await eventually('the report to be accepted', async () => defender.status().accepted === 1);
  expect(defender.status()).toMatchObject({ rejected: 0 });

  const { rows } = await eventually('the events', async () => {
    const found = await reader.query(
      `SELECT alarm, alarm_state, severity, value FROM ${platform.telemetryTable}
       WHERE thing_name = '${thingName}' AND measure_name = 'event' AND alarm IS NOT NULL ORDER BY time`,
    );
    return found.rows.length >= 2 && found;
  });
  expect(rows).toEqual([
    ['hot', 'raised', 'critical', '90.0'],
    ['hot', 'cleared', 'critical', '60.0'],
  ]);
  // Samples and alarms are messages of their own, and may be stored by batches of their own.
  const sent = await eventually('the samples', async () => {
    const found = await reader.query(
      `SELECT temperature FROM ${platform.telemetryTable}
       WHERE thing_name = '${thingName}' AND measure_name = 'telemetry' ORDER BY time`,
    );
    return found.rows.length >= 3 && found;
  });
  expect(sent.rows.map(([value]) => Number(value))).toEqual([70, 90, 60]);
  expect((await platform.ledger.read()).deadLetters).toBe(0);
}, 90_000);
