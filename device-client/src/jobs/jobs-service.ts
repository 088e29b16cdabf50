import type { JobDetails } from './job-handler.ts';

/** States of an execution (IoT developer guide, `iot-jobs-lifecycle`). */
export type ExecutionStatus =
  | 'QUEUED'
  | 'IN_PROGRESS'
  | 'SUCCEEDED'
  | 'FAILED'
  | 'REJECTED'
  | 'TIMED_OUT'
  | 'REMOVED'
  | 'CANCELED';

const TERMINAL: ReadonlySet<ExecutionStatus> = new Set([
  'SUCCEEDED',
  'FAILED',
  'REJECTED',
  'TIMED_OUT',
  'REMOVED',
  'CANCELED',
]);

export function isTerminal(status: ExecutionStatus): boolean {
  return TERMINAL.has(status);
}

export interface ExecutionState {
  readonly status: ExecutionStatus;
  readonly versionNumber: number;
}

/** An execution as the cloud describes it. */
export interface DescribedExecution extends ExecutionState {
  readonly jobId: string;
  readonly executionNumber: number;
  /** Whose it is. */
  readonly thingName: string;
  readonly document: unknown;
}

export interface ExecutionUpdate {
  readonly jobId: string;
  readonly executionNumber: number;
  readonly status: 'IN_PROGRESS' | 'SUCCEEDED' | 'FAILED' | 'REJECTED';
  /** Replace those before; undefined leaves them. */
  readonly details?: JobDetails | undefined;
  readonly expectedVersion?: number | undefined;
  readonly stepTimeoutMinutes?: number | undefined;
}

export type JobsServiceErrorCode =
  /** The execution stands otherwise than expected: `state` says how, where the cloud did. */
  | 'STATE'
  | 'NOT_FOUND'
  /** The request will never do. */
  | 'INVALID'
  /** Throttled, failed or not answered: it may have been carried out. */
  | 'UNAVAILABLE';

export class JobsServiceError extends Error {
  override readonly name = 'JobsServiceError';
  readonly code: JobsServiceErrorCode;
  readonly state: ExecutionState | undefined;
  constructor(code: JobsServiceErrorCode, message: string, state?: ExecutionState, options?: { cause?: unknown }) {
    super(message, options);
    this.code = code;
    this.state = state;
  }
}

/** The device's side of AWS IoT Jobs, as its runner needs it. Every operation rejects with a {@link JobsServiceError}. */
export interface JobsService {
  /** StartNextPendingJobExecution; undefined when nothing is pending. */
  startNext(stepTimeoutMinutes: number): Promise<DescribedExecution | undefined>;
  /** DescribeJobExecution with the document. */
  describe(jobId: string, executionNumber: number): Promise<DescribedExecution>;
  /** UpdateJobExecution. */
  update(update: ExecutionUpdate): Promise<ExecutionState>;
  /** Calls `task` when another execution is next, and when that may have been missed. */
  onNextChanged(task: () => void): void;
  close(): void;
}
