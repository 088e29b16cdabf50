import type {
  CreateCustomMetricRequest,
  CreateCustomMetricResponse,
  CreateDimensionRequest,
  CreateDimensionResponse,
  DeleteCustomMetricRequest,
  DeleteDimensionRequest,
  DescribeCustomMetricRequest,
  DescribeCustomMetricResponse,
  DescribeDimensionRequest,
  DescribeDimensionResponse,
  ListCustomMetricsRequest,
  ListCustomMetricsResponse,
  ListDimensionsRequest,
  ListDimensionsResponse,
  UpdateCustomMetricRequest,
  UpdateDimensionRequest,
} from '@aws-sdk/client-iot';
import type { Operation } from '../../../../../core/api.ts';
import { anywhere, changing, reading } from '../../../iot-service.ts';
import { listPage } from '../../list-page.ts';
import type { Detect } from '../detect.ts';
import type { CustomMetricRecord, DimensionRecord } from '../detect-records.ts';

export function customMetricOperations({ service, customMetrics, profiles, history, tags }: Detect): Operation[] {
  const { customMetric: tagged } = tags;
  const arnOf = (input: { metricName: string | undefined }): string => tagged.arn(input.metricName ?? '');
  const shape = (record: CustomMetricRecord): DescribeCustomMetricResponse => ({
    metricName: record.name,
    metricArn: tagged.arn(record.name),
    metricType: record.type,
    ...(record.displayName === undefined ? {} : { displayName: record.displayName }),
    creationDate: new Date(record.creationDate),
    lastModifiedDate: new Date(record.lastModifiedDate),
  });
  return [
    changing<CreateCustomMetricRequest, CreateCustomMetricResponse>(service, 'CreateCustomMetric', arnOf, (input) => {
      tagged.check(input.tags);
      const { name } = customMetrics.create(input);
      tagged.add(name, input.tags);
      return { metricName: name, metricArn: tagged.arn(name) };
    }),
    reading<DescribeCustomMetricRequest, DescribeCustomMetricResponse>('DescribeCustomMetric', arnOf, (input) =>
      shape(customMetrics.get(input.metricName)),
    ),
    changing<UpdateCustomMetricRequest, DescribeCustomMetricResponse>(service, 'UpdateCustomMetric', arnOf, (input) =>
      shape(customMetrics.update(input)),
    ),
    changing<DeleteCustomMetricRequest, object>(service, 'DeleteCustomMetric', arnOf, ({ metricName = '' }) => {
      customMetrics.delete(
        metricName,
        profiles.using(({ metric }) => metric === metricName),
      );
      history.forgetMetric(metricName);
      tagged.forget(metricName);
      return {};
    }),
    reading<ListCustomMetricsRequest, ListCustomMetricsResponse>('ListCustomMetrics', anywhere, (input) => {
      const page = listPage(customMetrics.table.sortedKeys(), input);
      return { metricNames: [...page.keys], nextToken: page.nextToken };
    }),
  ];
}

export function dimensionOperations(detect: Detect): Operation[] {
  const { service, dimensions, profiles, tags } = detect;
  const { dimension: tagged } = tags;
  const arnOf = (input: { name: string | undefined }): string => tagged.arn(input.name ?? '');
  const shape = (record: DimensionRecord): DescribeDimensionResponse => ({
    name: record.name,
    arn: tagged.arn(record.name),
    type: record.type,
    stringValues: [...record.stringValues],
    creationDate: new Date(record.creationDate),
    lastModifiedDate: new Date(record.lastModifiedDate),
  });
  return [
    changing<CreateDimensionRequest, CreateDimensionResponse>(service, 'CreateDimension', arnOf, (input) => {
      tagged.check(input.tags);
      const { name } = dimensions.create(input);
      tagged.add(name, input.tags);
      return { name, arn: tagged.arn(name) };
    }),
    reading<DescribeDimensionRequest, DescribeDimensionResponse>('DescribeDimension', arnOf, (input) =>
      shape(dimensions.get(input.name)),
    ),
    changing<UpdateDimensionRequest, DescribeDimensionResponse>(service, 'UpdateDimension', arnOf, (input) => {
      const dimension = dimensions.update(input);
      detect.changed();
      return shape(dimension);
    }),
    changing<DeleteDimensionRequest, object>(service, 'DeleteDimension', arnOf, ({ name = '' }) => {
      dimensions.delete(
        name,
        profiles.using(({ metricDimension }) => metricDimension?.dimensionName === name),
      );
      tagged.forget(name);
      return {};
    }),
    reading<ListDimensionsRequest, ListDimensionsResponse>('ListDimensions', anywhere, (input) => {
      const page = listPage(dimensions.table.sortedKeys(), input);
      return { dimensionNames: [...page.keys], nextToken: page.nextToken };
    }),
  ];
}
