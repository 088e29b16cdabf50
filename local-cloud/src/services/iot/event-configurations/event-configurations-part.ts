import type {
  DescribeEventConfigurationsRequest,
  DescribeEventConfigurationsResponse,
  UpdateEventConfigurationsRequest,
} from '@aws-sdk/client-iot';
import { ConstraintViolations } from '../../../core/constraint-violations.ts';
import type { IotPart } from '../iot-part.ts';
import { anywhere, changing, type IotService, reading } from '../iot-service.ts';
import { EVENT_TYPES, EventConfigurations, type IotEventType } from './event-configurations.ts';

/** DescribeEventConfigurations and UpdateEventConfigurations. */
export function createEventConfigurationsPart(service: IotService): IotPart {
  const configurations = new EventConfigurations(service.context);
  return {
    operations: [
      reading<DescribeEventConfigurationsRequest, DescribeEventConfigurationsResponse>(
        'DescribeEventConfigurations',
        anywhere,
        () => {
          const record = configurations.get();
          return {
            eventConfigurations: Object.fromEntries(
              EVENT_TYPES.map((type) => [type, { Enabled: configurations.isEnabled(type) }]),
            ),
            ...(record === undefined
              ? {}
              : { creationDate: new Date(record.creationDate), lastModifiedDate: new Date(record.lastModifiedDate) }),
          };
        },
      ),
      changing<UpdateEventConfigurationsRequest, object>(service, 'UpdateEventConfigurations', anywhere, (input) => {
        const entries = Object.entries(input.eventConfigurations ?? {});
        const violations = new ConstraintViolations();
        for (const [type] of entries) violations.oneOf('eventConfigurations.key', type, EVENT_TYPES);
        violations.throwIfAny('InvalidRequestException');
        const enabled: Partial<Record<IotEventType, boolean>> = {};
        for (const [type, configuration] of entries) {
          enabled[type as IotEventType] = configuration?.Enabled === true;
        }
        configurations.update(enabled);
        return {};
      }),
    ],
  };
}
