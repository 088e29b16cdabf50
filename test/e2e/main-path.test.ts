import { eventually } from '../support/eventually.ts';
import { startTestPlatform, type TestPlatform } from '../support/platform.ts';

let platform: TestPlatform;

beforeAll(async () => {
  platform = await startTestPlatform();
}, 60_000);
afterAll(() => platform?.stop());

test('a device onboards by claim, and its acknowledged sample is found by a query', async () => {
  const device = platform.device('E2E-0001');
  await device.start();
  const { identity } = device;
  expect(identity.thingName).toBe('fleetwright-dev-pump-station-E2E-0001');
  expect(identity.certificateId).toMatch(/^[0-9a-f]{64}$/);

  const time = Date.now();
  device.publish('telemetry', { time, values: { temperature: 21.5, running: true, mode: 'auto' } });
  await device.flush();
  const row = await eventually('the row', async () => {
    const { columns, rows } = await platform.reader.query(
      `SELECT thing_name, site, device_type, measure_name, to_milliseconds(time) AS ms, temperature, running, mode, boot_id, sequence
       FROM ${platform.telemetryTable} WHERE thing_name = '${identity.thingName}'`,
    );
    return rows[0] && Object.fromEntries(columns.map((name, at) => [name, rows[0]?.[at]]));
  });
  expect(row).toMatchObject({
    thing_name: identity.thingName,
    site: 'north',
    device_type: 'pump-station',
    measure_name: 'telemetry',
    ms: String(time),
    running: 'true',
    mode: 'auto',
    boot_id: '1',
    sequence: '1',
  });
  expect(Number(row.temperature)).toBe(21.5);

  const meters = await platform.meters();
  expect(meters['lambda.invocations']).toBeGreaterThanOrEqual(2);
  expect(meters['iam.evaluations']).toBeGreaterThan(0);
  expect(meters['iot.policyEvaluations']).toBeGreaterThan(0);
  expect(meters['http.requests']).toBeGreaterThan(0);
});

test('events reach the store through their ordinary topic, and health through the rule alone', async () => {
  const device = platform.device('E2E-0002');
  await device.start();
  const before = await platform.ledger.read();
  device.publish('event', { time: Date.now(), values: { door: 'open' } });
  await device.flush();
  await device.publishHealth({
    time: Date.now(),
    battery: 99.5,
    signal: -70,
    memoryFree: 1_000_000,
    firmware: '1.0.0',
  });
  await eventually('the event and the health report', async () => {
    const now = await platform.ledger.read();
    return now.telemetryRows - before.telemetryRows === 1 && now.healthMessages - before.healthMessages === 1;
  });
  expect((await platform.ledger.read()).deadLetters).toBe(0);
});

test('a device that starts again keeps its identity and raises its boot counter', async () => {
  const first = platform.device('E2E-0003');
  await first.start();
  await first.stop();
  const second = platform.device('E2E-0003');
  let provisioned = false;
  second.on('provisioned', () => {
    provisioned = true;
  });
  await second.start();
  expect(provisioned).toBe(false);
  expect(second.identity.certificateId).toBe(first.identity.certificateId);
  expect([first.bootId, second.bootId]).toEqual([1, 2]);
});
