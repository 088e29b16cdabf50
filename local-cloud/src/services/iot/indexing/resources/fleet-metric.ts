import type { AggregationTypeName, Tag } from '@aws-sdk/client-iot';
import type { ResourceProvider, ResourceState } from '../../../../core/resources.ts';
import { resourceAlreadyExists } from '../../errors.ts';
import type { IotService } from '../../iot-service.ts';
import { durableProvider } from '../../resources/durable-provider.ts';
import type { FleetMetrics } from '../fleet-metrics/fleet-metrics.ts';
import type { FleetMetricInput } from '../fleet-metrics/read-fleet-metric.ts';
import { THINGS_INDEX } from '../index-names.ts';

interface FleetMetricProperties {
  AggregationField?: string;
  AggregationType?: { Name: AggregationTypeName; Values: string[] };
  Description?: string;
  IndexName?: string;
  MetricName: string;
  Period?: number | string;
  QueryString?: string;
  QueryVersion?: string;
  Tags?: Tag[];
  Unit?: string;
}

/** AWS::IoT::FleetMetric (CloudFormation template reference). */
export function fleetMetricResource(
  service: IotService,
  metrics: FleetMetrics,
): ResourceProvider<FleetMetricProperties> {
  const stateOf = (name: string): ResourceState => {
    const { creationDate, lastModifiedDate, version } = metrics.get(name);
    return {
      physicalId: name,
      attributes: {
        MetricArn: metrics.arn(name),
        CreationDate: creationDate / 1000,
        LastModifiedDate: lastModifiedDate / 1000,
        Version: version,
      },
    };
  };
  return durableProvider(service, {
    type: 'AWS::IoT::FleetMetric',
    replaceOn: ['MetricName'],
    properties: [
      'AggregationField',
      'AggregationType',
      'Description',
      'IndexName',
      'MetricName',
      'Period',
      'QueryString',
      'QueryVersion',
      'Tags',
      'Unit',
    ],
    async create(properties) {
      const { MetricName: name } = properties;
      if (metrics.sortedNames().includes(name)) {
        throw resourceAlreadyExists(`Fleet metric ${name} already exists.`, metrics.arn(name), name);
      }
      metrics.create(name, inputOf(properties));
      service.registry.tags.replace(metrics.arn(name), properties.Tags);
      return stateOf(name);
    },
    async update(properties, _previous, { physicalId: name }) {
      metrics.update(name, inputOf(properties));
      service.registry.tags.replace(metrics.arn(name), properties.Tags);
      return stateOf(name);
    },
    async delete({ physicalId: name }) {
      metrics.delete(name);
    },
  });
}

function inputOf(properties: FleetMetricProperties): FleetMetricInput {
  const { AggregationType: type } = properties;
  return {
    indexName: properties.IndexName ?? THINGS_INDEX,
    queryString: properties.QueryString,
    queryVersion: properties.QueryVersion,
    aggregationField: properties.AggregationField,
    aggregationType: type && { name: type.Name, values: type.Values },
    period: properties.Period === undefined ? undefined : Number(properties.Period),
    description: properties.Description,
    unit: properties.Unit,
  };
}
