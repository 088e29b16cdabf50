import type { Device } from '../../device-client/src/index.ts';
import {
  DeviceHttps,
  type HttpsEndpoint,
  HttpsGreengrassCloud,
  RoleCredentials,
  systemClock,
} from '../../edge-nucleus/src/index.ts';
import type { AwsClientSettings } from '../running-cloud.ts';

/** What makes a device a Greengrass core of the cloud: its data plane, and the credentials of its role. */
export interface CoreCloud {
  readonly greengrass: HttpsGreengrassCloud;
  readonly credentials: RoleCredentials;
}

/** The local cloud has Greengrass and the credentials provider at the devices' endpoint. */
export function coreCloud(parts: {
  readonly device: Device;
  readonly endpoint: HttpsEndpoint;
  readonly serverCaPem: string;
  readonly roleAlias: string;
  /** Of S3, without credentials of anybody but the core. */
  readonly settings: AwsClientSettings;
}): CoreCloud {
  const { device, endpoint, roleAlias, serverCaPem, settings } = parts;
  const { thingName } = device.identity;
  const https = new DeviceHttps({ serverCaPem, certificate: () => device.identity });
  const credentials = new RoleCredentials(https, { endpoint, roleAlias, thingName, clock: systemClock });
  const { credentials: _administrator, ...s3 } = settings;
  const greengrass = new HttpsGreengrassCloud({
    https,
    endpoint,
    thingName,
    credentials,
    s3: { ...s3, forcePathStyle: true },
  });
  return { greengrass, credentials };
}
