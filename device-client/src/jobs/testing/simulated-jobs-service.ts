import {
  type DescribedExecution,
  type ExecutionState,
  type ExecutionStatus,
  type ExecutionUpdate,
  isTerminal,
  type JobsService,
  JobsServiceError,
} from '../jobs-service.ts';

interface CloudExecution extends ExecutionState {
  readonly jobId: string;
  readonly executionNumber: number;
  readonly document: unknown;
  readonly details: Readonly<Record<string, string | undefined>>;
}

/**
 * Executions of one thing, with the rules of AWS IoT Jobs (developer guide, `jobs-mqtt-api`): each change makes a version,
 * an expected version that is not there and a change of what is final are refused with the state as it is.
 */
export class SimulatedJobsCloud {
  readonly thingName = 'pump-1';
  readonly executions: CloudExecution[] = [];
  /** Each final status as it was set, to count them. */
  readonly finals: string[] = [];
  readonly reports: (Readonly<Record<string, string | undefined>> | undefined)[] = [];
  #tasks: (() => void)[] = [];

  add(jobId: string, document: unknown, executionNumber = 1): void {
    this.executions.push({ jobId, executionNumber, document, status: 'QUEUED', versionNumber: 1, details: {} });
    this.notify();
  }

  find(jobId: string): CloudExecution {
    const found = this.executions.findLast((execution) => execution.jobId === jobId);
    if (found === undefined) throw new JobsServiceError('NOT_FOUND', `no job ${jobId}`);
    return found;
  }

  end(jobId: string, status: ExecutionStatus): void {
    this.#change(this.find(jobId), { status });
    this.notify();
  }

  remove(jobId: string): void {
    this.executions.splice(this.executions.indexOf(this.find(jobId)), 1);
    this.notify();
  }

  notify(): void {
    for (const task of this.#tasks) task();
  }

  /** A device's view of it. `around` stands between each request and its answer. */
  service(around: <T>(request: () => T) => Promise<T> = async (request) => request()): JobsService {
    const own: (() => void)[] = [];
    return {
      startNext: () => around(() => this.#startNext()),
      describe: (jobId) => around(() => this.#describe(jobId)),
      update: (update) => around(() => this.#update(update)),
      onNextChanged: (task) => {
        own.push(task);
        this.#tasks.push(task);
      },
      close: () => {
        this.#tasks = this.#tasks.filter((task) => !own.includes(task));
      },
    };
  }

  #startNext(): DescribedExecution | undefined {
    const next =
      this.executions.find(({ status }) => status === 'IN_PROGRESS') ??
      this.executions.find(({ status }) => status === 'QUEUED');
    if (next === undefined) return undefined;
    return this.#shown(next.status === 'QUEUED' ? this.#change(next, { status: 'IN_PROGRESS' }) : next);
  }

  #describe(jobId: string): DescribedExecution {
    const execution = this.find(jobId);
    if (isTerminal(execution.status)) throw new JobsServiceError('STATE', 'TerminalStateReached');
    return this.#shown(execution);
  }

  #update({ details, executionNumber, expectedVersion, jobId, status }: ExecutionUpdate): ExecutionState {
    const found = this.find(jobId);
    const { versionNumber } = found;
    const state = { status: found.status, versionNumber };
    if (found.executionNumber !== executionNumber) throw new JobsServiceError('NOT_FOUND', 'no such execution');
    if (expectedVersion !== undefined && expectedVersion !== versionNumber) {
      throw new JobsServiceError('STATE', 'VersionMismatch', state);
    }
    if (isTerminal(found.status)) throw new JobsServiceError('STATE', 'InvalidStateTransition', state);
    if (status === 'IN_PROGRESS') this.reports.push(details);
    else this.finals.push(`${jobId}/${executionNumber} ${status}`);
    const changed = this.#change(found, { status, ...(details !== undefined && { details }) });
    return { status: changed.status, versionNumber: changed.versionNumber };
  }

  #change(execution: CloudExecution, change: Partial<CloudExecution>): CloudExecution {
    const changed = { ...execution, ...change, versionNumber: execution.versionNumber + 1 };
    this.executions[this.executions.indexOf(execution)] = changed;
    return changed;
  }

  #shown({ document, executionNumber, jobId, status, versionNumber }: CloudExecution): DescribedExecution {
    return { document, executionNumber, jobId, status, versionNumber, thingName: this.thingName };
  }
}
