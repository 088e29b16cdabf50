import type {
  AuditCheckRunStatus,
  AuditFindingSeverity,
  AuditFrequency,
  AuditTaskStatus,
  AuditTaskType,
  DayOfWeek,
  NonCompliantResource,
  RelatedResource,
  ResourceIdentifier,
} from '@aws-sdk/client-iot';
import type { CheckName } from './audit-checks.ts';

/** Records of audits as they are kept. Times are ms since the epoch. */

export interface NotificationTarget {
  readonly targetArn?: string;
  readonly roleArn?: string;
  readonly enabled: boolean;
}

export interface CheckConfiguration {
  readonly enabled: boolean;
  readonly configuration?: Readonly<Record<string, string>>;
}

export interface AuditConfigurationRecord {
  readonly roleArn: string;
  readonly notificationTarget?: NotificationTarget;
  /** Checks that were ever set; the others are disabled. */
  readonly checks: Readonly<Partial<Record<CheckName, CheckConfiguration>>>;
}

export interface CheckRun {
  readonly status: AuditCheckRunStatus;
  readonly totalResources?: number;
  readonly nonCompliantResources?: number;
  readonly suppressedResources?: number;
  readonly errorCode?: 'INSUFFICIENT_PERMISSIONS' | 'AUDIT_CHECK_DISABLED' | 'CHECK_FAILED';
  readonly message?: string;
}

export interface AuditTaskRecord {
  readonly id: string;
  readonly type: AuditTaskType;
  readonly status: AuditTaskStatus;
  readonly startTime: number;
  readonly scheduledAuditName?: string;
  /** Start of the data that scheduled audits look at: the run before. */
  readonly previousRun?: number;
  readonly checks: Readonly<Partial<Record<CheckName, CheckRun>>>;
}

export interface FindingRecord {
  readonly id: string;
  readonly taskId: string;
  readonly checkName: CheckName;
  readonly taskStartTime: number;
  readonly findingTime: number;
  readonly severity: AuditFindingSeverity;
  readonly resource: NonCompliantResource;
  readonly relatedResources: readonly RelatedResource[];
  readonly reason: string;
  readonly reasonCode: string;
  readonly suppressed: boolean;
}

export interface ScheduledAuditRecord {
  readonly name: string;
  readonly frequency: AuditFrequency;
  readonly dayOfMonth?: string;
  readonly dayOfWeek?: DayOfWeek;
  readonly checkNames: readonly CheckName[];
  readonly nextRun: number;
  readonly lastRun?: number;
}

export interface SuppressionRecord {
  readonly checkName: CheckName;
  readonly identifier: ResourceIdentifier;
  /** Undefined: indefinitely. */
  readonly expirationDate?: number;
  readonly description?: string;
  readonly clientRequestToken?: string;
}
