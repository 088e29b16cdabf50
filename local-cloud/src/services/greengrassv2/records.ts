import type {
  ComponentDeploymentSpecification,
  ComponentPlatform,
  DeploymentIoTJobConfiguration,
  DeploymentPolicies,
  InstalledComponentLifecycleState,
} from '@aws-sdk/client-greengrassv2';
import type { JsonObject } from '../../core/shadows.ts';

/** All times in ms since the epoch. */

export interface ComponentVersionRecord {
  readonly arn: string;
  readonly name: string;
  readonly version: string;
  /** As it was given, with the digests of its artifacts. */
  readonly recipe: JsonObject;
  readonly createdAt: number;
  readonly platforms: readonly ComponentPlatform[];
  readonly description?: string;
  readonly publisher?: string;
  readonly tags: Readonly<Record<string, string>>;
}

export type TargetKind = 'thing' | 'thinggroup';

export interface DeploymentRecord {
  readonly id: string;
  readonly arn: string;
  readonly target: { readonly kind: TargetKind; readonly name: string; readonly arn: string };
  /** Grows with each deployment of its target. */
  readonly revision: number;
  readonly name?: string;
  readonly components: Readonly<Record<string, ComponentDeploymentSpecification>>;
  readonly policies: DeploymentPolicies;
  readonly jobConfiguration?: DeploymentIoTJobConfiguration;
  /** Of a deployment to a group. */
  readonly jobId?: string;
  readonly jobArn?: string;
  readonly createdAt: number;
  /** Of a deployment to a thing: what it has last reported. */
  readonly outcome?: DeploymentOutcome;
  /** Cancelled, by the API or by a later revision; what a device reports still counts. */
  readonly canceled?: true;
  readonly tags: Readonly<Record<string, string>>;
}

export interface DeploymentOutcome {
  readonly status: 'IN_PROGRESS' | 'SUCCEEDED' | 'FAILED' | 'REJECTED' | 'CANCELED';
  readonly at: number;
  readonly reason?: string;
  readonly errorStack: readonly string[];
  readonly errorTypes: readonly string[];
}

/** Revisions are counted for ever, whether their deployments are deleted or not. */
export interface TargetRecord {
  readonly revision: number;
  readonly latest: string;
}

export interface CoreDeviceRecord {
  readonly thingName: string;
  readonly arn: string;
  readonly version: string;
  readonly platform: string;
  readonly architecture: string;
  readonly runtime: string;
  readonly status: 'HEALTHY' | 'UNHEALTHY';
  readonly statusAt: number;
  readonly components: Readonly<Record<string, InstalledRecord>>;
  readonly tags: Readonly<Record<string, string>>;
}

export interface InstalledRecord {
  readonly version: string;
  readonly state: InstalledComponentLifecycleState;
  readonly stateReason?: string;
  readonly statusCodes?: readonly string[];
  readonly isRoot: boolean;
  readonly changedAt: number;
  readonly reportedAt: number;
  /** Configuration ARNs of the deployments that brought it; of a local one its id. */
  readonly sources: readonly string[];
}
