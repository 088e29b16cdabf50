import type { Operation, ServiceApi } from '../../core/api.ts';
import type { ResourceProvider } from '../../core/resources.ts';
import type { IotService } from './iot-service.ts';

/** A capability of AWS IoT that stands on the registry: jobs, fleet indexing, Defender. */
export interface IotPart {
  /** Of the control plane, service `iot`. */
  readonly operations: readonly Operation[];
  /** Further APIs, such as a data plane of its own. */
  readonly apis?: readonly ServiceApi[];
  readonly resources?: readonly ResourceProvider[];
  /** Once every plugin is there: registers reserved topics, listens to changes, takes up kept work. */
  start?(): void | Promise<void>;
  stop?(): void | Promise<void>;
}

export type CreateIotPart = (service: IotService) => IotPart;
