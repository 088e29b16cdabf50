import type {
  DeleteThingShadowRequest,
  DeleteThingShadowResponse,
  GetThingShadowRequest,
  GetThingShadowResponse,
  UpdateThingShadowRequest,
  UpdateThingShadowResponse,
} from '@aws-sdk/client-iot-data-plane';
import type { Operation } from '../../../core/api.ts';
import { asAwsError } from '../shadow/shadow-error.ts';
import { readPayload } from '../shadow/update-request.ts';
import { type DataPlaneService, type ShadowNames, shadowArn, shadowIdOf } from './data-plane-service.ts';

/** GetThingShadow, UpdateThingShadow and DeleteThingShadow (developer guide, `device-shadow-rest-api`). */
export function thingShadowOperations(service: DataPlaneService): readonly Operation[] {
  return [getThingShadow(service), updateThingShadow(service), deleteThingShadow(service)];
}

function getThingShadow(service: DataPlaneService): Operation<GetThingShadowRequest, GetThingShadowResponse> {
  return shadowOperation(service, 'GetThingShadow', (input) => service.shadows.read(shadowIdOf(input)));
}

function updateThingShadow(service: DataPlaneService): Operation<UpdateThingShadowRequest, UpdateThingShadowResponse> {
  return shadowOperation(service, 'UpdateThingShadow', async (input) => {
    const id = shadowIdOf(input);
    return service.shadows.update(id, readPayload(Buffer.from(input.payload ?? [])));
  });
}

function deleteThingShadow(service: DataPlaneService): Operation<DeleteThingShadowRequest, DeleteThingShadowResponse> {
  return shadowOperation(service, 'DeleteThingShadow', (input) => service.shadows.delete(shadowIdOf(input), undefined));
}

function shadowOperation<I extends ShadowNames>(
  { context }: DataPlaneService,
  name: string,
  handle: (input: I) => Promise<Buffer>,
): Operation<I, { payload: Uint8Array }> {
  return {
    name,
    authorize: (input) => [{ action: `iot:${name}`, resource: shadowArn(context.account, input) }],
    async handle(input) {
      try {
        return { payload: await handle(input) };
      } catch (error) {
        throw asAwsError(error);
      }
    },
  };
}
