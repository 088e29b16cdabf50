import type { CampaignRecord, DeviceUpdate, ReleaseRecord } from '@fleetwright/contracts';
import type { Candidate } from './judge-device.ts';
import type { EndedExecution } from './settle-device.ts';

/** One page of the registry. */
export interface FoundThings {
  readonly devices: readonly Candidate[];
  /** Undefined: there are no more. */
  readonly token: string | undefined;
}

export type ExecutionStatus = EndedExecution['status'] | 'QUEUED' | 'IN_PROGRESS';

export interface WaveJob {
  readonly job: 'ACTIVE' | 'COMPLETED' | 'CANCELED' | 'ABORTED';
  readonly nonce: string;
  /** Newest execution of each thing. */
  readonly executions: ReadonlyMap<string, ExecutionStatus>;
}

export interface FleetPorts {
  /** Things of the release's device types, with what is known of them. */
  search(deviceTypes: readonly string[], token: string | undefined): Promise<FoundThings>;
  canaries(group: string): Promise<ReadonlySet<string>>;
  /** Public keys or certificates, PEM, that a device may sign with: those of its active certificates. */
  keysOf(thingName: string): Promise<readonly string[]>;
  /** Whether a device runs a version, and is not known to be offline. */
  isHealthy(thingName: string, version: string): Promise<boolean>;
}

export interface DevicePorts {
  /** Leaves one that is there already as it is. */
  add(device: DeviceUpdate): Promise<void>;
  put(device: DeviceUpdate): Promise<void>;
  list(campaignId: string): Promise<DeviceUpdate[]>;
}

export interface JobPorts {
  /** Makes a group unless there is one. */
  makeGroup(groupName: string): Promise<void>;
  removeGroup(groupName: string): Promise<void>;
  /** @returns false when there is no such thing any more */
  addToGroup(groupName: string, thingName: string): Promise<boolean>;
  /** Undefined: it has not been made. */
  look(jobId: string): Promise<WaveJob | undefined>;
  endOf(jobId: string, thingName: string): Promise<EndedExecution['details']>;
  /** Makes job template and job for a group, unless they are there. */
  start(jobId: string, campaign: CampaignRecord, release: ReleaseRecord): Promise<void>;
  /** Nothing happens to a job that is over. */
  cancel(jobId: string, reason: string): Promise<void>;
  removeTemplate(jobId: string): Promise<void>;
}

export interface CampaignPorts extends FleetPorts, DevicePorts, JobPorts {
  now(): number;
  release(version: string): Promise<ReleaseRecord | undefined>;
}
