import type { MetricDatum, PutMetricDataInput } from '@aws-sdk/client-cloudwatch';
import type { Operation } from '../../../core/api.ts';
import { NotImplementedError } from '../../../core/errors.ts';
import { invalidCombination, invalidValue, missingParameter } from '../errors.ts';
import {
  MAX_ABSOLUTE_VALUE,
  MAX_DATA_PER_REQUEST,
  MAX_DATUM_AGE,
  MAX_DATUM_LEAD,
  MAX_VALUES_PER_DATUM,
} from '../limits.ts';
import { addValue, type Bucket, bucketOf } from '../metrics/bucket.ts';
import type { Gain } from '../metrics/metric-log.ts';
import type { MetricStore } from '../metrics/metric-store.ts';
import { checkUnit, readIdentity } from '../metrics/read-dimensions.ts';

export function putMetricData(metrics: MetricStore): Operation<PutMetricDataInput, object> {
  return {
    name: 'PutMetricData',
    authorize: (input) => [
      { action: 'cloudwatch:PutMetricData', resource: '*', conditions: { 'cloudwatch:namespace': input.Namespace } },
    ],
    async handle(input) {
      if (input.EntityMetricData !== undefined) throw new NotImplementedError('PutMetricData EntityMetricData');
      if (input.MetricData === undefined) throw missingParameter('MetricData');
      if (input.MetricData.length > MAX_DATA_PER_REQUEST) {
        throw invalidValue(`The collection MetricData must not have a size greater than ${MAX_DATA_PER_REQUEST}.`);
      }
      if (input.Namespace?.startsWith('AWS/')) {
        throw invalidValue('The value AWS/ for parameter Namespace is invalid.');
      }
      const now = metrics.context.clock.now();
      await metrics.ingest(input.MetricData.map((datum) => gainOf(input.Namespace, datum, now)));
      return {};
    },
  };
}

function gainOf(namespace: string | undefined, datum: MetricDatum, now: number): Gain {
  if (datum.StorageResolution !== undefined && datum.StorageResolution !== 60) {
    if (datum.StorageResolution === 1) throw new NotImplementedError('CloudWatch metrics of high resolution');
    throw invalidValue(`The value ${datum.StorageResolution} for parameter StorageResolution is not supported.`);
  }
  const time = datum.Timestamp?.getTime() ?? now;
  if (time < now - MAX_DATUM_AGE) {
    throw invalidValue(
      'The parameter MetricData.member.N.Timestamp must specify a time no more than two weeks in the past.',
    );
  }
  if (time > now + MAX_DATUM_LEAD) {
    throw invalidValue('The parameter MetricData.member.N.Timestamp must specify a time within the next two hours.');
  }
  return {
    identity: readIdentity(namespace, datum.MetricName, datum.Dimensions),
    unit: checkUnit(datum.Unit) ?? 'None',
    time,
    bucket: bucketOfDatum(datum),
  };
}

function bucketOfDatum({ MetricName, Value, Values, Counts, StatisticValues }: MetricDatum): Bucket {
  const forms = [Value, Values, StatisticValues].filter((form) => form !== undefined).length;
  if (forms === 0) throw missingParameter(`Value, Values or StatisticValues of ${MetricName}`);
  if (forms > 1)
    throw invalidCombination(`Of Value, Values and StatisticValues of ${MetricName} only one may be given.`);
  if (Counts !== undefined && Values === undefined) throw invalidCombination('Counts need Values.');
  if (Value !== undefined) return bucketOf(checkNumber(Value));
  if (StatisticValues !== undefined) {
    const { SampleCount = Number.NaN, Sum = Number.NaN, Minimum = Number.NaN, Maximum = Number.NaN } = StatisticValues;
    for (const number of [SampleCount, Sum, Minimum, Maximum]) checkNumber(number);
    if (SampleCount <= 0 || Minimum > Maximum) {
      throw invalidValue(`The statistic set of ${MetricName} must have a positive SampleCount and Minimum <= Maximum.`);
    }
    const known = Minimum === Maximum;
    return { count: SampleCount, sum: Sum, min: Minimum, max: Maximum, ...(known ? {} : { opaque: true }) };
  }
  return bucketOfValues(Values as number[], Counts);
}

function bucketOfValues(values: readonly number[], counts: readonly number[] | undefined): Bucket {
  if (values.length === 0 || values.length > MAX_VALUES_PER_DATUM) {
    throw invalidValue(`The collection Values must have 1 to ${MAX_VALUES_PER_DATUM} members.`);
  }
  if (counts !== undefined && counts.length !== values.length) {
    throw invalidCombination('The collections Values and Counts must have the same size.');
  }
  let bucket: Bucket | undefined;
  for (const [index, value] of values.entries()) {
    const count = counts?.[index] ?? 1;
    if (!(checkNumber(count) > 0)) throw invalidValue('Counts must be positive.');
    if (bucket === undefined) bucket = bucketOf(checkNumber(value), count);
    else addValue(bucket, checkNumber(value), count);
  }
  return bucket as Bucket;
}

function checkNumber(value: number): number {
  if (!Number.isFinite(value) || Math.abs(value) > MAX_ABSOLUTE_VALUE) {
    throw invalidValue(`The value ${value} is not supported: it must be a number from -2^360 to 2^360.`);
  }
  return value;
}
