/** Bounds of Amazon CloudWatch. Source unless stated otherwise: Amazon CloudWatch API Reference, the operation named. */

/** PutMetricData. */
export const MAX_DATA_PER_REQUEST = 1000;
export const MAX_DIMENSIONS = 30;
export const MAX_VALUES_PER_DATUM = 150;
export const MAX_NAME_LENGTH = 255;
export const MAX_DIMENSION_VALUE_LENGTH = 1024;
/** Values outside of ±2^360, and those that are not numbers, are refused. */
export const MAX_ABSOLUTE_VALUE = 2 ** 360;
/** ms: two weeks back, two hours ahead. */
export const MAX_DATUM_AGE = 14 * 86_400_000;
export const MAX_DATUM_LEAD = 2 * 3_600_000;

/** ms; user guide, "Metrics retention": data of one minute are kept for 15 days. This cloud keeps nothing longer. */
export const RETENTION = 15 * 86_400_000;
/** Local bound: metrics of the account. */
export const MAX_METRICS = 20_000;
/** Local bound: different values that one minute of a metric keeps exactly; beyond, two digits of each remain. */
export const MAX_EXACT_VALUES = 128;

/** GetMetricStatistics. */
export const MAX_STATISTICS_DATAPOINTS = 1440;
/** GetMetricData. */
export const MAX_QUERIES = 500;
export const MAX_DATAPOINTS = 100_800;
/** Local bound: periods between StartTime and EndTime, of all queries of a GetMetricData that return data. */
export const MAX_PERIODS = 1_000_000;
/** ListMetrics: members of a page. */
export const METRICS_PAGE = 500;
export const MAX_DIMENSION_FILTERS = 30;

/** PutMetricAlarm. */
export const MAX_ALARM_NAME_LENGTH = 255;
export const MAX_ALARM_DESCRIPTION_LENGTH = 1024;
export const MAX_ACTIONS = 5;
/** seconds: EvaluationPeriods × Period, for periods of an hour and above, and below. */
export const MAX_EVALUATION_TIME = 604_800;
export const MAX_EVALUATION_TIME_OF_SHORT_PERIODS = 86_400;
/** Periods beyond the evaluation periods that are looked at when data are missing (user guide, "evaluation range"). */
export const EVALUATION_RANGE_SURPLUS = 2;
/** DescribeAlarms and DescribeAlarmHistory. */
export const MAX_RECORDS = 100;
export const DEFAULT_RECORDS = 50;
/** DeleteAlarms, EnableAlarmActions. */
export const MAX_ALARMS_PER_REQUEST = 100;
/** ms; user guide, "Alarm history": 30 days. Locally, no more than so many items of one alarm. */
export const HISTORY_RETENTION = 30 * 86_400_000;
export const MAX_HISTORY_ITEMS = 200;
export const MAX_STATE_REASON_LENGTH = 1023;

/** TagResource. */
export const MAX_TAGS = 50;

/** Units (MetricDatum). */
export const UNITS = [
  'Seconds',
  'Microseconds',
  'Milliseconds',
  'Bytes',
  'Kilobytes',
  'Megabytes',
  'Gigabytes',
  'Terabytes',
  'Bits',
  'Kilobits',
  'Megabits',
  'Gigabits',
  'Terabits',
  'Percent',
  'Count',
  'Bytes/Second',
  'Kilobytes/Second',
  'Megabytes/Second',
  'Gigabytes/Second',
  'Terabytes/Second',
  'Bits/Second',
  'Kilobits/Second',
  'Megabits/Second',
  'Gigabits/Second',
  'Terabits/Second',
  'Count/Second',
  'None',
];
