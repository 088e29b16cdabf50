import { backoffDelay } from '../backoff.ts';
import { type DeviceClock, sleep } from '../clock.ts';
import type { Doorbell } from '../doorbell.ts';
import type { DeviceLog } from '../feature.ts';
import type { ExecutionRecord, FinalResult } from './execution-record.ts';
import { type ExecutionStatus, isTerminal, type JobsService, JobsServiceError } from './jobs-service.ts';
import { RETRY } from './progress-reporter.ts';

export interface DeliveryPorts {
  readonly service: JobsService;
  readonly connected: () => boolean;
  /** Rung at a new connection. */
  readonly bell: Doorbell;
  readonly clock: DeviceClock;
  readonly random: () => number;
  readonly log: DeviceLog;
  readonly signal: AbortSignal;
}

/**
 * Tells the cloud the result until it has a final status of the execution.
 * @returns that status, which is the cloud's own where it ended the execution first; undefined when stopped before
 */
export async function deliverResult(
  { executionNumber, jobId, versionNumber }: ExecutionRecord,
  result: FinalResult,
  ports: DeliveryPorts,
): Promise<ExecutionStatus | undefined> {
  const { bell, clock, connected, log, random, service, signal } = ports;
  let details = result.details;
  let expectedVersion = versionNumber;
  for (let attempt = 0; !signal.aborted; ) {
    if (!connected()) {
      await bell.wait(signal);
      continue;
    }
    try {
      await service.update({ jobId, executionNumber, status: result.status, details, expectedVersion });
      return result.status;
    } catch (error) {
      if (signal.aborted) return undefined;
      if (!(error instanceof JobsServiceError)) throw error;
      const { code, state } = error;
      if (code === 'NOT_FOUND') return 'REMOVED';
      if (code === 'STATE' && (state === undefined || isTerminal(state.status))) return state?.status ?? 'CANCELED';
      // Versions only grow: a lower one is another execution, of a job that was deleted and made again under its id.
      if (code === 'STATE' && state !== undefined && state.versionNumber < expectedVersion) return 'REMOVED';
      if (code === 'STATE' && state !== undefined && state.versionNumber > expectedVersion) {
        expectedVersion = state.versionNumber;
        continue;
      }
      if (code === 'INVALID' && Object.keys(details).length > 0) {
        // The status is the truth that must get there; its words are in the log.
        log.error('the cloud refuses the details of a result; it is sent without', { jobId, reason: error.message });
        details = {};
        continue;
      }
      log.warn('a result is sent again', { jobId, status: result.status, reason: error.message });
      await sleep(clock, backoffDelay(RETRY, attempt++, random()), signal);
    }
  }
  return undefined;
}
