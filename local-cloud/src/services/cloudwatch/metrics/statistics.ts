import { NotImplementedError } from '../../../core/errors.ts';
import { invalidValue } from '../errors.ts';
import { type Bucket, valuesOf } from './bucket.ts';

export type Statistic = (bucket: Bucket) => number | undefined;

export const PLAIN_STATISTICS: Readonly<Record<string, Statistic>> = {
  SampleCount: (bucket) => bucket.count,
  Sum: (bucket) => bucket.sum,
  Average: (bucket) => bucket.sum / bucket.count,
  Minimum: (bucket) => bucket.min,
  Maximum: (bucket) => bucket.max,
};

/** User guide, "CloudWatch statistics definitions": known to AWS, not built here. */
const OTHERS = /^(tm|wm|tc|ts)\d|^(TM|WM|TC|TS|PR)\(|^IQM$/;

/**
 * A statistic by name: one of the five, or a percentile `p0` to `p100` with decimals.
 * @throws AwsError `InvalidParameterValue`; `NotImplemented` for trimmed means and their kin
 */
export function statisticOf(name: string): Statistic {
  const plain = Object.hasOwn(PLAIN_STATISTICS, name) ? PLAIN_STATISTICS[name] : undefined;
  if (plain !== undefined) return plain;
  const percentile = /^p(\d{1,3}(?:\.\d{1,10})?)$/.exec(name)?.[1];
  if (percentile !== undefined && Number(percentile) <= 100) return percentileOf(Number(percentile));
  if (OTHERS.test(name)) throw new NotImplementedError(`the CloudWatch statistic ${name}`);
  throw invalidValue(`The value ${name} for parameter Stat is not supported.`);
}

/** The least value that so many percent of the values do not exceed. Unknown for statistic sets without their values. */
function percentileOf(percent: number): Statistic {
  return (bucket) => {
    const values = valuesOf(bucket);
    if (values === undefined) return undefined;
    const sorted = [...values].sort(([a], [b]) => a - b);
    const rank = Math.max(1, Math.ceil((percent / 100) * bucket.count));
    let seen = 0;
    for (const [value, count] of sorted) {
      seen += count;
      if (seen >= rank) return value;
    }
    return sorted.at(-1)?.[0];
  };
}
