import type { Channel } from './channels.ts';

/** Rules of the twin stack, by what they carry. */
export const TWIN_RULES = [
  'twin-named',
  'twin-classic',
  'drift-named',
  'drift-classic',
  'shadow-deleted-named',
  'shadow-deleted-classic',
  'presence',
  'last-will',
  'command-outcome',
] as const;

export type TwinRule = (typeof TWIN_RULES)[number];

/**
 * Physical names shared by the CDK app, the functions, the device agent and the command line.
 * Everything carries project and stage, so that stages live side by side in one account.
 *
 * Bounds: rule names match `[a-zA-Z0-9_]+` (at most 128); provisioning template names at most 36 characters;
 * IoT topics have at most 7 slashes.
 */
export interface PlatformNames {
  /** First topic level: `fleetwright-dev`. */
  readonly topicRoot: string;
  readonly provisioningTemplate: string;
  readonly devicePolicy: string;
  /** The second policy of every device: shadows, jobs, streams, device metrics, last will and command outcomes. */
  readonly deviceServicesPolicy: string;
  readonly claimPolicy: string;
  /** Name of the Secrets Manager secret that holds the claim certificate and key. */
  readonly claimSecret: string;
  readonly thingGroup: string;
  /** Group of devices that may do nothing, and the policy on it. */
  readonly quarantine: string;
  /** Topic that all alarms of the stage notify. */
  readonly alarmTopic: string;
  readonly database: string;
  readonly telemetryTable: string;
  readonly healthTable: string;
  readonly twinTable: string;
  /** Beginning of all thing names of the stage: `fleetwright-dev-`. */
  readonly thingNamePrefix: string;
  /** Thing types belong to the whole account, so they carry project and stage: `fleetwright-dev-pump-station`. */
  thingType(deviceType: string): string;
  /** What the provisioning template calls a device: `fleetwright-dev-pump-station-PS-0001`. */
  thingName(deviceType: string, serialNumber: string): string;
  /** Custom metric of Device Defender, which belongs to the whole account: `fleetwright-dev-open-doors`. */
  securityMetric(name: string): string;
  /** Rule that carries a channel, also the third level of its Basic Ingest topic; or a rule of the twin. */
  ruleName(purpose: Channel | TwinRule): string;
}

export function platformNames(project: string, stage: string): PlatformNames {
  const prefix = `${project}-${stage}`;
  return {
    topicRoot: prefix,
    provisioningTemplate: `${prefix}-claim`,
    devicePolicy: `${prefix}-device`,
    deviceServicesPolicy: `${prefix}-device-services`,
    claimPolicy: `${prefix}-claim`,
    claimSecret: `${prefix}/claim-certificate`,
    thingGroup: prefix,
    quarantine: `${prefix}-quarantine`,
    alarmTopic: `${prefix}-alarms`,
    database: prefix,
    telemetryTable: 'telemetry',
    healthTable: 'health',
    twinTable: 'twin',
    thingNamePrefix: `${prefix}-`,
    thingType: (deviceType) => `${prefix}-${deviceType}`,
    thingName: (deviceType, serialNumber) => `${prefix}-${deviceType}-${serialNumber}`,
    securityMetric: (name) => `${prefix}-${name}`,
    ruleName: (purpose) => `${prefix}-${purpose}`.replaceAll('-', '_'),
  };
}
