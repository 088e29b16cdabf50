import { ROLLUP_AGGREGATES, ROLLUP_SLOT, type Rollup, rollupColumn } from '@fleetwright/contracts';
import type { CfnScheduledQuery } from 'aws-cdk-lib/aws-timestream';

export interface RollupSource {
  readonly databaseName: string;
  readonly tableName: string;
  /** Numbers that are rolled up, by name. */
  readonly measures: readonly string[];
}

/** What a run makes anew: the last complete buckets of this span, in the units of the query language. */
const SPANS: Readonly<Record<Rollup, string>> = { '1m': `${ROLLUP_SLOT / 60_000}m`, '1h': '2h' };

/** A few minutes after the hour, so that most of what was under way at its end is there. */
export const SCHEDULES: Readonly<Record<Rollup, string>> = { '1m': 'rate(5 minutes)', '1h': 'cron(5 * * * ? *)' };

/** Column of a result row that holds the beginning of its bucket. */
const BUCKET = 'bucket';
const DIMENSIONS = ['thing_name', 'site', 'device_type'] as const;

/**
 * Buckets are made from samples, never from smaller buckets, so each can be made anew alone. A run writes the same key
 * again with a newer version, so that it replaces what an earlier one wrote (Timestream developer guide, "Scheduled
 * query patterns": overlapping runs refresh the derived table).
 */
export function rollupQuery(rollup: Rollup, { databaseName, measures, tableName }: RollupSource): string {
  const end = `bin(@scheduled_runtime, ${rollup})`;
  const aggregates = measures.flatMap((measure) =>
    ROLLUP_AGGREGATES.map((aggregate) => `${aggregate}("${measure}") AS "${rollupColumn(measure, aggregate)}"`),
  );
  return [
    `SELECT bin(time, ${rollup}) AS ${BUCKET}, ${DIMENSIONS.join(', ')}, count(*) AS samples`,
    ...aggregates.map((aggregate) => `, ${aggregate}`),
    ` FROM "${databaseName}"."${tableName}"`,
    ` WHERE measure_name = 'telemetry' AND time >= ${end} - ${SPANS[rollup]} AND time < ${end}`,
    ` GROUP BY bin(time, ${rollup}), ${DIMENSIONS.join(', ')}`,
  ].join('');
}

/** Where the columns of {@link rollupQuery} go. */
export function rollupTarget(
  measures: readonly string[],
): Omit<CfnScheduledQuery.TimestreamConfigurationProperty, 'databaseName' | 'tableName'> {
  const column = (sourceColumn: string, measureValueType: string) => ({ sourceColumn, measureValueType });
  return {
    timeColumn: BUCKET,
    dimensionMappings: DIMENSIONS.map((name) => ({ name, dimensionValueType: 'VARCHAR' })),
    multiMeasureMappings: {
      targetMultiMeasureName: 'rollup',
      multiMeasureAttributeMappings: [
        column('samples', 'BIGINT'),
        ...measures.flatMap((measure) =>
          ROLLUP_AGGREGATES.map((aggregate) =>
            column(rollupColumn(measure, aggregate), aggregate === 'count' ? 'BIGINT' : 'DOUBLE'),
          ),
        ),
      ],
    },
  };
}
