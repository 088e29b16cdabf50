import type { AggregationTypeName } from '@aws-sdk/client-iot';
import type { MetricUnit } from '../../../../core/metrics.ts';

/** A fleet metric as it is kept (developer guide, `managing-fleet-metrics`). Times are ms since the epoch. */
export interface FleetMetricRecord {
  readonly name: string;
  readonly indexName: string;
  readonly queryString: string;
  readonly queryVersion: string;
  readonly aggregationField: string;
  readonly aggregationType: { readonly name: AggregationTypeName; readonly values: readonly string[] };
  /** Seconds. */
  readonly period: number;
  readonly description?: string;
  readonly unit?: MetricUnit;
  readonly version: number;
  readonly creationDate: number;
  readonly lastModifiedDate: number;
}
