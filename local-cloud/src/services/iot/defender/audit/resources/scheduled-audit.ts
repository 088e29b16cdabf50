import type { AuditFrequency, DayOfWeek, Tag } from '@aws-sdk/client-iot';
import type { ResourceProvider, ResourceState } from '../../../../../core/resources.ts';
import { durableProvider } from '../../../resources/durable-provider.ts';
import { MAX_NAME_LENGTH } from '../../limits.ts';
import type { Audit } from '../audit.ts';

interface ScheduledAuditProperties {
  DayOfMonth?: string | number;
  DayOfWeek?: DayOfWeek;
  Frequency: AuditFrequency;
  ScheduledAuditName?: string;
  Tags?: Tag[];
  TargetCheckNames: string[];
}

/** AWS::IoT::ScheduledAudit */
export function scheduledAuditResource({
  service,
  schedules,
  scheduleTags,
}: Audit): ResourceProvider<ScheduledAuditProperties> {
  const requestOf = (name: string, properties: ScheduledAuditProperties) => ({
    scheduledAuditName: name,
    frequency: properties.Frequency,
    targetCheckNames: properties.TargetCheckNames,
    ...(properties.DayOfWeek === undefined ? {} : { dayOfWeek: properties.DayOfWeek }),
    ...(properties.DayOfMonth === undefined ? {} : { dayOfMonth: String(properties.DayOfMonth) }),
  });
  const stateOf = (name: string): ResourceState => ({
    physicalId: name,
    attributes: { ScheduledAuditArn: scheduleTags.arn(name) },
  });
  return durableProvider(service, {
    type: 'AWS::IoT::ScheduledAudit',
    replaceOn: ['ScheduledAuditName'],
    properties: ['DayOfMonth', 'DayOfWeek', 'Frequency', 'ScheduledAuditName', 'Tags', 'TargetCheckNames'],
    async create(properties, scope) {
      const name = properties.ScheduledAuditName ?? scope.generateName(MAX_NAME_LENGTH);
      schedules.create(requestOf(name, properties));
      scheduleTags.replace(name, properties.Tags);
      return stateOf(name);
    },
    async update(properties, _previous, { physicalId: name }) {
      schedules.update(requestOf(name, properties));
      scheduleTags.replace(name, properties.Tags);
      return stateOf(name);
    },
    async delete({ physicalId: name }) {
      schedules.delete(name);
      scheduleTags.forget(name);
    },
  });
}
