import type { Collection, Store } from '../../../core/store.ts';
import { creationOrder, Table } from '../registry/table.ts';
import { EXECUTION_STATUSES, type ExecutionStatus, isTerminal } from './execution-status.ts';
import type { ExecutionRecord, JobRecord, JobTemplateRecord, RolloutRecord } from './records.ts';

export type Counts = Record<ExecutionStatus, number>;

interface JobIndex {
  /** By thing, ascending execution numbers. */
  readonly executions: Map<string, ExecutionRecord[]>;
  /** Things by the status of their latest execution. */
  readonly things: Counts;
  /** All executions by status. */
  readonly attempts: Counts;
}

/** Everything that is kept of jobs, with the indexes that spare it from searching. */
export class JobsState {
  readonly jobs: Table<JobRecord>;
  readonly templates: Table<JobTemplateRecord>;
  readonly rollouts: Collection<RolloutRecord>;
  readonly #executions: Collection<ExecutionRecord>;
  readonly #byJob = new Map<string, JobIndex>();
  readonly #jobsOfThing = new Map<string, Set<string>>();
  /** Executions in no terminal state, by thing. */
  readonly #pending = new Map<string, Map<string, ExecutionRecord>>();
  #order = 0;

  constructor(store: Store) {
    this.jobs = new Table(store, 'iot/jobs', (job) => creationOrder(job.createdAt, job.id));
    this.templates = new Table(store, 'iot/jobTemplates');
    this.rollouts = store.collection('iot/jobRollouts');
    this.#executions = store.collection('iot/jobExecutions');
    const kept = [...this.#executions.values()].sort((a, b) => a.executionNumber - b.executionNumber);
    for (const execution of kept) {
      this.#index(execution);
      this.#order = Math.max(this.#order, execution.order);
    }
  }

  /** Order of the next execution. */
  nextOrder(): number {
    this.#order += 1;
    return this.#order;
  }

  putExecution(execution: ExecutionRecord): void {
    this.#executions.put(keyOf(execution), execution);
    this.#index(execution);
  }

  deleteExecution(execution: ExecutionRecord): void {
    const { jobId, thingName } = execution;
    this.#executions.delete(keyOf(execution));
    const index = this.#byJob.get(jobId);
    const own = index?.executions.get(thingName);
    if (index === undefined || own === undefined) return;
    const latest = own.at(-1);
    const at = own.findIndex(({ executionNumber }) => executionNumber === execution.executionNumber);
    if (at < 0) return;
    const [known] = own.splice(at, 1) as [ExecutionRecord];
    index.attempts[known.status] -= 1;
    if (known === latest) {
      index.things[known.status] -= 1;
      const before = own.at(-1);
      if (before !== undefined) index.things[before.status] += 1;
    }
    if (own.length === 0) {
      index.executions.delete(thingName);
      removeFrom(this.#jobsOfThing, thingName, jobId);
    }
    this.#setPending(known, false);
  }

  /** Takes a job and all of it away. */
  deleteJob(jobId: string): void {
    for (const execution of [...this.executionsOfJob(jobId)]) this.deleteExecution(execution);
    this.#byJob.delete(jobId);
    this.rollouts.delete(jobId);
    this.jobs.delete(jobId);
  }

  execution(jobId: string, thingName: string, executionNumber?: number): ExecutionRecord | undefined {
    const own = this.#byJob.get(jobId)?.executions.get(thingName);
    if (executionNumber === undefined) return own?.at(-1);
    return own?.find((execution) => execution.executionNumber === executionNumber);
  }

  *executionsOfJob(jobId: string): Generator<ExecutionRecord> {
    for (const own of this.#byJob.get(jobId)?.executions.values() ?? []) yield* own;
  }

  *executionsOfThing(thingName: string): Generator<ExecutionRecord> {
    for (const jobId of this.#jobsOfThing.get(thingName) ?? []) {
      yield* this.#byJob.get(jobId)?.executions.get(thingName) ?? [];
    }
  }

  /** In no terminal state; in no order. */
  pendingOfThing(thingName: string): Iterable<ExecutionRecord> {
    return this.#pending.get(thingName)?.values() ?? [];
  }

  *allPending(): Generator<ExecutionRecord> {
    for (const own of this.#pending.values()) yield* own.values();
  }

  thingCounts(jobId: string): Readonly<Counts> {
    return this.#byJob.get(jobId)?.things ?? noCounts();
  }

  attemptCounts(jobId: string): Readonly<Counts> {
    return this.#byJob.get(jobId)?.attempts ?? noCounts();
  }

  #index(execution: ExecutionRecord): void {
    const { jobId, thingName, status } = execution;
    let index = this.#byJob.get(jobId);
    if (index === undefined) {
      index = { executions: new Map(), things: noCounts(), attempts: noCounts() };
      this.#byJob.set(jobId, index);
    }
    let own = index.executions.get(thingName);
    if (own === undefined) {
      own = [];
      index.executions.set(thingName, own);
      addTo(this.#jobsOfThing, thingName, jobId);
    }
    const latest = own.at(-1);
    if (latest !== undefined) index.things[latest.status] -= 1;
    const at = own.findIndex(({ executionNumber }) => executionNumber === execution.executionNumber);
    if (at < 0) own.push(execution);
    else {
      index.attempts[(own[at] as ExecutionRecord).status] -= 1;
      own[at] = execution;
    }
    index.attempts[status] += 1;
    index.things[(own.at(-1) as ExecutionRecord).status] += 1;
    this.#setPending(execution, !isTerminal(status));
  }

  #setPending(execution: ExecutionRecord, pending: boolean): void {
    const { thingName } = execution;
    const own = this.#pending.get(thingName);
    if (pending) {
      if (own === undefined) this.#pending.set(thingName, new Map([[keyOf(execution), execution]]));
      else own.set(keyOf(execution), execution);
      return;
    }
    own?.delete(keyOf(execution));
    if (own?.size === 0) this.#pending.delete(thingName);
  }
}

/** Neither ids of jobs nor names of things hold a line feed. */
export function keyOf({ jobId, thingName, executionNumber }: ExecutionRecord): string {
  return `${jobId}\n${thingName}\n${executionNumber}`;
}

function noCounts(): Counts {
  return Object.fromEntries(EXECUTION_STATUSES.map((status) => [status, 0])) as Counts;
}

function addTo(index: Map<string, Set<string>>, key: string, value: string): void {
  const known = index.get(key);
  if (known === undefined) index.set(key, new Set([value]));
  else known.add(value);
}

function removeFrom(index: Map<string, Set<string>>, key: string, value: string): void {
  const known = index.get(key);
  known?.delete(value);
  if (known?.size === 0) index.delete(key);
}
