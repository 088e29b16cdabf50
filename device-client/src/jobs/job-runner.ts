import type { EventEmitter } from 'node:events';
import type { JobDocument, JobOperation } from '@fleetwright/contracts';
import { backoffDelay } from '../backoff.ts';
import { type DeviceClock, sleep } from '../clock.ts';
import { Doorbell } from '../doorbell.ts';
import { reasonOf } from '../errors.ts';
import type { DeviceLog } from '../feature.ts';
import { orderDigest } from '../replay/order-digest.ts';
import type { ReplayGuard } from '../replay/replay-guard.ts';
import { deliverResult } from './deliver-result.ts';
import type { ExecutionRecord, ExecutionStore, FinalResult } from './execution-record.ts';
import { type JobDetails, type JobExecution, type JobHandler, type JobResult, JobStopped } from './job-handler.ts';
import type { ExecutionName, JobsEvents } from './jobs-events.ts';
import { type DescribedExecution, type ExecutionStatus, type JobsService, JobsServiceError } from './jobs-service.ts';
import { judgeExecution } from './judge-execution.ts';
import { ProgressReporter, RETRY } from './progress-reporter.ts';
import { renewDocument } from './renew-document.ts';
import { statusDetails } from './status-details.ts';

export interface JobRunnerOptions {
  readonly service: JobsService;
  readonly store: ExecutionStore;
  readonly guard: ReplayGuard;
  readonly handlers: ReadonlyMap<JobOperation, JobHandler>;
  readonly connected: () => boolean;
  readonly clock: DeviceClock;
  readonly random: () => number;
  readonly log: DeviceLog;
  readonly events: EventEmitter<JobsEvents>;
  /** ms between two reports of progress at least */
  readonly reportInterval: number;
  /** Whether another execution may be begun now. */
  readonly ready: () => boolean;
  /** ms after which an idle device asks for its next job without having been told of one */
  readonly pollInterval: number;
}

const DEFAULT_STEP_TIMEOUT = 60;
/** ms between two looks whether another execution may be begun, for what nobody tells */
const READY_LOOK = 60_000;

type RunningRecord = ExecutionRecord & { readonly document: JobDocument };

/**
 * Takes one execution after the other.
 *
 * INVARIANTS
 * - An execution is on disk before its handler runs, and its result before the cloud is told.
 * - Nothing new is begun before the cloud has a final status of the last one.
 * - An execution that has a result is never run again: asked for it once more, the device repeats the result.
 */
export class JobRunner {
  readonly #options: JobRunnerOptions;
  readonly #bell: Doorbell;
  readonly #stop = new AbortController();
  readonly #operations: ReadonlySet<string>;
  #reporter: ProgressReporter | undefined;
  #renewing: Doorbell | undefined;
  #loop: Promise<void> | undefined;
  /** A request whose answer begins an execution, and the end of it. */
  #asking: Promise<unknown> = Promise.resolve();

  constructor(options: JobRunnerOptions) {
    this.#options = options;
    this.#bell = new Doorbell(options.clock);
    this.#operations = new Set<string>(options.handlers.keys());
  }

  start(): void {
    this.#options.service.onNextChanged(() => this.#changed());
    this.#loop = this.#run();
  }

  /** Looks again whether another execution may be begun. */
  wake(): void {
    this.#bell.ring();
  }

  /** Resolves when no request is under way that may begin another execution: what it was asked for, the cloud may give until then. */
  async settled(): Promise<void> {
    await this.#asking;
  }

  /** There is a connection: what waited for one goes on, and what was missed meanwhile is asked for. */
  connected(): void {
    this.#renewing?.ring();
    this.#changed();
  }

  /** Resolves when nothing is under way; the running handler is told so. */
  async stop(): Promise<void> {
    this.#stop.abort();
    // A handler that takes longer than its agent may not write into what the next one reads.
    this.#options.store.close();
    await this.#loop;
  }

  #changed(): void {
    this.#reporter?.check();
    this.#bell.ring();
  }

  async #run(): Promise<void> {
    const { clock, log, random, store } = this.#options;
    for (let failures = 0; !this.#stop.signal.aborted; ) {
      try {
        const record = store.current;
        if (record?.phase === 'running') await this.#execute(record);
        else if (record?.phase === 'ended' && record.result !== undefined) await this.#deliver(record, record.result);
        else await this.#fetch();
        failures = 0;
      } catch (error) {
        log.error('jobs are held up', { reason: reasonOf(error) });
        await sleep(clock, backoffDelay(RETRY, failures++, random()) + RETRY.base, this.#stop.signal);
      }
    }
  }

  async #fetch(): Promise<void> {
    const { clock, connected, log, pollInterval, random, ready, service } = this.#options;
    if (!connected()) return void (await this.#bell.wait(this.#stop.signal));
    if (!ready()) return void (await this.#bell.wait(this.#stop.signal, READY_LOOK));
    let execution: DescribedExecution | undefined;
    try {
      const asking = service.startNext(DEFAULT_STEP_TIMEOUT);
      this.#asking = asking.catch(() => {});
      execution = await asking;
    } catch (error) {
      if (this.#stop.signal.aborted) return;
      if (!(error instanceof JobsServiceError)) throw error;
      log.warn('the next job is asked for again', { reason: error.message });
      return sleep(clock, RETRY.base + backoffDelay(RETRY, 3, random()), this.#stop.signal);
    }
    if (this.#stop.signal.aborted) return;
    if (execution === undefined) await this.#bell.wait(this.#stop.signal, pollInterval);
    else this.#take(execution);
  }

  #take(execution: DescribedExecution): void {
    const { events, guard, log, store } = this.#options;
    const { executionNumber, jobId, versionNumber } = execution;
    const last = store.current;
    const digest = orderDigest(execution.document);
    // The id of a deleted job may be given again, and its executions are counted anew: the document tells them apart.
    const same = last?.jobId === jobId && last.executionNumber === executionNumber && last.digest === digest;
    if (same && last.result !== undefined) {
      log.warn('an execution that has ended is handed out again; its result is repeated', { jobId, executionNumber });
      store.write({ ...last, versionNumber, phase: 'ended', endedByCloud: undefined });
      return;
    }
    const verdict = judgeExecution(execution, this.#operations, guard);
    const record = { jobId, executionNumber, versionNumber, digest, attempt: 0 };
    if (verdict.accepted) {
      store.write({ ...record, phase: 'running', document: verdict.document });
      return;
    }
    const { result } = verdict;
    const { detail = '', reason = '' } = result.details;
    log.warn('a job is refused', { jobId, executionNumber, reason, detail });
    store.write({ ...record, phase: 'ended', result });
    events.emit('refused', { jobId, executionNumber }, reason, detail);
  }

  async #execute(record: ExecutionRecord): Promise<void> {
    const { events, handlers, log, store } = this.#options;
    const { document } = record;
    const handler = document && handlers.get(document.operation);
    if (document === undefined || handler === undefined) {
      return this.#end({
        status: 'FAILED',
        details: { reason: 'UNSUPPORTED_OPERATION', detail: 'this agent cannot do it' },
      });
    }
    const running = { ...record, document, attempt: record.attempt + 1 };
    store.write(running);
    const name = { jobId: record.jobId, executionNumber: record.executionNumber };
    log.info('a job runs', { ...name, operation: document.operation, attempt: running.attempt });
    events.emit('begun', name, document.operation, running.attempt);
    const ended = new AbortController();
    const stop = (): void => ended.abort(new JobStopped('stopping', 'the agent stops'));
    this.#stop.signal.addEventListener('abort', stop, { once: true });
    const reporter = this.#watch(running, handler, ended);
    try {
      const result = await outcomeOf(() => handler.run(this.#execution(running, ended.signal, reporter)));
      // A run that was told to stop may have ended only because of that: it is run again.
      if (this.#stop.signal.aborted) return;
      if (result.status === 'resume') {
        log.info('a job goes on after the restart', name);
        await aborted(this.#stop.signal);
        return;
      }
      this.#reporter = undefined;
      const { details = {}, status } = result;
      this.#end({ status: FINAL[status], details: statusDetails(details) });
    } finally {
      this.#stop.signal.removeEventListener('abort', stop);
      this.#reporter = undefined;
      await reporter.stop();
    }
    store.noteVersion(reporter.versionNumber);
  }

  #watch(record: RunningRecord, handler: JobHandler, ended: AbortController): ProgressReporter {
    const { events, log, reportInterval, store } = this.#options;
    const { executionNumber, jobId } = record;
    const stepTimeoutMinutes = handler.stepTimeoutMinutes ?? DEFAULT_STEP_TIMEOUT;
    const reporter = new ProgressReporter({
      ...this.#options,
      ...record,
      stepTimeoutMinutes,
      interval: reportInterval,
      onEnded: (status) => {
        log.warn('the cloud has ended a job that runs', { jobId, executionNumber, status });
        store.write({ ...(store.current as ExecutionRecord), endedByCloud: status });
        events.emit('cancelled', { jobId, executionNumber }, status);
        ended.abort(stopped(status));
      },
    });
    this.#reporter = reporter;
    if (record.endedByCloud !== undefined) {
      ended.abort(stopped(record.endedByCloud));
      return reporter;
    }
    reporter.start();
    if (record.attempt > 1 || stepTimeoutMinutes !== DEFAULT_STEP_TIMEOUT) reporter.check();
    return reporter;
  }

  #execution(record: RunningRecord, signal: AbortSignal, reporter: ProgressReporter): JobExecution {
    const { events, store } = this.#options;
    const { attempt, document, executionNumber, jobId } = record;
    const bell = new Doorbell(this.#options.clock);
    this.#renewing = bell;
    return {
      jobId,
      executionNumber,
      document,
      attempt,
      signal,
      get progress() {
        return store.current?.progress;
      },
      keep: (progress) => {
        store.write({ ...(store.current as ExecutionRecord), progress });
      },
      report: (details: JobDetails) => {
        events.emit('progress', { jobId, executionNumber }, details);
        reporter.report(details);
      },
      renew: async () => {
        try {
          return await renewDocument(record, { ...this.#options, bell, signal });
        } catch (error) {
          if (error instanceof JobStopped) reporter.check();
          throw error;
        }
      },
    };
  }

  #end(result: FinalResult): void {
    const { events, log, store } = this.#options;
    const record = store.current as ExecutionRecord;
    const name: ExecutionName = { jobId: record.jobId, executionNumber: record.executionNumber };
    const { endedByCloud } = record;
    store.write({ ...record, phase: endedByCloud === undefined ? 'ended' : 'settled', result });
    log.info('a job has ended', { ...name, status: result.status, ...result.details });
    events.emit('ended', name, result);
    if (endedByCloud !== undefined) events.emit('settled', name, endedByCloud);
  }

  async #deliver(record: ExecutionRecord, result: FinalResult): Promise<void> {
    const { events, log, store } = this.#options;
    const { executionNumber, jobId } = record;
    const status = await deliverResult(record, result, {
      ...this.#options,
      bell: this.#bell,
      signal: this.#stop.signal,
    });
    if (status === undefined) return;
    const endedByCloud = status === result.status ? undefined : status;
    if (endedByCloud !== undefined) {
      log.warn('the cloud ended a job first', { jobId, executionNumber, status, result: result.status });
    }
    store.write({ ...record, phase: 'settled', endedByCloud });
    events.emit('settled', { jobId, executionNumber }, status);
  }
}

const FINAL = { succeeded: 'SUCCEEDED', failed: 'FAILED', rejected: 'REJECTED' } as const;

function stopped(status: ExecutionStatus): JobStopped {
  return new JobStopped(status === 'TIMED_OUT' ? 'timed-out' : 'cancelled', `the cloud's execution is ${status}`);
}

async function outcomeOf(run: () => Promise<JobResult>): Promise<JobResult> {
  try {
    return await run();
  } catch (error) {
    return { status: 'failed', details: { reason: 'HANDLER_FAILED', detail: reasonOf(error) } };
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
