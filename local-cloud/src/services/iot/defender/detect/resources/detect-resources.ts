import type { CustomMetricType, DimensionType, Tag } from '@aws-sdk/client-iot';
import type { ResourceProvider } from '../../../../../core/resources.ts';
import { durableProvider } from '../../../resources/durable-provider.ts';
import { MAX_NAME_LENGTH } from '../../limits.ts';
import type { Detect } from '../detect.ts';
import { securityProfileResource } from './security-profile.ts';

interface CustomMetricProperties {
  DisplayName?: string;
  MetricName?: string;
  MetricType: CustomMetricType;
  Tags?: Tag[];
}

/** AWS::IoT::CustomMetric */
function customMetricResource(detect: Detect): ResourceProvider<CustomMetricProperties> {
  const { service, customMetrics, profiles, history } = detect;
  const tagged = detect.tags.customMetric;
  const stateOf = (name: string) => ({ physicalId: name, attributes: { MetricArn: tagged.arn(name) } });
  return durableProvider(service, {
    type: 'AWS::IoT::CustomMetric',
    replaceOn: ['MetricName', 'MetricType'],
    properties: ['DisplayName', 'MetricName', 'MetricType', 'Tags'],
    async create({ MetricName, MetricType, DisplayName, Tags }, scope) {
      const name = MetricName ?? scope.generateName(MAX_NAME_LENGTH);
      const displayName = DisplayName === undefined ? {} : { displayName: DisplayName };
      customMetrics.create({ metricName: name, metricType: MetricType, ...displayName });
      tagged.replace(name, Tags);
      return stateOf(name);
    },
    async update({ DisplayName, Tags }, _previous, { physicalId: name }) {
      customMetrics.update({ metricName: name, displayName: DisplayName ?? '' });
      tagged.replace(name, Tags);
      return stateOf(name);
    },
    async delete({ physicalId: name }) {
      customMetrics.delete(
        name,
        profiles.using(({ metric }) => metric === name),
      );
      history.forgetMetric(name);
      tagged.forget(name);
    },
  });
}

interface DimensionProperties {
  Name?: string;
  StringValues: string[];
  Tags?: Tag[];
  Type: DimensionType;
}

/** AWS::IoT::Dimension */
function dimensionResource(detect: Detect): ResourceProvider<DimensionProperties> {
  const { service, dimensions, profiles } = detect;
  const tagged = detect.tags.dimension;
  const stateOf = (name: string) => ({ physicalId: name, attributes: { Arn: tagged.arn(name) } });
  return durableProvider(service, {
    type: 'AWS::IoT::Dimension',
    replaceOn: ['Name', 'Type'],
    properties: ['Name', 'StringValues', 'Tags', 'Type'],
    async create({ Name, StringValues, Tags, Type }, scope) {
      const name = Name ?? scope.generateName(MAX_NAME_LENGTH);
      dimensions.create({ name, type: Type, stringValues: StringValues });
      tagged.replace(name, Tags);
      return stateOf(name);
    },
    async update({ StringValues, Tags }, _previous, { physicalId: name }) {
      dimensions.update({ name, stringValues: StringValues });
      tagged.replace(name, Tags);
      detect.changed();
      return stateOf(name);
    },
    async delete({ physicalId: name }) {
      dimensions.delete(
        name,
        profiles.using(({ metricDimension }) => metricDimension?.dimensionName === name),
      );
      tagged.forget(name);
    },
  });
}

export function detectResources(detect: Detect): ResourceProvider[] {
  return [securityProfileResource(detect), customMetricResource(detect), dimensionResource(detect)];
}
