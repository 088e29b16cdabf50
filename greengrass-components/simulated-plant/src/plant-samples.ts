import { type FieldMessage, type FieldValue, fieldMessageSchema } from '../../../contracts/src/index.ts';
import { faultName, type ProcessFault, PUMPS, type PumpNumber, severityAt } from './process-faults.ts';
import { createPumpStation, type PumpReading, type StationReading } from './pump-station.ts';

/** Points of each pump, as the gateway's configuration names them. */
export const PUMP_POINTS = [
  'running',
  'setpoint',
  'speed',
  'pressure',
  'flow',
  'temperature',
  'vibration',
  'power',
  'runtime',
] as const satisfies readonly (keyof PumpReading)[];

export interface PlantMoment {
  /** ms since the epoch */
  readonly time: number;
  /** By series: `pump_1_pressure`, `tank_level`. */
  readonly values: Readonly<Record<string, number | boolean>>;
  /** What is wrong in the process at this time, by its name, with how bad it is (0 to 1). */
  readonly faults: Readonly<Record<string, number>>;
}

export interface PlantSamplesOptions {
  /** s between moments. @default 1 */
  readonly interval?: number;
  /** @default pump-1 and pump-2 */
  readonly running?: readonly PumpNumber[];
}

/**
 * What the plant's instruments show over a time, without any of its servers: the same arguments, the same samples.
 * @param from ms since the epoch
 */
export function* plantSamples(
  seed: number,
  from: number,
  seconds: number,
  faults: readonly ProcessFault[] = [],
  { interval = 1, running }: PlantSamplesOptions = {},
): Generator<PlantMoment> {
  const station = createPumpStation({ seed, start: from, faults, ...(running && { running }) });
  for (let second = 0; second < seconds; second += interval) {
    station.advance(from + second * 1_000);
    const { reading } = station;
    yield { time: reading.time, values: seriesOf(reading), faults: labels(faults, reading.time) };
  }
}

/** A moment as the gateway would publish it: a message of each source. */
export function fieldMessagesOf({ time, values }: PlantMoment): FieldMessage[] {
  const bySource = new Map<string, FieldValue[]>();
  for (const [series, value] of Object.entries(values)) {
    const source = /^pump_[1-3]|^[a-z]+/.exec(series)?.[0].replace('_', '-') ?? series;
    const known = bySource.get(source) ?? [];
    known.push({ series, time, value, quality: 'good' });
    bySource.set(source, known);
  }
  return [...bySource].map(([source, list]) => fieldMessageSchema.parse({ version: 1, source, values: list }));
}

/** Readings by the names of their series. */
export function seriesOf({ pumps, level, ambient, quality }: StationReading): Record<string, number | boolean> {
  const values: Record<string, number | boolean> = {};
  for (const number of PUMPS) {
    for (const point of PUMP_POINTS) values[`pump_${number}_${point}`] = pumps[number][point];
  }
  values.tank_level = level;
  values.ambient_temperature = ambient.temperature;
  values.ambient_humidity = ambient.humidity;
  for (const [point, value] of Object.entries(quality)) values[`quality_${point}`] = value;
  return values;
}

function labels(faults: readonly ProcessFault[], time: number): Record<string, number> {
  const active: Record<string, number> = {};
  for (const fault of faults) {
    const severity = severityAt(fault, time);
    if (severity > 0) active[faultName(fault)] = Math.max(severity, active[faultName(fault)] ?? 0);
  }
  return active;
}
