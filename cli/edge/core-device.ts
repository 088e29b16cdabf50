import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { createDevice, type Device, type DeviceLog } from '../../device-client/src/index.ts';
import { CoreDeviceLink } from '../../edge-nucleus/src/index.ts';
import { fetchClaim } from '../claim.ts';
import { type PlatformOutputs, platformOutputs } from '../platform-outputs.ts';
import { type AwsClientSettings, localClientSettings, runningCloud } from '../running-cloud.ts';
import { type CoreCloud, coreCloud } from './core-cloud.ts';

export interface CoreDeviceOptions {
  readonly dataDir: string;
  readonly stage?: string;
  readonly site?: string;
  readonly deviceType?: string;
  /** Of a proxy before the cloud. @default the cloud's own */
  readonly mqttPort?: number;
}

export interface CoreDevice {
  readonly device: Device;
  readonly link: CoreDeviceLink;
  readonly region: string;
  readonly caFile: string;
  readonly settings: AwsClientSettings;
  /** Once the device has an identity. Undefined: it is no core of the platform's edge, or there is no edge stack. */
  cloud(): CoreCloud | undefined;
}

/** Where the core with a serial number keeps its state, and its nucleus its root below. */
export function coreDirectory(dataDir: string, serialNumber: string): string {
  return resolve(join(dataDir, 'edge', serialNumber));
}

/** A core device of the running local cloud: it gets its identity by claim, as every device of the platform. @throws Failure */
export async function coreDevice(
  serialNumber: string,
  options: CoreDeviceOptions,
  log: DeviceLog,
): Promise<CoreDevice> {
  const cloud = runningCloud(options.dataDir);
  const outputs = platformOutputs(cloud, options.stage);
  const settings = localClientSettings(cloud);
  const link = new CoreDeviceLink();
  const coreType = coreTypeOf(outputs);
  const serverCaPem = readFileSync(cloud.caFile, 'utf8');
  const endpoint = { host: cloud.mqttHost, port: options.mqttPort ?? cloud.mqttPort };
  const device = createDevice({
    endpoint: { ...endpoint, serverCaPem },
    claim: await fetchClaim(settings, outputs.ClaimSecretArn),
    stateDirectory: join(coreDirectory(options.dataDir, serialNumber), 'device'),
    parameters: {
      SerialNumber: serialNumber,
      Site: options.site ?? (outputs.Sites.split(',')[0] as string),
      DeviceType: options.deviceType ?? coreType ?? (outputs.DeviceTypes.split(',')[0] as string),
    },
    features: [link],
    log,
  });
  return {
    device,
    link,
    region: cloud.region,
    caFile: cloud.caFile,
    settings,
    cloud() {
      const { CoreRoleAlias: roleAlias } = outputs;
      if (roleAlias === undefined || device.identity.configuration.deviceType !== coreType) return undefined;
      return coreCloud({ device, endpoint, serverCaPem, roleAlias, settings });
    },
  };
}

/** The type of cores, which the role alias of the edge stack is named for. */
function coreTypeOf({ CoreRoleAlias, DeviceTypes, TopicRoot }: PlatformOutputs): string | undefined {
  return DeviceTypes.split(',').find((type) => CoreRoleAlias === `${TopicRoot}-${type}`);
}
