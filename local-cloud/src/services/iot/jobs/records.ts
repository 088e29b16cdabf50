import type {
  AbortConfig,
  JobExecutionsRetryConfig,
  JobExecutionsRolloutConfig,
  JobStatus,
  SchedulingConfig,
  TargetSelection,
} from '@aws-sdk/client-iot';
import type { ExecutionStatus } from './execution-status.ts';

/** Records of jobs as they are kept. Times are ms since the epoch. */

export interface PresignedUrlSettings {
  readonly roleArn: string;
  /** seconds */
  readonly expiresInSec: number;
}

/** What a job and a job template have in common. */
export interface JobSettings {
  readonly presignedUrl?: PresignedUrlSettings;
  readonly rollout?: JobExecutionsRolloutConfig;
  readonly abort?: AbortConfig;
  readonly timeoutMinutes?: number;
  readonly retry?: JobExecutionsRetryConfig;
}

export interface JobRecord extends JobSettings {
  readonly id: string;
  readonly document: string;
  readonly documentSource?: string;
  readonly description?: string;
  /** ARNs of things and thing groups. */
  readonly targets: readonly string[];
  readonly targetSelection: TargetSelection;
  readonly scheduling?: SchedulingConfig;
  readonly templateArn?: string;
  /** Of a job from a managed template: the document before its parameters were filled in, and their values. */
  readonly documentBefore?: string;
  readonly documentParameters?: Readonly<Record<string, string>>;
  readonly status: JobStatus;
  readonly forceCanceled?: boolean;
  readonly reasonCode?: string;
  readonly comment?: string;
  readonly createdAt: number;
  readonly lastUpdatedAt: number;
  readonly completedAt?: number;
  /** Its end time has passed with `STOP_ROLLOUT`: nothing new is queued. */
  readonly rolloutEnded?: boolean;
}

/** Things that a job has not reached yet. Gone once all are. */
export interface RolloutRecord {
  readonly pending: readonly string[];
  /** Things notified so far. */
  readonly notified: number;
  /** When the next batch may be notified. */
  readonly nextAt: number;
}

export type RetryCause = 'FAILED' | 'TIMED_OUT';

export interface ExecutionRecord {
  readonly jobId: string;
  readonly thingName: string;
  /** 1, and one more with each further execution of the job on the thing. */
  readonly executionNumber: number;
  readonly status: ExecutionStatus;
  readonly statusDetails: Readonly<Record<string, string>>;
  readonly queuedAt: number;
  /** Grows over all executions: the order in which they were created. */
  readonly order: number;
  readonly startedAt?: number;
  readonly lastUpdatedAt: number;
  readonly versionNumber: number;
  readonly forceCanceled?: boolean;
  /** Deadline of the step timer. */
  readonly stepDeadline?: number;
  /** Deadline of the in-progress timer, fixed when the execution starts. */
  readonly progressDeadline?: number;
  /** Retries that led here, by what caused them. */
  readonly retries: Readonly<Record<RetryCause, number>>;
}

export interface JobTemplateRecord extends JobSettings {
  readonly id: string;
  readonly description: string;
  readonly document: string;
  readonly documentSource?: string;
  readonly maintenanceWindows?: SchedulingConfig['maintenanceWindows'];
  readonly createdAt: number;
}
