import * as z from 'zod';
import { type AccessControlList, IPC_SERVICES } from '../access/access-control.ts';
import { type IpcOperation, IpcServiceError } from '../ipc/operation.ts';
import { readRequest } from '../ipc/read-request.ts';
import type { ShadowAction, ShadowClient } from './shadow-client.ts';

const shadowRequest = z.object({
  thingName: z.string().regex(/^[\w:-]{1,128}$/, 'must be the name of a thing'),
  /** '' is the classic shadow. */
  shadowName: z
    .string()
    .regex(/^(?:\$?[\w:-]{1,64})?$/, 'must be the name of a shadow')
    .default(''),
});
const updateRequest = shadowRequest.extend({ payload: z.base64() });
const listRequest = z.object({ thingName: z.string().min(1) });

const document = z.looseObject({
  state: z.looseObject({}),
  clientToken: z.string().max(64).optional(),
  version: z.number().int().min(1).optional(),
});

/** Developer guide, "Interact with local shadows": the core's own shadows, which are those in the cloud. */
export function shadowOperations(shadows: ShadowClient, thingName: string, access: AccessControlList): IpcOperation[] {
  const place = (operation: string, request: object, caller: string): string => {
    const wanted = readRequest(shadowRequest, request);
    const prefix = `$aws/things/${wanted.thingName}/shadow${wanted.shadowName === '' ? '' : `/name/${wanted.shadowName}`}`;
    access.demand(caller, IPC_SERVICES.shadow, operation, prefix);
    if (wanted.thingName !== thingName) {
      throw new IpcServiceError('InvalidArgumentsError', `this core has the shadows of ${thingName} alone`);
    }
    return prefix;
  };
  const ask = async (prefix: string, action: ShadowAction, content: Readonly<Record<string, unknown>>) => ({
    payload: Buffer.from(await shadows.request(prefix, action, content)).toString('base64'),
  });
  return [
    {
      name: 'GetThingShadow',
      async run(request, { componentName }) {
        return ask(place('GetThingShadow', request, componentName), 'get', {});
      },
    },
    {
      name: 'UpdateThingShadow',
      async run(request, { componentName }) {
        const prefix = place('UpdateThingShadow', request, componentName);
        return ask(prefix, 'update', readDocument(readRequest(updateRequest, request).payload));
      },
    },
    {
      name: 'DeleteThingShadow',
      async run(request, { componentName }) {
        const prefix = place('DeleteThingShadow', request, componentName);
        await shadows.request(prefix, 'delete', {});
        // "An empty response state document."
        return { payload: '' };
      },
    },
    {
      name: 'ListNamedShadowsForThing',
      async run(request, { componentName }) {
        const wanted = readRequest(listRequest, request);
        access.demand(componentName, IPC_SERVICES.shadow, 'ListNamedShadowsForThing', wanted.thingName);
        throw new IpcServiceError(
          'ServiceError',
          'ListNamedShadowsForThing is not supported: AWS IoT Core lists shadows over HTTPS alone, and this core has MQTT',
        );
      },
    },
  ];
}

/** @throws IpcServiceError `InvalidArgumentsError` */
function readDocument(payload: string): Readonly<Record<string, unknown>> {
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(payload, 'base64').toString('utf8'));
  } catch {
    throw new IpcServiceError('InvalidArgumentsError', 'the payload is no JSON');
  }
  return readRequest(document, value);
}
