import { type ProcessFault, PUMPS, type PumpNumber, plantSamples } from '../../simulated-plant/src/index.ts';
import { severityAt } from '../../simulated-plant/src/process-faults.ts';
import { createRandomSource } from '../../simulated-plant/src/random-source.ts';
import { SeriesHistory } from '../src/series-history.ts';
import { seriesOf } from '../src/subject-series.ts';
import { readWindow } from '../src/window-features.ts';
import { PUMP_FEATURES, PUMP_INPUTS, PUMP_WINDOW } from './pump-model.ts';

/** A window of one pump, and what became of the pump. */
export interface LabelledWindow {
  /** End of the window, ms since the epoch. */
  readonly time: number;
  /** Before scaling. */
  readonly features: readonly number[];
  /** 1: the bearing is past {@link FAILED_SEVERITY} within {@link HORIZON_MS}, or already. */
  readonly label: number;
}

/** One pump throughout one run of the plant. */
export interface PumpHistory {
  readonly seed: number;
  readonly pump: PumpNumber;
  readonly windows: readonly LabelledWindow[];
  /** When its bearing was past use; undefined: not in this run. */
  readonly failedAt: number | undefined;
}

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
export const RUN_MS = 14 * HOUR;
/** How far ahead the model is to see. */
export const HORIZON_MS = 4 * HOUR;
/** Wear from which a bearing counts as failed. */
export const FAILED_SEVERITY = 0.75;
/** s between two samples of a series */
const SAMPLE_INTERVAL = 5;

/**
 * What the plant shows in a run, and what was wrong with it: all of it by the seed. Wear that ends in failure, in 4 to 24 hours; wear
 * that stays harmless; cavitation, dead-heading and storms, which shake pumps and heat them without wearing them out; pumps that stand.
 * @param step ms between windows @param length ms
 */
export function playRun(seed: number, step: number, length = RUN_MS): PumpHistory[] {
  const random = createRandomSource(seed * 7_919 + 1).even;
  const from = Date.UTC(2026, 0, 1) + Math.floor(random() * 365 * 24) * HOUR;
  const running: readonly PumpNumber[] = (
    [
      [1, 2],
      [1, 2],
      [1, 2],
      [2, 3],
      [1, 2, 3],
    ] as const
  )[Math.floor(random() * 5)] ?? [1, 2];
  const faults = drawFaults(from, running, random);
  const histories = new Map(
    PUMPS.flatMap((pump) =>
      Object.values(PUMP_INPUTS).map(({ series }) => [seriesOf(series, `pump_${pump}`), new SeriesHistory(10_000)]),
    ),
  );
  const rows = new Map<PumpNumber, LabelledWindow[]>(PUMPS.map((pump) => [pump, []]));
  const options = { interval: SAMPLE_INTERVAL, running };
  for (const { time, values } of plantSamples(seed, from, length / 1_000, faults, options)) {
    for (const [series, history] of histories) history.add(time, Number(values[series]));
    const end = time + SAMPLE_INTERVAL * 1_000;
    if (end % step !== 0 || end - from < PUMP_WINDOW.length) continue;
    for (const pump of PUMPS) {
      const features = featuresOf(histories, pump, end);
      rows.get(pump)?.push({ time: end, features, label: failsBefore(faults, pump, end, end + HORIZON_MS) ? 1 : 0 });
    }
    for (const history of histories.values()) history.forget(end - PUMP_WINDOW.length);
  }
  return PUMPS.map((pump) => {
    const windows = rows.get(pump) ?? [];
    const failed = windows.find(({ time }) => failsBefore(faults, pump, time, time));
    return { seed, pump, windows, failedAt: failed?.time };
  });
}

function featuresOf(histories: ReadonlyMap<string, SeriesHistory>, pump: PumpNumber, end: number): readonly number[] {
  const samples = Object.fromEntries(
    Object.entries(PUMP_INPUTS).map(([role, { series }]) => {
      const history = histories.get(seriesOf(series, `pump_${pump}`));
      if (history === undefined) throw new Error(`the plant has no ${role}`);
      return [role, history.between(end - PUMP_WINDOW.length, end)];
    }),
  );
  const manifest = {
    features: PUMP_FEATURES.map((feature) => ({ ...feature, offset: 0, scale: 1 })),
    inputs: PUMP_INPUTS,
    window: PUMP_WINDOW,
  };
  const reading = readWindow(manifest, samples, end - PUMP_WINDOW.length);
  if (reading.kind === 'missing') throw new Error(reading.detail);
  return reading.values;
}

function failsBefore(faults: readonly ProcessFault[], pump: PumpNumber, from: number, to: number): boolean {
  for (const fault of faults) {
    if (fault.kind !== 'bearing-wear' || fault.pump !== pump) continue;
    for (let time = from; time <= to; time += 5 * MINUTE) {
      if (severityAt(fault, time) >= FAILED_SEVERITY) return true;
    }
  }
  return false;
}

function drawFaults(start: number, running: readonly PumpNumber[], random: () => number): ProcessFault[] {
  const between = (least: number, most: number): number => least + (most - least) * random();
  const at = (hours: number): number => start + Math.round((hours * HOUR) / MINUTE) * MINUTE;
  const faults: ProcessFault[] = [];
  for (const pump of running) {
    const fate = random();
    if (fate < 0.45) {
      const begins = between(-8, 8);
      const lasts = between(4, 24);
      faults.push({
        kind: 'bearing-wear',
        pump,
        from: at(begins),
        until: at(begins + lasts),
        severity: between(0.9, 1),
      });
    } else if (fate < 0.65) {
      faults.push({ kind: 'bearing-wear', pump, from: at(between(-8, 8)), severity: between(0.1, 0.55) });
    }
    if (random() < 0.35) {
      const begins = between(0, 12);
      faults.push({
        kind: 'cavitation',
        pump,
        from: at(begins),
        until: at(begins + between(0.2, 2)),
        severity: between(0.2, 1),
      });
    }
    if (random() < 0.2) {
      const begins = between(0, 12);
      faults.push({ kind: 'dead-head', pump, from: at(begins), until: at(begins + between(0.1, 0.7)) });
    }
  }
  if (random() < 0.35) {
    const begins = between(0, 10);
    faults.push({
      kind: 'high-inflow',
      from: at(begins),
      until: at(begins + between(1, 4)),
      severity: between(0.4, 1),
    });
  }
  return faults;
}
