import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { systemClock } from '../../shared/src/system-clock.ts';
import { createSimulatedPlant, plantSources, type SimulatedPlant } from '../../simulated-plant/src/index.ts';
import { GatewayBench } from './testing/gateway-bench.ts';

let plant: SimulatedPlant;
let bench: GatewayBench;

/** The plant's sources, faster than they would be. */
function quick(): Record<string, Record<string, unknown>> {
  const sources = plantSources(plant.ports) as Record<string, Record<string, unknown>>;
  for (const source of Object.values(sources)) {
    if (source.protocol !== 'modbus-tcp') continue;
    source.groups = { default: { intervalMs: 50 }, slow: { intervalMs: 100 } };
    source.timeoutMs = 200;
    source.silentAfterMs = 400;
    source.reconnect = { minMs: 50, maxMs: 200 };
  }
  return sources;
}

beforeEach(async () => {
  plant = await createSimulatedPlant({ clock: systemClock, seed: 5 });
});
afterEach(async () => {
  await bench.stop();
  await plant.close();
});

const PUMP = ['running', 'setpoint', 'speed', 'pressure', 'flow', 'temperature', 'vibration', 'power', 'runtime'];

test('values of the plant arrive as they are, by Modbus and CoAP', async () => {
  bench = new GatewayBench({ sources: quick() });
  await bench.start();
  const series = [1, 2, 3].flatMap((pump) => PUMP.map((point) => `pump_${pump}_${point}`));
  series.push('tank_level', 'ambient_temperature', 'ambient_humidity', 'quality_ph', 'quality_conductivity');
  await bench.until(() => series.every((name) => bench.last(name) !== undefined));
  const { ambient, level, pumps, quality } = plant.reading;
  expect(bench.values.every((value) => value.quality === 'good')).toBe(true);
  expect(bench.last('pump_1_setpoint')?.value).toBe(pumps[1].setpoint);
  expect(bench.last('pump_1_running')?.value).toBe(true);
  expect(bench.last('pump_3_running')?.value).toBe(false);
  // A step of the process may lie between.
  expect(Number(bench.last('pump_1_flow')?.value)).toBeCloseTo(pumps[1].flow, -1);
  expect(Number(bench.last('pump_2_pressure')?.value)).toBeCloseTo(pumps[2].pressure, 0);
  expect(Number(bench.last('tank_level')?.value)).toBeCloseTo(level, 1);
  expect(Number(bench.last('ambient_temperature')?.value)).toBeCloseTo(ambient.temperature, 0);
  expect(Number(bench.last('quality_ph')?.value)).toBeCloseTo(quality.ph, 0);
  expect(bench.gateway.statuses()).toMatchObject({ 'pump-1': { state: 'good' }, tank: { state: 'good' } });
});

test('a request to write changes the plant, within limits and in time', async () => {
  bench = new GatewayBench({ sources: quick() });
  await bench.start();
  await bench.until(() => bench.last('pump_1_running') !== undefined);
  expect(await bench.write('pump-1', 'running', false)).toMatchObject({ ok: true });
  expect(plant.reading.pumps[1].running).toBe(false);
  expect(await bench.write('pump-1', 'setpoint', 1_200)).toMatchObject({ ok: true });
  expect(plant.reading.pumps[1].setpoint).toBe(1_200);
  await bench.until(
    () => bench.last('pump_1_setpoint')?.value === 1_200 && bench.last('pump_1_running')?.value === false,
  );

  const refused = [
    [await bench.write('pump-1', 'setpoint', 1_601), '1601 is not within 600 and 1600'],
    [await bench.write('pump-1', 'setpoint', true), 'setpoint takes a number'],
    [await bench.write('pump-1', 'running', 1), 'running takes true or false'],
    [await bench.write('pump-1', 'pressure', 1), 'pressure is not writable'],
    [await bench.write('pump-1', 'nothing', 1), 'pump-1 has no point nothing'],
    [await bench.write('pump-9', 'running', true), 'there is no source pump-9'],
    [await bench.write('pump-1', 'running', true, { expiresAt: Date.now() - 1 }), 'expired'],
    [await bench.write('tank', 'level', 1), 'level is not writable'],
    [await bench.write('pump-1', 'running', true, { version: 2 }), 'version'],
  ] as const;
  for (const [answer, detail] of refused) {
    expect(answer).toMatchObject({ ok: false });
    expect(answer.detail).toContain(detail);
  }
  expect(plant.reading.pumps[1]).toMatchObject({ running: false, setpoint: 1_200 });
});

test('the same request twice is carried out once', async () => {
  bench = new GatewayBench({ sources: quick() });
  await bench.start();
  await bench.until(() => bench.last('pump_1_running') !== undefined);
  const first = await bench.write('pump-1', 'running', false, { requestId: 'a'.repeat(32) });
  await bench.write('pump-1', 'running', true);
  bench.forget();
  expect(await bench.write('pump-1', 'running', false, { requestId: 'a'.repeat(32) })).toEqual(first);
  expect(plant.reading.pumps[1].running).toBe(true);
});

test('a dead source is uncertain once, then silent, and comes back; the others do not notice', async () => {
  bench = new GatewayBench({ sources: quick() });
  await bench.start();
  await bench.until(() => bench.last('pump_1_flow') !== undefined && bench.last('pump_2_flow') !== undefined);
  plant.disturb('pump-1', { kind: 'dead' });
  await bench.until(() => bench.last('pump_1_flow')?.quality === 'uncertain');
  bench.forget();
  await bench.until(() => bench.of('pump_2_flow').length > 8);
  expect(bench.of('pump_1_flow')).toEqual([]);
  expect(bench.gateway.statuses()['pump-1']).toMatchObject({ state: 'silent' });
  plant.disturb('pump-1', undefined);
  await bench.until(() => bench.last('pump_1_flow')?.quality === 'good');
  // Its other poll group comes a little later.
  await bench.until(() => bench.gateway.statuses()['pump-1']?.state === 'good');
});

test('a source that answers with exceptions is bad, with the reason', async () => {
  bench = new GatewayBench({ sources: quick() });
  await bench.start();
  await bench.until(() => bench.last('pump_1_flow') !== undefined);
  plant.disturb('pump-1', { kind: 'exception' });
  await bench.until(() => bench.last('pump_1_flow')?.quality === 'bad');
  await bench.until(() => bench.gateway.statuses()['pump-1']?.state === 'partly');
  expect(bench.gateway.statuses()['pump-1']?.problem).toContain('exception 4: device failure');
});

test('a slow source is as slow as it is, and no other', async () => {
  bench = new GatewayBench({ sources: quick() });
  await bench.start();
  await bench.until(() => bench.last('pump_1_flow') !== undefined);
  plant.disturb('pump-1', { kind: 'slow', delayMs: 150 });
  bench.forget();
  await new Promise((resolve) => setTimeout(resolve, 1_500));
  const slow = bench.of('pump_1_flow').length;
  expect(slow).toBeGreaterThan(0);
  expect(bench.of('pump_2_flow').length).toBeGreaterThan(2 * slow);
});

test('a sensor that says the same for ever is found out', async () => {
  const sources = quick();
  const points = sources['pump-1']?.points as Record<string, object>;
  points.vibration = { ...points.vibration, frozenAfterMs: 1_500 };
  bench = new GatewayBench({ sources });
  await bench.start();
  await bench.until(() => bench.last('pump_1_vibration') !== undefined);
  plant.disturb('pump-1', { kind: 'frozen' });
  await bench.until(() => bench.last('pump_1_vibration')?.quality === 'uncertain');
  expect(bench.last('pump_1_speed')?.quality).toBe('good');
  plant.disturb('pump-1', undefined);
  await bench.until(() => bench.last('pump_1_vibration')?.quality === 'good');
});

test('a change of configuration restarts only what it changes', async () => {
  bench = new GatewayBench({ sources: quick() });
  await bench.start();
  await bench.until(() => bench.last('pump_1_flow') !== undefined && bench.last('pump_2_flow') !== undefined);
  const before = bench.gateway.statuses()['pump-2']?.answers ?? 0;
  const sources = quick();
  (sources['pump-1'] as { unit: number }).unit = 3;
  delete sources['pump-3'];
  expect(bench.host.configure({ sources })).toBe(true);
  bench.forget();
  await bench.until(() => bench.last('pump_1_running')?.value === false);
  expect(bench.gateway.statuses()).not.toHaveProperty('pump-3');
  expect(bench.gateway.statuses()['pump-2']?.answers).toBeGreaterThan(before);
  expect(bench.gateway.statuses()['pump-1']?.answers).toBeLessThan(before + 20);
});

test('what nobody can configure is refused, all of it at once, and the last good configuration stays', async () => {
  bench = new GatewayBench({ sources: quick() });
  await bench.start();
  const sources = quick();
  (sources['pump-1'] as { port: number }).port = 70_000;
  (sources.tank as { security: object }).security = { mode: 'dtls-psk', identity: 'x' };
  expect(bench.host.configure({ sources })).toBe(false);
  const text = JSON.stringify(bench.host.log);
  expect(text).toContain('sources.pump-1.port');
  expect(text).toContain('sources.tank.security.mode: dtls-psk is not supported');
  await bench.until(() => bench.last('pump_1_flow') !== undefined);
});
