import type { AuditMitigationActionsTaskTarget, StartAuditMitigationActionsTaskRequest } from '@aws-sdk/client-iot';
import { AwsError } from '../../../../core/errors.ts';
import type { CloudContext } from '../../../../core/plugin.ts';
import { invalidRequest, resourceNotFound } from '../../errors.ts';
import { creationOrder, Table } from '../../registry/table.ts';
import { requireName } from '../../registry/validation.ts';
import { type CheckName, readCheckName } from '../audit/audit-checks.ts';
import type { FindingRecord } from '../audit/audit-records.ts';
import type { AuditTasks } from '../audit/audit-tasks.ts';
import { AUDIT_RETENTION, NAME_PATTERN } from '../limits.ts';
import { applyToFinding } from './apply-action.ts';
import type { MitigationActions } from './mitigation-actions.ts';
import type { AuditExecution, AuditMitigationTask } from './mitigation-records.ts';
import { SUPPORTED_ACTIONS } from './supported-actions.ts';
import { failureOf, nextTurn, TaskRunner } from './task-runner.ts';

/** API StartAuditMitigationActionsTask: members of `findingIds`, and actions of one check. */
const MAX_FINDINGS = 25;
const MAX_ACTIONS = 5;

/** Actions applied to the findings of audits (developer guide, `dd-mitigation-actions`, "Apply mitigation actions"). */
export class AuditMitigationTasks {
  readonly table: Table<AuditMitigationTask>;
  readonly #context: CloudContext;
  readonly #audits: AuditTasks;
  readonly #actions: MitigationActions;
  readonly #runner: TaskRunner;

  constructor(context: CloudContext, audits: AuditTasks, actions: MitigationActions) {
    this.table = new Table(context.store, 'iot/auditMitigationTasks', ({ startTime, id }) =>
      creationOrder(startTime, id),
    );
    this.#context = context;
    this.#audits = audits;
    this.#actions = actions;
    this.#runner = new TaskRunner(context);
  }

  get(id: string | undefined): AuditMitigationTask {
    const task = id === undefined ? undefined : this.table.get(id);
    if (task === undefined) throw resourceNotFound(`Audit mitigation actions task not found: ${id}`);
    return task;
  }

  start(input: StartAuditMitigationActionsTaskRequest): AuditMitigationTask {
    const { taskId: id, clientRequestToken: token } = input;
    requireName('taskId', id, NAME_PATTERN);
    const existing = this.table.get(id);
    if (existing !== undefined) {
      if (token !== undefined && existing.clientRequestToken === token) return existing;
      throw new AwsError('TaskAlreadyExistsException', `The task ${id} already exists`, 400);
    }
    const mapping = readMapping(input.auditCheckToActionsMapping);
    const actions = this.#actions.forTask(Object.values(mapping).flat());
    for (const [checkName, names] of Object.entries(mapping)) {
      const unfit = actions.find(
        ({ name, type }) => names.includes(name) && !SUPPORTED_ACTIONS[checkName as CheckName].includes(type),
      );
      if (unfit !== undefined) throw invalidRequest(`${unfit.type} cannot be applied to findings of ${checkName}`);
    }
    const findings = this.#findingsOf(input.target).filter(({ suppressed }) => !suppressed);
    const task: AuditMitigationTask = {
      id,
      status: 'IN_PROGRESS',
      startTime: this.#context.clock.now(),
      target: input.target ?? {},
      mapping,
      actions,
      executions: findings.flatMap(({ id: findingId, checkName }) =>
        (mapping[checkName] ?? []).map((actionName) => ({
          findingId,
          checkName,
          actionName,
          status: 'PENDING' as const,
        })),
      ),
      ...(token === undefined ? {} : { clientRequestToken: token }),
    };
    this.#forgetOld();
    this.table.put(id, task);
    this.#runner.launch(id, () => this.#run(id));
    return task;
  }

  /** "remaining actions are not applied, but mitigation actions that were already applied are not rolled back" */
  cancel(id: string | undefined): void {
    const task = this.get(id);
    if (task.status !== 'IN_PROGRESS') throw invalidRequest(`The task ${task.id} is not in progress`);
    const executions = task.executions.map((execution) =>
      execution.status === 'PENDING' ? { ...execution, status: 'CANCELED' as const } : execution,
    );
    this.table.put(task.id, { ...task, status: 'CANCELED', endTime: this.#context.clock.now(), executions });
  }

  takeUp(): void {
    for (const { id, status } of this.table.values()) {
      if (status === 'IN_PROGRESS') this.#runner.launch(id, () => this.#run(id));
    }
  }

  stop(): Promise<void> {
    return this.#runner.stop();
  }

  /** One execution after the other; a failure skips the rest of its finding. */
  async #run(id: string): Promise<void> {
    const { length } = this.get(id).executions;
    for (let at = 0; at < length; at++) {
      if (this.#runner.stopped || this.get(id).status !== 'IN_PROGRESS') return;
      const execution = this.get(id).executions[at] as AuditExecution;
      // What ran when the cloud ended is applied again: all actions can be.
      if (execution.status === 'PENDING' || execution.status === 'IN_PROGRESS') await this.#execute(id, at, execution);
      await nextTurn();
    }
    const task = this.get(id);
    if (task.status !== 'IN_PROGRESS') return;
    const failed = task.executions.some(({ status }) => status === 'FAILED');
    this.table.put(id, { ...task, status: failed ? 'FAILED' : 'COMPLETED', endTime: this.#context.clock.now() });
    await this.#context.store.durable();
  }

  async #execute(id: string, at: number, execution: AuditExecution): Promise<void> {
    const { clock } = this.#context;
    const earlier = this.get(id).executions.filter(({ findingId }) => findingId === execution.findingId);
    if (earlier.some(({ status }) => status === 'FAILED')) {
      this.#put(id, at, { ...execution, status: 'SKIPPED' });
      return;
    }
    const started = { ...execution, status: 'IN_PROGRESS' as const, startTime: clock.now() };
    this.#put(id, at, started);
    try {
      const action = this.get(id).actions.find(({ name }) => name === execution.actionName);
      if (action === undefined) throw resourceNotFound(`Mitigation action not found: ${execution.actionName}`);
      await applyToFinding(this.#context, action, this.#audits.getFinding(execution.findingId));
      this.#put(id, at, { ...started, status: 'COMPLETED', endTime: clock.now() });
    } catch (error) {
      this.#put(id, at, { ...started, status: 'FAILED', endTime: clock.now(), ...failureOf(error) });
    }
  }

  #put(id: string, at: number, execution: AuditExecution): void {
    const task = this.get(id);
    this.table.put(id, { ...task, executions: task.executions.with(at, execution) });
  }

  #findingsOf(target: AuditMitigationActionsTaskTarget | undefined): FindingRecord[] {
    const { auditTaskId, findingIds, auditCheckToReasonCodeFilter: filter } = target ?? {};
    if ((auditTaskId === undefined) === (findingIds === undefined)) {
      throw invalidRequest('target must hold either auditTaskId or findingIds');
    }
    if (findingIds !== undefined) {
      if (filter !== undefined) throw invalidRequest('auditCheckToReasonCodeFilter needs auditTaskId');
      if (findingIds.length === 0 || findingIds.length > MAX_FINDINGS) {
        throw invalidRequest(`findingIds must name from 1 to ${MAX_FINDINGS} findings`);
      }
      return findingIds.map((findingId) => this.#audits.getFinding(findingId));
    }
    this.#audits.get(auditTaskId);
    return [...this.#audits.findings.values()].filter(({ taskId, checkName, reasonCode }) => {
      if (taskId !== auditTaskId) return false;
      return filter === undefined || filter[checkName]?.includes(reasonCode) === true;
    });
  }

  #forgetOld(): void {
    const oldest = this.#context.clock.now() - AUDIT_RETENTION;
    for (const task of [...this.table.values()]) if (task.startTime < oldest) this.table.delete(task.id);
  }
}

function readMapping(given: Record<string, string[]> | undefined): Record<string, readonly string[]> {
  const entries = Object.entries(given ?? {});
  if (entries.length === 0) throw invalidRequest('auditCheckToActionsMapping must map at least one check');
  for (const [checkName, names] of entries) {
    readCheckName(checkName);
    if (names.length === 0 || names.length > MAX_ACTIONS) {
      throw invalidRequest(`${checkName} must be mapped to 1 to ${MAX_ACTIONS} actions`);
    }
  }
  return Object.fromEntries(entries);
}
