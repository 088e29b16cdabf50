import type { Channel } from './channels.ts';
import type { LakeTable } from './lake.ts';
import type { Rollup } from './rollups.ts';

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

/** Rules of the identity stack; `registration-<authority>` for each CA whose devices are registered just in time. */
export type IdentityRule = 'rotation' | 'first-connection' | `registration-${string}`;

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
  /** Through which devices get AWS credentials, where the stage has it. */
  readonly deviceRoleAlias: string;
  /** Name of the Secrets Manager secret that holds the claim certificate and key. */
  readonly claimSecret: string;
  readonly thingGroup: string;
  /** Group of devices that may do nothing, and the policy on it. */
  readonly quarantine: string;
  /** Topic that all alarms of the stage notify. */
  readonly alarmTopic: string;
  /** Queue of what alerts on telemetry are evaluated from. */
  readonly alertSamples: string;
  readonly database: string;
  readonly telemetryTable: string;
  readonly healthTable: string;
  readonly twinTable: string;
  /** Tables of roll-ups: `rollup_1m`. */
  rollupTable(rollup: Rollup): string;
  /** Glue database of the lake: `fleetwright_dev`. */
  readonly lakeDatabase: string;
  readonly lakeWorkGroup: string;
  /** Delivery stream of a table of the lake. */
  lakeStream(table: LakeTable): string;
  /** Beginning of all thing names of the stage: `fleetwright-dev-`. */
  readonly thingNamePrefix: string;
  /** Thing types belong to the whole account, so they carry project and stage: `fleetwright-dev-pump-station`. */
  thingType(deviceType: string): string;
  /** What the provisioning template calls a device: `fleetwright-dev-pump-station-PS-0001`. */
  thingName(deviceType: string, serialNumber: string): string;
  /** Custom metric of Device Defender, which belongs to the whole account: `fleetwright-dev-open-doors`. */
  securityMetric(name: string): string;
  /** Rule that carries a channel, also the third level of its Basic Ingest topic; or a rule of another stack. */
  ruleName(purpose: Channel | 'health-alerts' | TwinRule | IdentityRule): string;
}

export function platformNames(project: string, stage: string): PlatformNames {
  const prefix = `${project}-${stage}`;
  return {
    topicRoot: prefix,
    provisioningTemplate: `${prefix}-claim`,
    devicePolicy: `${prefix}-device`,
    deviceServicesPolicy: `${prefix}-device-services`,
    claimPolicy: `${prefix}-claim`,
    deviceRoleAlias: `${prefix}-device-credentials`,
    claimSecret: `${prefix}/claim-certificate`,
    thingGroup: prefix,
    quarantine: `${prefix}-quarantine`,
    alarmTopic: `${prefix}-alarms`,
    alertSamples: `${prefix}-alert-samples`,
    database: prefix,
    telemetryTable: 'telemetry',
    healthTable: 'health',
    twinTable: 'twin',
    rollupTable: (rollup) => `rollup_${rollup}`,
    lakeDatabase: prefix.replaceAll('-', '_'),
    lakeWorkGroup: prefix,
    lakeStream: (table) => `${prefix}-lake-${table}`,
    thingNamePrefix: `${prefix}-`,
    thingType: (deviceType) => `${prefix}-${deviceType}`,
    thingName: (deviceType, serialNumber) => `${prefix}-${deviceType}-${serialNumber}`,
    securityMetric: (name) => `${prefix}-${name}`,
    ruleName: (purpose) => `${prefix}-${purpose}`.replaceAll('-', '_'),
  };
}
