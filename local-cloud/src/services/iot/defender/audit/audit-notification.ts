import { messageOf } from '../../../../core/errors.ts';
import type { CloudContext } from '../../../../core/plugin.ts';
import { publishToTopic } from '../service-role.ts';
import type { AuditTaskRecord, CheckRun, NotificationTarget } from './audit-records.ts';

/**
 * Tells the account's SNS topic that an audit has ended, with a role that must be allowed to publish (developer guide,
 * `device-defender-audit-notifications`, "payload example"). A message that cannot be sent leaves a line in the log.
 */
export async function notifyAudit(
  context: CloudContext,
  target: NotificationTarget | undefined,
  task: AuditTaskRecord,
): Promise<void> {
  if (target?.enabled !== true || target.roleArn === undefined || target.targetArn === undefined) return;
  try {
    await publishToTopic(context, target.roleArn, target.targetArn, auditMessage(context.account.accountId, task));
  } catch (error) {
    context.log('warn', 'an audit notification could not be sent', { taskId: task.id, error: messageOf(error) });
  }
}

export function auditMessage(accountId: string, task: AuditTaskRecord): object {
  const runs = Object.values(task.checks);
  const count = (status: CheckRun['status']): number => runs.filter((run) => run.status === status).length;
  return {
    accountId,
    taskId: task.id,
    taskStatus: task.status,
    taskType: task.type,
    ...(task.scheduledAuditName === undefined ? {} : { scheduledAuditName: task.scheduledAuditName }),
    failedChecksCount: count('FAILED'),
    canceledChecksCount: count('CANCELED'),
    nonCompliantChecksCount: count('COMPLETED_NON_COMPLIANT'),
    compliantChecksCount: count('COMPLETED_COMPLIANT'),
    totalChecksCount: runs.length,
    taskStartTime: task.startTime,
    auditDetails: Object.entries(task.checks).map(([checkName, run]) => ({
      checkName,
      checkRunStatus: run.status,
      nonCompliantResourcesCount: run.nonCompliantResources ?? 0,
      totalResourcesCount: run.totalResources ?? 0,
      suppressedNonCompliantResourcesCount: run.suppressedResources ?? 0,
      ...(run.message === undefined ? {} : { message: run.message }),
      ...(run.errorCode === undefined ? {} : { errorCode: run.errorCode }),
    })),
  };
}
