import type { JobDocument, JobOperation } from '@fleetwright/contracts';

/** The document of one operation. */
export type JobDocumentOf<Operation extends JobOperation> = Extract<JobDocument, { operation: Operation }>;

/** What a handler may keep between two runs. */
export type JsonValue =
  | null
  | boolean
  | number
  | string
  | readonly JsonValue[]
  | { readonly [name: string]: JsonValue | undefined };

/**
 * Status details of an execution: text alone, at most 1,024 characters a value, names of `[a-zA-Z0-9:_-]` (API reference,
 * UpdateJobExecution). Each report replaces the one before wholly. Longer values are cut by the runner.
 */
export type JobDetails = Readonly<Record<string, string | undefined>>;

/**
 * Why a run is to end before it has a result: `reason` of its signal.
 * - `cancelled`: the cloud has cancelled, timed out or deleted the execution, which nothing can be reported to any more.
 * - `timed-out`: the time that the document or the handler gives itself is over.
 * - `stopping`: the agent stops. What `run` answers now is not looked at; it is called again after the restart.
 */
export type JobStop = 'cancelled' | 'timed-out' | 'stopping';

/** The reason of an execution's signal, and what `renew` fails with once it is aborted. */
export class JobStopped extends Error {
  override readonly name = 'JobStopped';
  readonly why: JobStop;
  constructor(why: JobStop, message: string) {
    super(message);
    this.why = why;
  }
}

/** One execution of a job, as its handler sees it. */
export interface JobExecution<Operation extends JobOperation = JobOperation> {
  readonly jobId: string;
  readonly executionNumber: number;
  readonly document: JobDocumentOf<Operation>;
  /** 1 in the first run of this execution; one more in each run after a restart. */
  readonly attempt: number;
  /** What an earlier run, or this one, has last kept with `keep`. */
  readonly progress: JsonValue | undefined;
  /** Aborted with a {@link JobStopped}. A handler past its point of no return may go on: the runner waits for it. */
  readonly signal: AbortSignal;
  /** On disk, whole, when it returns. @throws DeviceError `STATE_UNUSABLE` */
  keep(progress: JsonValue): void;
  /**
   * Tells the cloud how far it is, when that can be told: it never waits, and of several reports that could not be sent
   * the newest is. It also renews the step timer.
   */
  report(details: JobDetails): void;
  /**
   * The document as the cloud describes it now: with new presigned URLs. Waits for a connection.
   * @throws JobStopped when the signal aborts meanwhile
   */
  renew(): Promise<JobDocumentOf<Operation>>;
}

/**
 * How a run ended.
 * - `succeeded`, `failed`, `rejected`: the truth. It is on disk before it is sent, and sent until the cloud has it.
 *   `rejected` is for what was not begun. Details `reason` (upper case, a code) and `detail` (for people) say why.
 * - `resume`: the device or the agent is about to restart; `run` is called again afterwards with what was kept, and never
 *   before. The execution stays in progress.
 */
export type JobResult =
  | { readonly status: 'succeeded'; readonly details?: JobDetails }
  | { readonly status: 'failed' | 'rejected'; readonly details: JobDetails & { readonly reason: string } }
  | { readonly status: 'resume' };

/**
 * Does what one operation asks.
 *
 * INVARIANTS
 * - One execution runs at a time in the whole agent.
 * - The document has been validated, is neither expired nor replayed, and is for this device. An execution that was begun
 *   in time is resumed however late.
 * - `run` may be called again for the same execution after a crash at any point, even after it has returned: it must be
 *   idempotent, by what it kept.
 * - An error that it throws is reported as `failed` with reason `HANDLER_FAILED`.
 */
export interface JobHandler<Operation extends JobOperation = JobOperation> {
  readonly operation: Operation;
  /**
   * Minutes within which the cloud must hear of a running execution, or calls it timed out; renewed at half of it for as
   * long as the agent runs, so it bounds how long the device may be away. 1 to 10080. @default 60
   */
  readonly stepTimeoutMinutes?: number;
  run(execution: JobExecution<Operation>): Promise<JobResult>;
}

/** A handler of whatever operation. */
export type AnyJobHandler = JobHandler | { [Operation in JobOperation]: JobHandler<Operation> }[JobOperation];
