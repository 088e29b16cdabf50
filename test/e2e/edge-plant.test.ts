import { endCommands } from '../support/command.ts';
import { type EdgePlant, startEdgePlant } from '../support/edge-plant.ts';
import { eventually } from '../support/eventually.ts';

// Modbus and CoAP values of a plant, through all components of a core, into Timestream by the same rules as everything else.

let edge: EdgePlant;

beforeAll(async () => {
  edge = await startEdgePlant();
}, 240_000);
afterAll(async () => {
  await endCommands();
  await edge?.stop();
}, 60_000);

const WINDOW = 10_000;
/** ms in which a component that runs again has found its source. */
const SETTLING = 3_000;

/** Beginnings of the windows of a series that hold values, ms. */
async function windows(series: string): Promise<number[]> {
  const rows = await edge.rows(
    `SELECT to_milliseconds(time) FROM {table} WHERE thing_name = {thing} AND ${series}_count > 0 ORDER BY time`,
  );
  return rows.map(([time]) => Number(time));
}

test('values of Modbus and CoAP become summaries in Timestream', async () => {
  const [row] = await eventually(
    'summaries',
    async () => {
      const rows = await edge.rows(
        `SELECT avg(pump_1_pressure_mean), avg(pump_1_flow_mean), avg(tank_level_mean), avg(ambient_temperature_mean), avg(quality_ph_mean)
         FROM {table} WHERE thing_name = {thing} AND measure_name = 'telemetry'`,
      );
      return rows[0]?.every((value) => value !== null) === true && rows;
    },
    60_000,
  );
  const { ambient, level, pumps, quality } = edge.plant.reading;
  const [pressure, flow, tank, temperature, ph] = (row ?? []).map(Number) as [number, number, number, number, number];
  expect(Math.abs(pressure - pumps[1].pressure)).toBeLessThan(0.3);
  expect(Math.abs(flow - pumps[1].flow)).toBeLessThan(15);
  expect(Math.abs(tank - level)).toBeLessThan(0.1);
  expect(Math.abs(temperature - ambient.temperature)).toBeLessThan(2);
  expect(Math.abs(ph - quality.ph)).toBeLessThan(0.5);
}, 90_000);

test('each component is killed in turn: each comes back, and no window and no sample is lost', async () => {
  const began = await windows('tank_level');
  const down: { readonly from: number; readonly to: number }[] = [];
  for (const name of [
    'ProtocolGateway',
    'EdgeAggregator',
    'AnomalyDetector',
    'OnnxInference',
    'LocalRules',
    'StoreAndForward',
  ]) {
    down.push(await edge.kill(name));
  }
  const until = Math.floor(Date.now() / WINDOW) * WINDOW;
  const found = await eventually(
    'the windows up to now',
    async () => {
      const all = await windows('tank_level');
      return (all.at(-1) ?? 0) >= until && all;
    },
    60_000,
  );
  expect(found.length).toBeGreaterThan(began.length);
  expect(new Set(found).size).toBe(found.length);
  // On a machine with much other work a component may be away for a whole window, in which nobody asks the plant.
  const [first = 0, last = 0] = [found[0], found.at(-1)];
  const expected = Array.from({ length: (last - first) / WINDOW + 1 }, (_, at) => first + at * WINDOW).filter(
    (time) => !down.some(({ from, to }) => from <= time && to + SETTLING >= time + WINDOW),
  );
  expect(found).toEqual(expect.arrayContaining(expected));
}, 150_000);

test('a pump that shakes itself apart is stopped on the spot, and the cloud is told', async () => {
  expect(edge.plant.reading.pumps[2].running).toBe(true);
  const end = edge.plant.inject({ kind: 'bearing-wear', pump: 2, until: Date.now() + 45_000 });
  try {
    await eventually('the pump to stand', async () => !edge.plant.reading.pumps[2].running, 55_000);
  } finally {
    end();
  }
  const [row] = await eventually('the decision in Timestream', async () => {
    const rows = await edge.rows(
      `SELECT alarm_state, severity, latency_us FROM {table} WHERE thing_name = {thing} AND alarm = 'pump-2-shakes' ORDER BY time`,
    );
    return rows.length > 0 && rows;
  });
  expect(row?.slice(0, 2)).toEqual(['raised', 'critical']);
  expect(Number(row?.[2])).toBeGreaterThan(0);
}, 90_000);
