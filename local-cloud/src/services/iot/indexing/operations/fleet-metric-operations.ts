import type {
  CreateFleetMetricRequest,
  CreateFleetMetricResponse,
  DeleteFleetMetricRequest,
  DescribeFleetMetricRequest,
  DescribeFleetMetricResponse,
  ListFleetMetricsRequest,
  ListFleetMetricsResponse,
  UpdateFleetMetricRequest,
} from '@aws-sdk/client-iot';
import type { Operation } from '../../../../core/api.ts';
import { anywhere, changing, type IotService, reading, resource } from '../../iot-service.ts';
import { pageOf } from '../../registry/paging.ts';
import { checkPageSize, readTags } from '../../registry/validation.ts';
import type { FleetMetrics } from '../fleet-metrics/fleet-metrics.ts';
import { THINGS_INDEX } from '../index-names.ts';

/** Developer guide, `managing-fleet-metrics`. They query an index, and are allowed on it and on the metric. */
export function fleetMetricOperations(service: IotService, metrics: FleetMetrics): Operation[] {
  const metricArn = (input: { metricName: string | undefined }) => resource(service, 'fleetmetric', input.metricName);
  const bothArns = (input: { metricName: string | undefined; indexName?: string | undefined }) => [
    metricArn(input),
    resource(service, 'index', input.indexName ?? THINGS_INDEX),
  ];
  return [
    changing<CreateFleetMetricRequest, CreateFleetMetricResponse>(service, 'CreateFleetMetric', bothArns, (input) => {
      readTags(input.tags);
      const { name } = metrics.create(input.metricName, input);
      const arn = metrics.arn(name);
      service.registry.tags.add(arn, input.tags);
      return { metricName: name, metricArn: arn };
    }),
    changing<UpdateFleetMetricRequest, object>(service, 'UpdateFleetMetric', bothArns, (input) => {
      metrics.update(input.metricName, input, input.expectedVersion);
      return {};
    }),
    reading<DescribeFleetMetricRequest, DescribeFleetMetricResponse>('DescribeFleetMetric', metricArn, (input) => {
      const { name, aggregationType, creationDate, lastModifiedDate, ...metric } = metrics.get(input.metricName);
      return {
        ...metric,
        metricName: name,
        metricArn: metrics.arn(name),
        aggregationType: { name: aggregationType.name, values: [...aggregationType.values] },
        creationDate: new Date(creationDate),
        lastModifiedDate: new Date(lastModifiedDate),
      };
    }),
    changing<DeleteFleetMetricRequest, object>(service, 'DeleteFleetMetric', metricArn, (input) => {
      metrics.delete(input.metricName, input.expectedVersion);
      return {};
    }),
    reading<ListFleetMetricsRequest, ListFleetMetricsResponse>('ListFleetMetrics', anywhere, (input) => {
      checkPageSize('maxResults', input.maxResults);
      const page = pageOf(metrics.sortedNames(), { token: input.nextToken, size: input.maxResults });
      const fleetMetrics = page.keys.map((name) => ({ metricName: name, metricArn: metrics.arn(name) }));
      return { fleetMetrics, nextToken: page.nextToken };
    }),
  ];
}
