import type { ResourceProvider } from '../../../core/resources.ts';
import type { IotService } from '../iot-service.ts';

export function iotResources(_service: IotService): ResourceProvider[] {
  return [];
}
