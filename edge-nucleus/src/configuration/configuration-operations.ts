import * as z from 'zod';
import { type IpcOperation, IpcServiceError } from '../ipc/operation.ts';
import { readRequest } from '../ipc/read-request.ts';
import { NucleusError } from '../nucleus-error.ts';
import { type ConfigurationStore, StaleUpdate } from './configuration-store.ts';
import type { ConfigurationValidation } from './configuration-validation.ts';
import { type Configuration, isObject, valueAt } from './merge-configuration.ts';

const keyPath = z.array(z.string().min(1)).max(100).default([]);
const placeRequest = z.object({ componentName: z.string().min(1).optional(), keyPath });
const updateRequest = z.object({
  keyPath,
  /** Seconds, with a fraction: dates of the IPC model. */
  timestamp: z.number().nonnegative(),
  valueToMerge: z.record(z.string(), z.json()),
});
const reportRequest = z.object({
  configurationValidityReport: z.object({
    status: z.enum(['ACCEPTED', 'REJECTED']),
    deploymentId: z.string().min(1),
    message: z.string().optional(),
  }),
});

/** Only a deployment says what a component may do. */
const RESTRICTED = 'accessControl';

/**
 * Developer guide, "Interact with component configuration". A component may read every component's configuration and
 * update its own; none of it asks for authorization.
 */
export function configurationOperations(
  store: ConfigurationStore,
  validation: ConfigurationValidation,
): IpcOperation[] {
  return [
    {
      name: 'GetConfiguration',
      async run(request, caller) {
        const { componentName = caller.componentName, keyPath } = readRequest(placeRequest, request);
        const found = find(store, componentName, keyPath);
        const last = keyPath.at(-1);
        return { componentName, value: isObject(found) || last === undefined ? found : { [last]: found } };
      },
    },
    {
      name: 'UpdateConfiguration',
      async run(request, { componentName }) {
        const { keyPath, timestamp, valueToMerge } = readRequest(updateRequest, request);
        if (keyPath[0] === RESTRICTED || (keyPath.length === 0 && Object.hasOwn(valueToMerge, RESTRICTED))) {
          throw new IpcServiceError('InvalidArgumentsError', `Config update is not allowed for ${RESTRICTED}`);
        }
        try {
          store.merge(componentName, keyPath, valueToMerge as Configuration, Math.round(timestamp * 1_000));
        } catch (error) {
          throw refusal(error);
        }
        return {};
      },
    },
    {
      name: 'SubscribeToConfigurationUpdate',
      streaming: true,
      async run(request, caller, events) {
        const { componentName = caller.componentName, keyPath } = readRequest(placeRequest, request);
        find(store, componentName, keyPath);
        const stop = store.onChange(componentName, keyPath, (changed) =>
          events.send('ConfigurationUpdateEvents', { configurationUpdateEvent: { componentName, keyPath: changed } }),
        );
        events.onEnd(stop);
        return {};
      },
    },
    {
      name: 'SubscribeToValidateConfigurationUpdates',
      streaming: true,
      async run(_request, { componentName }, events) {
        validation.subscribe(componentName, events);
        return {};
      },
    },
    {
      name: 'SendConfigurationValidityReport',
      async run(request, { componentName }) {
        const { deploymentId, message, status } = readRequest(reportRequest, request).configurationValidityReport;
        const rejected = { status: 'REJECTED', message: message ?? 'it gives no reason' } as const;
        validation.report(componentName, deploymentId, status === 'ACCEPTED' ? { status } : rejected);
        return {};
      },
    },
  ];
}

/** @throws IpcServiceError `ResourceNotFoundError` */
function find(store: ConfigurationStore, component: string, path: readonly string[]) {
  const configuration = store.get(component);
  const found = configuration === undefined ? undefined : valueAt(configuration, path);
  if (found !== undefined) return found;
  const resourceName = [component, ...path].join('.');
  throw new IpcServiceError('ResourceNotFoundError', 'Key not found', { resourceType: 'configuration', resourceName });
}

function refusal(error: unknown): unknown {
  if (error instanceof StaleUpdate) return new IpcServiceError('FailedUpdateConditionCheckError', error.message);
  if (!(error instanceof NucleusError)) return error;
  if (error.code === 'CONFIGURATION_INVALID') return new IpcServiceError('InvalidArgumentsError', error.message);
  return error.code === 'COMPONENT_UNKNOWN' ? new IpcServiceError('ResourceNotFoundError', error.message) : error;
}
