import type { X509Certificate } from 'node:crypto';
import type { ServiceName } from '../api.ts';
import { AwsError } from '../errors.ts';
import type { DevicePrincipal } from '../iam/principal.ts';
import type { ConnectionCredentials, DeviceDirectory } from '../mqtt.ts';
import { authorizerIn, httpAuthentication } from './custom-authentication.ts';
import type { RequestHead } from './wire.ts';

/** Services of the endpoint that devices call (developer guide, `iot-connect-devices`: iot:Data-ATS, iot:Jobs). */
export const DEVICE_SERVICES: readonly ServiceName[] = ['iot-data-plane', 'iot-jobs-data-plane'];

/**
 * What Greengrass core devices call with their certificate. On AWS it has an endpoint of its own (Greengrass developer guide,
 * `manage-core-device-endpoints`), which serves no other operation of the service.
 */
export const CORE_DEVICE_OPERATIONS: readonly string[] = [
  'GetComponentVersionArtifact',
  'ListThingGroupsForCoreDevice',
  'ResolveComponentCandidates',
];

/** Whether a device may ask for the operation at all; its policies say whether this device may. */
export function servesDevices(service: ServiceName, operation: string): boolean {
  return (
    DEVICE_SERVICES.includes(service) || (service === 'greengrassv2' && CORE_DEVICE_OPERATIONS.includes(operation))
  );
}

/** A connection to the devices' endpoint, as far as TLS tells. */
export interface DeviceEndpointConnection {
  /** Of a client that proved to hold its key. Undefined for other clients: they sign or use a custom authorizer. */
  readonly certificate?: X509Certificate | undefined;
  readonly serverName?: string | undefined;
}

/**
 * Who makes an unsigned request: a device by the certificate of its connection, or by custom authentication
 * (developer guide, `protocols`, `custom-auth`). HTTPS has no client id (`http`).
 *
 * @param socket the connection, which may be persistent
 * @throws AwsError `ForbiddenException` (403) when its credentials are not, or no longer, good
 */
export async function identifyDevice(
  devices: DeviceDirectory,
  head: RequestHead,
  { certificate, serverName }: DeviceEndpointConnection,
  socket: object,
  sourceIp: string,
): Promise<DevicePrincipal> {
  const http = httpAuthentication(head);
  const named = serverName === undefined ? {} : { serverName };
  const credentials: ConnectionCredentials =
    certificate !== undefined
      ? { kind: 'certificate', certificate, ...named }
      : {
          kind: 'custom',
          request: {
            ...authorizerIn(http),
            protocols: ['tls', 'http'],
            ...named,
            http,
            httpConnection: socket,
          },
        };
  const connection = await devices.authenticate(credentials, '', sourceIp);
  if (connection === undefined) throw new AwsError('ForbiddenException', 'Forbidden', 403);
  return {
    kind: 'device',
    principalId: connection.principalId,
    mayCall: (action, resourceArn) => devices.mayCall(connection, action, resourceArn),
  };
}
