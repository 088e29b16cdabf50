import { type BackoffPolicy, backoffDelay } from '../backoff.ts';
import { type DeviceClock, sleep } from '../clock.ts';
import { Doorbell } from '../doorbell.ts';
import { reasonOf } from '../errors.ts';
import type { DeviceLog } from '../feature.ts';
import type { JobDetails } from './job-handler.ts';
import {
  type ExecutionState,
  type ExecutionStatus,
  isTerminal,
  type JobsService,
  JobsServiceError,
} from './jobs-service.ts';

export interface ProgressReporterOptions {
  readonly service: JobsService;
  readonly jobId: string;
  readonly executionNumber: number;
  readonly versionNumber: number;
  readonly stepTimeoutMinutes: number;
  readonly connected: () => boolean;
  readonly clock: DeviceClock;
  readonly random: () => number;
  readonly log: DeviceLog;
  /** ms between two reports at least */
  readonly interval: number;
  /** The cloud has ended the execution. */
  readonly onEnded: (status: ExecutionStatus) => void;
}

export const RETRY: BackoffPolicy = { base: 1_000, cap: 30_000 };

/**
 * Tells the cloud how far a running execution is, and learns from its answers when the cloud has ended it.
 *
 * INVARIANT: one request at a time; of several reports the newest is sent.
 */
export class ProgressReporter {
  readonly #options: ProgressReporterOptions;
  readonly #bell: Doorbell;
  readonly #stop = new AbortController();
  #details: JobDetails | undefined;
  /** Whether to ask the cloud even without anything new to say. */
  #due = false;
  #version: number | undefined;
  #loop: Promise<void> | undefined;

  constructor(options: ProgressReporterOptions) {
    this.#options = options;
    this.#version = options.versionNumber;
    this.#bell = new Doorbell(options.clock);
  }

  /** The version that the cloud has last told. */
  get versionNumber(): number {
    return this.#version ?? this.#options.versionNumber;
  }

  start(): void {
    this.#loop = this.#run();
  }

  report(details: JobDetails): void {
    this.#details = details;
    this.#bell.ring();
  }

  /** Asks the cloud soon whether the execution still is to run. */
  check(): void {
    this.#due = true;
    this.#bell.ring();
  }

  /** Goes on with what waits for a connection. */
  wake(): void {
    this.#bell.ring();
  }

  /** Resolves when no request is under way any more. */
  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#loop;
  }

  async #run(): Promise<void> {
    const { clock, connected, interval, random, stepTimeoutMinutes } = this.#options;
    const { signal } = this.#stop;
    const heartbeat = stepTimeoutMinutes * 30_000;
    for (let failures = 0; !signal.aborted; ) {
      if ((this.#due || this.#details !== undefined) && connected()) {
        failures = (await this.#send()) ? 0 : failures + 1;
        const more = failures === 0 ? 0 : backoffDelay(RETRY, failures - 1, random());
        await sleep(clock, interval + more, signal);
      } else if (!(await this.#bell.wait(signal, connected() ? heartbeat : undefined))) {
        this.#due = true;
      }
    }
  }

  /** @returns whether the cloud has answered */
  async #send(): Promise<boolean> {
    const { executionNumber, jobId, log, onEnded, service, stepTimeoutMinutes } = this.#options;
    const details = this.#details;
    this.#details = undefined;
    this.#due = false;
    const keep = (): void => {
      this.#details ??= details;
      this.#due = true;
    };
    try {
      const expectedVersion = this.#version;
      const state = await service.update({
        jobId,
        executionNumber,
        status: 'IN_PROGRESS',
        details,
        expectedVersion,
        stepTimeoutMinutes,
      });
      this.#version = state.versionNumber;
      return true;
    } catch (error) {
      if (this.#stop.signal.aborted) return false;
      if (!(error instanceof JobsServiceError)) throw error;
      if (error.code === 'NOT_FOUND') {
        onEnded('REMOVED');
        this.#stop.abort();
        return true;
      }
      if (error.code === 'STATE') return this.#stands(error.state, onEnded, keep);
      if (error.code === 'INVALID') {
        log.error('the cloud refuses a report of progress', { jobId, reason: error.message });
        return true;
      }
      log.debug('a report of progress is sent again', { jobId, reason: reasonOf(error) });
      keep();
      return false;
    }
  }

  #stands(state: ExecutionState | undefined, onEnded: (status: ExecutionStatus) => void, keep: () => void): boolean {
    if (state === undefined || isTerminal(state.status)) {
      onEnded(state?.status ?? 'CANCELED');
      this.#stop.abort();
      return true;
    }
    if (this.#version !== undefined && state.versionNumber < this.#version) {
      // Versions only grow: this is another execution, of a job that was deleted and made again under its id.
      onEnded('REMOVED');
      this.#stop.abort();
      return true;
    }
    // An earlier report got through whose answer was lost.
    this.#version = state.versionNumber;
    keep();
    return true;
  }
}
