import * as z from 'zod';
import type { AggregatorConfiguration } from './configuration.ts';
import type { RawRequest, RawTap } from './engine/raw-tap.ts';

/** Named shadow of the core by which raw values are asked for. */
export const AGGREGATOR_SHADOW = 'aggregator';

const pattern = z
  .string()
  .regex(/^[a-z0-9_*]{1,48}$/, 'must be 1 to 48 lower-case letters, digits, underscores or stars');

/** Desired state; other members are others' business. */
const desiredSchema = z.object({
  raw: z
    .strictObject({
      series: z.array(pattern).min(1).max(100),
      /** ms since the epoch */
      until: z.int().nonnegative(),
    })
    .nullish(),
});

export type RawAnswer =
  | { readonly kind: 'none' }
  | { readonly kind: 'request'; readonly request: RawRequest }
  | { readonly kind: 'over'; readonly series: readonly string[]; readonly until: number }
  | { readonly kind: 'refused'; readonly detail: string };

/** What a desired state asks for. A request is for the time from when it is heard on, and not for longer than the configuration allows. */
export function readRawRequest(desired: object, { raw }: AggregatorConfiguration, now: number): RawAnswer {
  const read = desiredSchema.safeParse(desired);
  if (!read.success) {
    const problems = read.error.issues.map(({ message, path }) => `${path.join('.')}: ${message}`);
    return { kind: 'refused', detail: problems.join('; ') };
  }
  if (read.data.raw === undefined || read.data.raw === null) return { kind: 'none' };
  const { series, until } = read.data.raw;
  if (until <= now) return { kind: 'over', series, until };
  if (until - now > raw.maxDuration) {
    return { kind: 'refused', detail: `raw.until: must be at most ${raw.maxDuration} ms from now` };
  }
  const { maxSeries, maxValues } = raw;
  return { kind: 'request', request: { series, until, maxSeries, maxValues } };
}

/** As it is reported. Members of an earlier answer are taken away by `null`. */
export function reportOf(answer: RawAnswer, tap: RawTap | undefined, now: number, version?: number): object {
  const of = { version: version ?? null };
  if (answer.kind === 'none')
    return { raw: { ...of, state: 'none', series: null, until: null, sent: null, leftOut: null, detail: null } };
  if (answer.kind === 'refused') {
    const { detail } = answer;
    return {
      raw: {
        ...of,
        state: 'refused',
        series: null,
        until: null,
        sent: null,
        leftOut: null,
        detail: detail.slice(0, 512),
      },
    };
  }
  const { series, until } = answer.kind === 'request' ? answer.request : answer;
  const isActive = answer.kind === 'request' && now < until;
  return {
    raw: {
      ...of,
      state: isActive ? 'active' : 'over',
      series,
      until,
      sent: tap?.sent ?? 0,
      leftOut: tap?.leftOut ?? 0,
      detail: null,
    },
  };
}

/** Whether a tap is of this very request: it then goes on, over a restart too. */
export function isSame(left: RawRequest, right: RawRequest): boolean {
  return left.until === right.until && JSON.stringify(left.series) === JSON.stringify(right.series);
}
