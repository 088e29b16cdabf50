import type { AuditTaskStatus } from '@aws-sdk/client-iot';
import { AwsError, messageOf } from '../../../../core/errors.ts';
import type { CloudContext } from '../../../../core/plugin.ts';
import { invalidRequest, limitExceeded, resourceNotFound } from '../../errors.ts';
import { creationOrder, Table } from '../../registry/table.ts';
import { AUDIT_RETENTION, MAX_AUDITS_IN_PROGRESS } from '../limits.ts';
import { assumeServiceRole, newId } from '../service-role.ts';
import { type CheckName, traitsOf } from './audit-checks.ts';
import type { AuditConfiguration } from './audit-configuration.ts';
import { notifyAudit } from './audit-notification.ts';
import type { AuditTaskRecord, CheckRun, FindingRecord } from './audit-records.ts';
import type { AuditSuppressions } from './audit-suppressions.ts';
import { ALL_CHECKS } from './checks/all-checks.ts';
import { type Auditor, CheckFailure, type CheckFinding } from './checks/audit-check.ts';
import type { ConnectionHistory } from './connection-history.ts';
import { crlDownloads } from './crl-download.ts';

interface AuditOrigin {
  readonly scheduledAuditName: string;
  readonly previousRun: number | undefined;
}

/** Audits and what they found (developer guide, `device-defender-audit`). */
export class AuditTasks {
  readonly tasks: Table<AuditTaskRecord>;
  readonly findings: Table<FindingRecord>;
  readonly #context: CloudContext;
  readonly #configuration: AuditConfiguration;
  readonly #suppressions: AuditSuppressions;
  readonly #history: ConnectionHistory;
  readonly #running = new Map<string, Promise<void>>();
  #stopped = false;

  constructor(
    context: CloudContext,
    configuration: AuditConfiguration,
    suppressions: AuditSuppressions,
    history: ConnectionHistory,
  ) {
    this.tasks = new Table(context.store, 'iot/auditTasks', ({ startTime, id }) => creationOrder(startTime, id));
    this.findings = new Table(context.store, 'iot/auditFindings', ({ findingTime, id }) =>
      creationOrder(findingTime, id),
    );
    this.#context = context;
    this.#configuration = configuration;
    this.#suppressions = suppressions;
    this.#history = history;
  }

  get(id: string | undefined): AuditTaskRecord {
    const task = id === undefined ? undefined : this.tasks.get(id);
    if (task === undefined) throw resourceNotFound(`Audit task not found: ${id}`);
    return task;
  }

  getFinding(id: string | undefined): FindingRecord {
    const finding = id === undefined ? undefined : this.findings.get(id);
    if (finding === undefined) throw resourceNotFound(`Audit finding not found: ${id}`);
    return finding;
  }

  startOnDemand(names: readonly CheckName[]): AuditTaskRecord {
    const disabled = names.filter((name) => !this.#configuration.isEnabled(name));
    if (disabled.length > 0) throw invalidRequest(`Checks are not enabled for the account: ${disabled.join(', ')}`);
    const running = [...this.tasks.values()].filter(
      ({ type, status }) => type === 'ON_DEMAND_AUDIT_TASK' && status === 'IN_PROGRESS',
    );
    if (running.length >= MAX_AUDITS_IN_PROGRESS) {
      throw limitExceeded(`At most ${MAX_AUDITS_IN_PROGRESS} on-demand audits can be in progress`);
    }
    return this.#start(names, undefined);
  }

  startScheduled(names: readonly CheckName[], origin: AuditOrigin): AuditTaskRecord {
    return this.#start(names, origin);
  }

  cancel(id: string | undefined): void {
    const task = this.get(id);
    if (task.status !== 'IN_PROGRESS') throw invalidRequest(`The audit task ${task.id} is not in progress`);
    const checks = Object.entries(task.checks).map(([name, run]) => [
      name,
      run.status === 'IN_PROGRESS' ? { ...run, status: 'CANCELED' } : run,
    ]);
    this.tasks.put(task.id, { ...task, status: 'CANCELED', checks: Object.fromEntries(checks) });
  }

  /** Runs what an earlier run of the cloud left undone. */
  takeUp(): void {
    this.#forgetOld();
    for (const task of this.tasks.values()) if (task.status === 'IN_PROGRESS') this.#launch(task.id);
  }

  /** Resolves once nothing runs any more. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await Promise.all(this.#running.values());
  }

  #start(names: readonly CheckName[], origin: AuditOrigin | undefined): AuditTaskRecord {
    this.#forgetOld();
    const task: AuditTaskRecord = {
      id: newId(this.#context),
      type: origin === undefined ? 'ON_DEMAND_AUDIT_TASK' : 'SCHEDULED_AUDIT_TASK',
      status: 'IN_PROGRESS',
      startTime: this.#context.clock.now(),
      ...(origin === undefined ? {} : { scheduledAuditName: origin.scheduledAuditName }),
      ...(origin?.previousRun === undefined ? {} : { previousRun: origin.previousRun }),
      checks: Object.fromEntries(names.map((name) => [name, { status: 'IN_PROGRESS' }])),
    };
    this.tasks.put(task.id, task);
    this.#launch(task.id);
    return task;
  }

  #launch(id: string): void {
    const run = this.#run(id)
      .catch((error: unknown) => this.#context.log('error', 'an audit failed', { taskId: id, error: messageOf(error) }))
      .finally(() => this.#running.delete(id));
    this.#running.set(id, run);
  }

  async #run(id: string): Promise<void> {
    await nextTurn();
    const task = this.get(id);
    const auditor = this.#auditor(task);
    for (const name of Object.keys(task.checks) as CheckName[]) {
      if (this.#stopped) return;
      const before = this.get(id);
      if (before.checks[name]?.status !== 'IN_PROGRESS') continue;
      const outcome = await this.#check(task, name, auditor);
      const current = this.get(id);
      if (current.status === 'CANCELED') break;
      for (const finding of outcome.findings) this.findings.put(finding.id, finding);
      this.tasks.put(id, { ...current, checks: { ...current.checks, [name]: outcome.run } });
      await nextTurn();
    }
    const current = this.get(id);
    if (current.status === 'IN_PROGRESS') this.tasks.put(id, { ...current, status: statusOf(current) });
    await this.#context.store.durable();
    await notifyAudit(this.#context, this.#configuration.get()?.notificationTarget, this.get(id));
  }

  #auditor(task: AuditTaskRecord): Auditor {
    const { api, account, clock } = this.#context;
    const roleArn = this.#configuration.get()?.roleArn ?? '';
    return {
      account,
      startTime: task.startTime,
      previousRun: task.previousRun,
      history: this.#history,
      downloadCrl: crlDownloads(clock),
      days: (name, otherwise) => this.#configuration.days(name, otherwise),
      call: (service, operation, input) =>
        api.call(assumeServiceRole(this.#context, roleArn, `audittask/${task.id}`), service, operation, input),
    };
  }

  async #check(
    task: AuditTaskRecord,
    name: CheckName,
    auditor: Auditor,
  ): Promise<{ run: CheckRun; findings: readonly FindingRecord[] }> {
    if (!this.#configuration.isEnabled(name)) {
      return failed('AUDIT_CHECK_DISABLED', 'The audit check is not enabled for the account');
    }
    try {
      const { totalResources, findings } = await ALL_CHECKS[name](auditor);
      const records = findings.map((finding) => this.#record(task, name, finding));
      const suppressed = records.filter((record) => record.suppressed).length;
      return {
        findings: records,
        run: {
          status: records.length > suppressed ? 'COMPLETED_NON_COMPLIANT' : 'COMPLETED_COMPLIANT',
          totalResources,
          nonCompliantResources: records.length - suppressed,
          suppressedResources: suppressed,
        },
      };
    } catch (error) {
      if (error instanceof AwsError && error.statusCode === 403) {
        return failed('INSUFFICIENT_PERMISSIONS', error.message);
      }
      if (!(error instanceof CheckFailure || error instanceof AwsError)) {
        this.#context.log('error', 'an audit check failed', { taskId: task.id, name, error: messageOf(error) });
      }
      return failed('CHECK_FAILED', messageOf(error));
    }
  }

  #record(task: AuditTaskRecord, checkName: CheckName, finding: CheckFinding): FindingRecord {
    return {
      id: newId(this.#context),
      taskId: task.id,
      checkName,
      taskStartTime: task.startTime,
      findingTime: this.#context.clock.now(),
      severity: traitsOf(checkName).severity,
      resource: finding.resource,
      relatedResources: finding.relatedResources ?? [],
      reason: finding.reason,
      reasonCode: finding.reasonCode,
      suppressed: this.#suppressions.covers(checkName, finding.resource.resourceIdentifier ?? {}),
    };
  }

  #forgetOld(): void {
    const oldest = this.#context.clock.now() - AUDIT_RETENTION;
    for (const task of [...this.tasks.values()]) if (task.startTime < oldest) this.tasks.delete(task.id);
    for (const finding of [...this.findings.values()]) {
      if (finding.findingTime < oldest) this.findings.delete(finding.id);
    }
  }
}

function failed(errorCode: NonNullable<CheckRun['errorCode']>, message: string) {
  return { run: { status: 'FAILED', errorCode, message } satisfies CheckRun, findings: [] };
}

/** An audit none of whose checks could be run has failed. */
function statusOf({ checks }: AuditTaskRecord): AuditTaskStatus {
  return Object.values(checks).every(({ status }) => status === 'FAILED') ? 'FAILED' : 'COMPLETED';
}

/** Lets others run: an audit of a large fleet takes a while. */
function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
