import { validationError } from '../errors.ts';

/** A datapoint for each period from the first on, `undefined` where there is none. */
export type TimeSeries = readonly (number | undefined)[];
export type MathValue = number | TimeSeries;

interface CallScope {
  /** seconds */
  readonly period: number;
  readonly count: number;
  /** REPEAT and LINEAR, by the place of the argument. */
  readonly words: readonly (string | undefined)[];
}

export interface MathFunction {
  readonly arity: readonly [least: number, most: number];
  apply(values: readonly MathValue[], scope: CallScope): MathValue;
}

/** Combines point by point; where either has no datapoint, there is none. */
export function zip(a: MathValue, b: MathValue, combine: (a: number, b: number) => number | undefined): MathValue {
  if (typeof a === 'number' && typeof b === 'number') {
    const value = combine(a, b);
    if (value === undefined) throw validationError('Division by zero');
    return value;
  }
  const count = typeof a === 'number' ? (b as TimeSeries).length : a.length;
  return Array.from({ length: count }, (_, index) => {
    const [x, y] = [at(a, index), at(b, index)];
    return x === undefined || y === undefined ? undefined : combine(x, y);
  });
}

function at(value: MathValue, index: number): number | undefined {
  return typeof value === 'number' ? value : value[index];
}

function each(transform: (value: number) => number): MathFunction {
  return {
    arity: [1, 1],
    apply: ([value = 0]) =>
      typeof value === 'number'
        ? transform(value)
        : value.map((one) => (one === undefined ? undefined : transform(one))),
  };
}

/** Over all datapoints of a series: one number. */
function over(reduce: (values: readonly number[]) => number): MathFunction {
  return {
    arity: [1, 1],
    apply: ([value = 0]) => {
      if (typeof value === 'number') return value;
      const present = value.filter((one) => one !== undefined);
      return present.length === 0 ? value.map(() => undefined) : reduce(present);
    },
  };
}

/** From one datapoint to the one before it; `seconds` is the time between both. */
function change(between: (difference: number, seconds: number) => number): MathFunction {
  return {
    arity: [1, 1],
    apply: ([value = 0], { period }) => {
      if (typeof value === 'number') throw validationError('The function needs a time series');
      let before: { value: number; index: number } | undefined;
      return value.map((one, index) => {
        if (one === undefined) return undefined;
        const last = before;
        before = { value: one, index };
        return last === undefined ? undefined : between(one - last.value, (index - last.index) * period);
      });
    },
  };
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

/** User guide, "Using metric math", "Functions supported for metric math". */
export const FUNCTIONS: Readonly<Record<string, MathFunction | undefined>> = {
  ABS: each(Math.abs),
  CEIL: each(Math.ceil),
  FLOOR: each(Math.floor),
  AVG: over((values) => sum(values) / values.length),
  MAX: over((values) => values.reduce((most, value) => Math.max(most, value))),
  MIN: over((values) => values.reduce((least, value) => Math.min(least, value))),
  SUM: over(sum),
  DIFF: change((difference) => difference),
  RATE: change((difference, seconds) => difference / seconds),
  PERIOD: { arity: [1, 1], apply: (_values, { period }) => period },
  FILL: { arity: [2, 2], apply: fill },
  IF: { arity: [2, 3], apply: choose },
};

function fill([value = 0, filler = 0]: readonly MathValue[], { words }: CallScope): MathValue {
  if (typeof value === 'number') return value;
  if (words[1] === undefined) return value.map((one, index) => one ?? at(filler, index));
  return words[1] === 'REPEAT' ? repeated(value) : interpolated(value);
}

function repeated(value: TimeSeries): TimeSeries {
  let last: number | undefined;
  return value.map((one) => {
    last = one ?? last;
    return last;
  });
}

/** Gaps between two datapoints lie on the line between them; what is before the first or after the last stays missing. */
function interpolated(value: TimeSeries): TimeSeries {
  const filled = [...value];
  let before: number | undefined;
  for (let index = 0; index < value.length; index++) {
    const last = value[index];
    if (last === undefined) continue;
    const first = before === undefined ? undefined : value[before];
    if (before !== undefined && first !== undefined) {
      const step = (last - first) / (index - before);
      for (let gap = before + 1; gap < index; gap++) filled[gap] = first + step * (gap - before);
    }
    before = index;
  }
  return filled;
}

function choose([condition = 0, yes = 0, no]: readonly MathValue[], { count }: CallScope): MathValue {
  const pick = (index: number): number | undefined => {
    const truth = at(condition, index);
    if (truth === undefined) return undefined;
    if (truth !== 0) return at(yes, index);
    return no === undefined ? undefined : at(no, index);
  };
  const scalar = [condition, yes, no ?? 0].every((value) => typeof value === 'number');
  if (!scalar) return Array.from({ length: count }, (_, index) => pick(index));
  const value = pick(0);
  return value ?? new Array<undefined>(count).fill(undefined);
}
