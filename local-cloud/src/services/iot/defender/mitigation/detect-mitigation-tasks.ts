import type { StartDetectMitigationActionsTaskRequest } from '@aws-sdk/client-iot';
import { AwsError } from '../../../../core/errors.ts';
import type { CloudContext } from '../../../../core/plugin.ts';
import { invalidRequest, resourceNotFound } from '../../errors.ts';
import { creationOrder, Table } from '../../registry/table.ts';
import { requireName } from '../../registry/validation.ts';
import type { Alarms } from '../detect/alarms.ts';
import type { ViolationEventRecord } from '../detect/detect-records.ts';
import { DETECT_RETENTION, NAME_PATTERN } from '../limits.ts';
import { readPeriod } from '../period.ts';
import { applyToThing } from './apply-action.ts';
import type { MitigationActions } from './mitigation-actions.ts';
import type { DetectExecution, DetectMitigationTask } from './mitigation-records.ts';
import { failureOf, nextTurn, TaskRunner } from './task-runner.ts';

/** API StartDetectMitigationActionsTask */
const MAX_VIOLATIONS = 25;
const MAX_ACTIONS = 5;

/** Actions applied to devices with alarms (developer guide, `dd-mitigation-actions`, "Detect mitigation actions"). */
export class DetectMitigationTasks {
  readonly table: Table<DetectMitigationTask>;
  readonly #context: CloudContext;
  readonly #alarms: Alarms;
  readonly #actions: MitigationActions;
  readonly #runner: TaskRunner;

  constructor(context: CloudContext, alarms: Alarms, actions: MitigationActions) {
    this.table = new Table(context.store, 'iot/detectMitigationTasks', ({ startTime, id }) =>
      creationOrder(startTime, id),
    );
    this.#context = context;
    this.#alarms = alarms;
    this.#actions = actions;
    this.#runner = new TaskRunner(context);
  }

  get(id: string | undefined): DetectMitigationTask {
    const task = id === undefined ? undefined : this.table.get(id);
    if (task === undefined) throw resourceNotFound(`Detect mitigation actions task not found: ${id}`);
    return task;
  }

  start(input: StartDetectMitigationActionsTaskRequest): DetectMitigationTask {
    const { taskId: id, clientRequestToken: token, violationEventOccurrenceRange: range } = input;
    requireName('taskId', id, NAME_PATTERN);
    const existing = this.table.get(id);
    if (existing !== undefined) {
      if (token !== undefined && existing.clientRequestToken === token) return existing;
      throw new AwsError('TaskAlreadyExistsException', `The task ${id} already exists`, 400);
    }
    const names = input.actions ?? [];
    if (names.length === 0 || names.length > MAX_ACTIONS) {
      throw invalidRequest(`actions must name from 1 to ${MAX_ACTIONS} mitigation actions`);
    }
    const actions = this.#actions.forTask(names);
    const unfit = actions.find(({ type }) => type !== 'ADD_THINGS_TO_THING_GROUP');
    if (unfit !== undefined) throw invalidRequest(`${unfit.type} cannot be applied to violations`);
    const plan = {
      target: input.target ?? {},
      ...(range === undefined ? {} : { range: readPeriod(range.startTime, range.endTime) }),
      onlyActive: input.includeOnlyActiveViolations === true,
      suppressed: input.includeSuppressedAlerts === true,
    };
    const violations = this.#violationsOf(plan);
    const task: DetectMitigationTask = {
      id,
      status: 'IN_PROGRESS',
      startTime: this.#context.clock.now(),
      ...plan,
      actions,
      executions: violations.flatMap(({ violationId, thingName }) =>
        actions.map(({ name }) => ({ violationId, thingName, actionName: name, status: 'PENDING' as const })),
      ),
      ...(token === undefined ? {} : { clientRequestToken: token }),
    };
    this.#forgetOld();
    this.table.put(id, task);
    this.#runner.launch(id, () => this.#run(id));
    return task;
  }

  cancel(id: string | undefined): void {
    const task = this.get(id);
    if (task.status !== 'IN_PROGRESS') throw invalidRequest(`The task ${task.id} is not in progress`);
    const executions = task.executions.map((execution) =>
      execution.status === 'PENDING' ? { ...execution, status: 'SKIPPED' as const } : execution,
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

  async #run(id: string): Promise<void> {
    const { length } = this.get(id).executions;
    for (let at = 0; at < length; at++) {
      if (this.#runner.stopped || this.get(id).status !== 'IN_PROGRESS') return;
      const execution = this.get(id).executions[at] as DetectExecution;
      if (execution.status === 'PENDING' || execution.status === 'IN_PROGRESS') await this.#execute(id, at, execution);
      await nextTurn();
    }
    const task = this.get(id);
    if (task.status !== 'IN_PROGRESS') return;
    const failed = task.executions.some(({ status }) => status === 'FAILED');
    this.table.put(id, { ...task, status: failed ? 'FAILED' : 'SUCCESSFUL', endTime: this.#context.clock.now() });
    await this.#context.store.durable();
  }

  async #execute(id: string, at: number, execution: DetectExecution): Promise<void> {
    const { clock } = this.#context;
    const earlier = this.get(id).executions.filter(({ violationId }) => violationId === execution.violationId);
    if (earlier.some(({ status }) => status === 'FAILED')) {
      this.#put(id, at, { ...execution, status: 'SKIPPED' });
      return;
    }
    const started = { ...execution, status: 'IN_PROGRESS' as const, startTime: clock.now() };
    this.#put(id, at, started);
    try {
      const action = this.get(id).actions.find(({ name }) => name === execution.actionName);
      if (action === undefined) throw resourceNotFound(`Mitigation action not found: ${execution.actionName}`);
      await applyToThing(this.#context, action, execution.thingName);
      this.#put(id, at, { ...started, status: 'SUCCESSFUL', endTime: clock.now() });
    } catch (error) {
      this.#put(id, at, { ...started, status: 'FAILED', endTime: clock.now(), ...failureOf(error) });
    }
  }

  #put(id: string, at: number, execution: DetectExecution): void {
    const task = this.get(id);
    this.table.put(id, { ...task, executions: task.executions.with(at, execution) });
  }

  /** The violations that are meant, by their first event. */
  #violationsOf({
    target,
    range,
    onlyActive,
    suppressed,
  }: Pick<DetectMitigationTask, 'target' | 'range' | 'onlyActive' | 'suppressed'>) {
    const { violationIds, securityProfileName, behaviorName } = target;
    if ((violationIds === undefined) === (securityProfileName === undefined)) {
      throw invalidRequest('target must hold either violationIds or securityProfileName');
    }
    if (violationIds !== undefined && (violationIds.length === 0 || violationIds.length > MAX_VIOLATIONS)) {
      throw invalidRequest(`violationIds must name from 1 to ${MAX_VIOLATIONS} violations`);
    }
    const raised = new Map<string, ViolationEventRecord>();
    for (const event of this.#alarms.events.values())
      if (event.type === 'in-alarm') raised.set(event.violationId, event);
    const unknown = violationIds?.find((violationId) => !raised.has(violationId));
    if (unknown !== undefined) throw resourceNotFound(`Violation not found: ${unknown}`);
    const active = new Set(this.#alarms.active().map((alarm) => alarm.active.violationId));
    return [...raised.values()].filter((event) => {
      if (violationIds !== undefined && !violationIds.includes(event.violationId)) return false;
      if (securityProfileName !== undefined && event.profileName !== securityProfileName) return false;
      if (behaviorName !== undefined && event.behavior.name !== behaviorName) return false;
      if (range !== undefined && (event.time < range.start || event.time > range.end)) return false;
      if (onlyActive && !active.has(event.violationId)) return false;
      return suppressed || event.behavior.suppressAlerts !== true;
    });
  }

  #forgetOld(): void {
    const oldest = this.#context.clock.now() - DETECT_RETENTION;
    for (const task of [...this.table.values()]) if (task.startTime < oldest) this.table.delete(task.id);
  }
}
