import type { JobOperation } from '@fleetwright/contracts';
import type { FinalResult } from './execution-record.ts';
import type { JobDetails } from './job-handler.ts';
import type { ExecutionStatus } from './jobs-service.ts';

export interface ExecutionName {
  readonly jobId: string;
  readonly executionNumber: number;
}

export interface JobsEvents {
  /** A handler runs; `attempt` is above 1 after a restart. */
  begun: [execution: ExecutionName, operation: JobOperation, attempt: number];
  progress: [execution: ExecutionName, details: JobDetails];
  /** Never begun: its document is invalid, old, repeated or foreign. */
  refused: [execution: ExecutionName, reason: string, detail: string];
  /** The cloud ended it while it ran. */
  cancelled: [execution: ExecutionName, status: ExecutionStatus];
  /** The device has a result, on disk. */
  ended: [execution: ExecutionName, result: FinalResult];
  /** The cloud has a final status. */
  settled: [execution: ExecutionName, status: ExecutionStatus];
}
