import type {
  GetBucketsAggregationRequest,
  GetBucketsAggregationResponse,
  GetCardinalityRequest,
  GetCardinalityResponse,
  GetPercentilesRequest,
  GetPercentilesResponse,
  GetStatisticsRequest,
  GetStatisticsResponse,
} from '@aws-sdk/client-iot';
import type { Operation } from '../../../../core/api.ts';
import { ConstraintViolations } from '../../../../core/constraint-violations.ts';
import type { IotService } from '../../iot-service.ts';
import {
  aggregateCardinality,
  aggregatePercentiles,
  aggregateStatistics,
  readAggregationField,
  readPercents,
  valuesOf,
} from '../aggregation/aggregate.ts';
import { bucketsOf } from '../aggregation/buckets.ts';
import type { FleetIndex } from '../fleet-index.ts';
import { DEFAULT_BUCKETS, MAX_BUCKETS } from '../limits.ts';
import { querying } from './index-authorization.ts';

const CODE = 'InvalidRequestException';

/** Aggregations over what a query finds (developer guide, `index-aggregate`). */
export function aggregationOperations(service: IotService, index: FleetIndex): Operation[] {
  return [
    querying<GetStatisticsRequest, GetStatisticsResponse>(service, 'GetStatistics', (input) => {
      const query = index.query(input.indexName, input.queryString, input.queryVersion);
      const field = readAggregationField(query.target, input.aggregationField);
      return { statistics: aggregateStatistics(query, field) };
    }),
    querying<GetCardinalityRequest, GetCardinalityResponse>(service, 'GetCardinality', (input) => {
      const query = index.query(input.indexName, input.queryString, input.queryVersion);
      const field = readAggregationField(query.target, input.aggregationField);
      return { cardinality: aggregateCardinality(query, field) };
    }),
    querying<GetPercentilesRequest, GetPercentilesResponse>(service, 'GetPercentiles', (input) => {
      const query = index.query(input.indexName, input.queryString, input.queryVersion);
      const field = readAggregationField(query.target, input.aggregationField);
      return { percentiles: aggregatePercentiles(query, field, readPercents(field, input.percents)) };
    }),
    querying<GetBucketsAggregationRequest, GetBucketsAggregationResponse>(service, 'GetBucketsAggregation', (input) => {
      const terms = input.bucketsAggregationType?.termsAggregation;
      new ConstraintViolations()
        .required('aggregationField', input.aggregationField)
        .required('bucketsAggregationType', input.bucketsAggregationType)
        .throwIfAny(CODE);
      new ConstraintViolations()
        .required('bucketsAggregationType.termsAggregation', terms)
        .range('bucketsAggregationType.termsAggregation.maxBuckets', terms?.maxBuckets, 1, MAX_BUCKETS)
        .throwIfAny(CODE);
      const query = index.query(input.indexName, input.queryString, input.queryVersion);
      const field = readAggregationField(query.target, input.aggregationField);
      const things = [...valuesOf(query, field)];
      return { totalCount: things.length, buckets: bucketsOf(things, terms?.maxBuckets ?? DEFAULT_BUCKETS) };
    }),
  ];
}
