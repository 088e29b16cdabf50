import type {
  AuditMitigationActionsExecutionStatus,
  AuditMitigationActionsTaskStatus,
  AuditMitigationActionsTaskTarget,
  DetectMitigationActionExecutionStatus,
  DetectMitigationActionsTaskStatus,
  DetectMitigationActionsTaskTarget,
  MitigationActionParams,
  MitigationActionType,
} from '@aws-sdk/client-iot';
import type { CheckName } from '../audit/audit-checks.ts';

/** Records of mitigation as they are kept. Times are ms since the epoch. */

export interface MitigationActionRecord {
  readonly name: string;
  readonly id: string;
  readonly type: MitigationActionType;
  readonly roleArn: string;
  readonly params: MitigationActionParams;
  readonly creationDate: number;
  readonly lastModifiedDate: number;
}

/** An action as it was when the task began. */
export type TaskAction = Pick<MitigationActionRecord, 'name' | 'id' | 'type' | 'roleArn' | 'params'>;

interface ExecutionTimes {
  readonly startTime?: number;
  readonly endTime?: number;
  readonly errorCode?: string;
  readonly message?: string;
}

export interface AuditExecution extends ExecutionTimes {
  readonly findingId: string;
  readonly checkName: CheckName;
  readonly actionName: string;
  readonly status: AuditMitigationActionsExecutionStatus;
}

export interface AuditMitigationTask {
  readonly id: string;
  readonly status: AuditMitigationActionsTaskStatus;
  readonly startTime: number;
  readonly endTime?: number;
  readonly target: AuditMitigationActionsTaskTarget;
  readonly mapping: Readonly<Record<string, readonly string[]>>;
  readonly actions: readonly TaskAction[];
  readonly executions: readonly AuditExecution[];
  readonly clientRequestToken?: string;
}

export interface DetectExecution extends ExecutionTimes {
  readonly violationId: string;
  readonly thingName: string;
  readonly actionName: string;
  readonly status: DetectMitigationActionExecutionStatus | 'PENDING';
}

export interface DetectMitigationTask {
  readonly id: string;
  readonly status: DetectMitigationActionsTaskStatus;
  readonly startTime: number;
  readonly endTime?: number;
  readonly target: DetectMitigationActionsTaskTarget;
  readonly range?: { readonly start: number; readonly end: number };
  readonly onlyActive: boolean;
  readonly suppressed: boolean;
  readonly actions: readonly TaskAction[];
  readonly executions: readonly DetectExecution[];
  readonly clientRequestToken?: string;
}
