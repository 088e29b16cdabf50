import { type DeviceModel, immediateOrder, type ModelMeasure } from './model.ts';

export type Numbers = Readonly<Record<string, number>>;

export interface Start {
  /** Values of settings, measures and conditions. */
  readonly values: Numbers;
  /** What holds a measure off the place where the model settles it; taken to stay. */
  readonly offsets: Numbers;
}

/** A setting that takes effect during the simulation. */
export interface SettingChange {
  readonly setting: string;
  readonly value: number;
  readonly afterSeconds: number;
}

/** Values of all measures at one time. */
export interface Moment {
  readonly seconds: number;
  readonly values: Numbers;
}

/** Steps within the shortest lag, so that couplings between lagging measures are followed closely enough. */
const STEPS_PER_LAG = 8;

/**
 * Plays a model forward. Deterministic: no clock and no chance in it. Each lagging measure takes exact steps of its own
 * first-order response towards where the others hold it at the beginning of the step.
 * @param every seconds between two moments of the result, the first at 0
 */
export function simulate(
  model: DeviceModel,
  start: Start,
  changes: readonly SettingChange[],
  horizonSeconds: number,
  every: number,
): Moment[] {
  const lagging = Object.entries(model.measures).filter(([, { lagSeconds }]) => lagSeconds > 0);
  const immediate = immediateOrder(model.measures).map((name) => [name, model.measures[name] as ModelMeasure] as const);
  const shortest = Math.min(...lagging.map(([, { lagSeconds }]) => lagSeconds), every * STEPS_PER_LAG);
  const perMoment = Math.max(1, Math.ceil(every / (shortest / STEPS_PER_LAG)));
  const step = every / perMoment;
  const shares = lagging.map(([, { lagSeconds }]) => 1 - Math.exp(-step / lagSeconds));
  const values: Record<string, number> = { ...start.values };
  const pending = [...changes].sort((left, right) => left.afterSeconds - right.afterSeconds);
  const target = (name: string, measure: ModelMeasure, seconds: number): number =>
    settlesAt(measure, values) + (start.offsets[name] ?? 0) + (measure.driftPerHour * seconds) / 3_600;
  const settle = (seconds: number): void => {
    for (const [name, measure] of immediate) values[name] = target(name, measure, seconds);
  };
  const apply = (seconds: number): void => {
    while (pending.length > 0 && (pending[0] as SettingChange).afterSeconds <= seconds) {
      const { setting, value } = pending.shift() as SettingChange;
      values[setting] = value;
    }
    settle(seconds);
  };

  const moments: Moment[] = [];
  const keep = (seconds: number): void => {
    moments.push({ seconds, values: pick(values, model) });
  };
  apply(0);
  keep(0);
  const count = Math.floor(horizonSeconds / every);
  for (let moment = 1; moment <= count; moment++) {
    for (let part = 0; part < perMoment; part++) {
      const seconds = (moment - 1) * every + (part + 1) * step;
      const goals = lagging.map(([name, measure]) => target(name, measure, seconds));
      lagging.forEach(([name], at) => {
        const value = values[name] as number;
        values[name] = value + ((goals[at] as number) - value) * (shares[at] as number);
      });
      apply(seconds);
    }
    keep(moment * every);
  }
  return moments;
}

/** Where settings, surroundings and other measures hold a measure. */
export function settlesAt({ base, terms }: ModelMeasure, values: Numbers): number {
  let sum = base;
  for (const { gain, factors } of terms) {
    let product = gain;
    for (const { of, power, reference } of factors) {
      const ratio = (values[of] ?? 0) / reference;
      product *= power === 1 ? ratio : (Number.isInteger(power) ? ratio : Math.max(0, ratio)) ** power;
    }
    sum += product;
  }
  return sum;
}

/** Values of a model that rests with its settings and surroundings: where all measures settle. */
export function atRest(model: DeviceModel, values: Numbers): Numbers {
  const known: Record<string, number> = { ...values };
  const all = Object.entries(model.measures);
  for (const [name, { base }] of all) known[name] ??= base;
  // Couplings are few and weak; what has not settled by then is a circle that grows.
  for (let round = 0; round < 200; round++) {
    let moved = 0;
    for (const [name, measure] of all) {
      const next = settlesAt(measure, known);
      moved = Math.max(moved, Math.abs(next - (known[name] as number)) / (1 + Math.abs(next)));
      known[name] = next;
    }
    if (moved < 1e-9) break;
  }
  return known;
}

function pick(values: Numbers, { measures }: DeviceModel): Numbers {
  return Object.fromEntries(Object.keys(measures).map((name) => [name, values[name] as number]));
}
