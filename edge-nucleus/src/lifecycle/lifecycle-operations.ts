import * as z from 'zod';
import { type AccessControlList, IPC_SERVICES } from '../access/access-control.ts';
import type { Configuration } from '../configuration/merge-configuration.ts';
import { type IpcOperation, IpcServiceError } from '../ipc/operation.ts';
import { readRequest } from '../ipc/read-request.ts';
import type { ComponentState } from './component-state.ts';
import type { ComponentUpdates } from './component-updates.ts';

/** A component as `ListComponents` and `GetComponentDetails` show it. */
export interface ComponentDetails {
  readonly componentName: string;
  readonly version: string;
  readonly state: ComponentState;
  readonly configuration: Configuration;
}

/** What these operations need of the nucleus. */
export interface ComponentHost {
  /** Undefined: not deployed. */
  details(component: string): ComponentDetails | undefined;
  /** Those that a deployment names. */
  rootComponents(): readonly string[];
  /** @returns whether the component may say so now */
  report(component: string, state: 'RUNNING' | 'ERRORED'): boolean;
  /** Begin it; its end is seen in the state. */
  restart(component: string): void;
  stop(component: string): void;
}

const stateRequest = z.object({ state: z.enum(['RUNNING', 'ERRORED']) });
const nameRequest = z.object({ componentName: z.string().min(1) });
const deferRequest = z.object({
  deploymentId: z.string().min(1),
  message: z.string().optional(),
  recheckAfterMs: z.number().int().nonnegative().max(Number.MAX_SAFE_INTEGER).default(0),
});

/** Developer guide, "Interact with component lifecycle". A component speaks for itself; none of it asks for authorization. */
export function lifecycleOperations(host: ComponentHost, updates: ComponentUpdates): IpcOperation[] {
  return [
    {
      name: 'UpdateState',
      async run(request, { componentName }) {
        const { state } = readRequest(stateRequest, request);
        if (host.report(componentName, state)) return {};
        const current = host.details(componentName)?.state ?? 'not deployed';
        throw new IpcServiceError('ServiceError', `${componentName} is ${current}: it neither starts nor runs`);
      },
    },
    {
      name: 'SubscribeToComponentUpdates',
      streaming: true,
      async run(_request, { componentName }, events) {
        updates.subscribe(componentName, events);
        return {};
      },
    },
    {
      name: 'DeferComponentUpdate',
      async run(request, { componentName }) {
        const { deploymentId, recheckAfterMs } = readRequest(deferRequest, request);
        updates.defer(componentName, deploymentId, recheckAfterMs);
        return {};
      },
    },
  ];
}

/** Developer guide, "Manage local deployments and components". */
export function cliOperations(host: ComponentHost, access: AccessControlList): IpcOperation[] {
  const known = (component: string, shape: 'ResourceNotFoundError' | 'ComponentNotFoundError'): ComponentDetails => {
    const details = host.details(component);
    if (details === undefined) throw new IpcServiceError(shape, `Component with name ${component} not found`);
    return details;
  };
  const named = (operation: string, request: object, caller: string): string => {
    const { componentName } = readRequest(nameRequest, request);
    access.demand(caller, IPC_SERVICES.cli, operation, componentName);
    return componentName;
  };
  return [
    {
      name: 'ListComponents',
      async run(_request, { componentName }) {
        access.demand(componentName, IPC_SERVICES.cli, 'ListComponents', '*');
        const components = host.rootComponents().flatMap((name) => host.details(name) ?? []);
        return { components };
      },
    },
    {
      name: 'GetComponentDetails',
      async run(request, caller) {
        const name = named('GetComponentDetails', request, caller.componentName);
        return { componentDetails: known(name, 'ResourceNotFoundError') };
      },
    },
    {
      name: 'RestartComponent',
      async run(request, caller) {
        const name = named('RestartComponent', request, caller.componentName);
        known(name, 'ComponentNotFoundError');
        host.restart(name);
        return { restartStatus: 'SUCCEEDED' };
      },
    },
    {
      name: 'StopComponent',
      async run(request, caller) {
        const name = named('StopComponent', request, caller.componentName);
        known(name, 'ComponentNotFoundError');
        host.stop(name);
        return { stopStatus: 'SUCCEEDED' };
      },
    },
  ];
}
