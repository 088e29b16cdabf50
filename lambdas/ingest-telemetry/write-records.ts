import type { RejectedRecord } from '@aws-sdk/client-timestream-write';
import { errorName, FunctionError, messageOf } from '../shared/errors.ts';
import { halves, type RecordBatch, type RecordOrigin } from './build-records.ts';
import { type TimeBounds, timeReason } from './check-times.ts';
import type { Rejection } from './model.ts';

export interface StorePort {
  /** Writes a batch, or rejects with the SDK's error (`RejectedRecordsException` holds `RejectedRecords`). */
  write(batch: RecordBatch): Promise<void>;
}

export interface RetryPorts {
  pause(milliseconds: number): Promise<void>;
  /** Evenly in [0, 1). */
  random(): number;
  /** ms that the function may still run */
  remaining(): number;
}

export interface WriteOutcome {
  stored: number;
  readonly rejections: Rejection[];
  /** Messages with samples that were not written but may be, later. */
  readonly unfinished: Set<string>;
  retries: number;
}

const RETRYABLE = new Set([
  'ThrottlingException',
  'TooManyRequestsException',
  'InternalServerException',
  'ServiceUnavailableException',
  'InvalidEndpointException',
  'RequestTimeout',
  'TimeoutError',
  'NetworkingError',
  'AbortError',
]);
const NETWORK_CODES = new Set(['ECONNRESET', 'ECONNREFUSED', 'EPIPE', 'ETIMEDOUT', 'EAI_AGAIN', 'ENOTFOUND']);

const BASE_PAUSE = 50;
const MAX_PAUSE = 2_000;
/** Left for the dead letters and the answer, in ms. A retry that would cut into it is left to the queue. */
const RESERVE = 5_000;

/**
 * Writes batches, a bounded number at once.
 * What may succeed later is retried while there is time and then left to the queue; what the store refuses is
 * reported with its reason.
 * @throws FunctionError `STORE_REFUSED` when the store refuses the function itself (permission, table)
 */
export async function writeRecords(
  batches: readonly RecordBatch[],
  parallel: number,
  bounds: TimeBounds,
  store: StorePort,
  ports: RetryPorts,
): Promise<WriteOutcome> {
  const outcome: WriteOutcome = { stored: 0, rejections: [], unfinished: new Set(), retries: 0 };
  let next = 0;
  let failure: unknown;
  const worker = async (): Promise<void> => {
    while (next < batches.length && failure === undefined) {
      try {
        await writeBatch(batches[next++] as RecordBatch, outcome, bounds, store, ports);
      } catch (error) {
        failure ??= error;
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(parallel, batches.length) }, worker));
  if (failure !== undefined) throw failure;
  return outcome;
}

async function writeBatch(
  batch: RecordBatch,
  outcome: WriteOutcome,
  bounds: TimeBounds,
  store: StorePort,
  ports: RetryPorts,
): Promise<void> {
  for (let attempt = 0; ; attempt++) {
    try {
      await store.write(batch);
      outcome.stored += batch.records.length;
      return;
    } catch (error) {
      if (errorName(error) === 'RejectedRecordsException') return takeRejected(batch, error, outcome, bounds);
      if (errorName(error) === 'ValidationException') return isolate(batch, error, outcome, bounds, store, ports);
      if (!isRetryable(error)) {
        throw new FunctionError(
          'STORE_REFUSED',
          `the store refused a write: ${errorName(error)}: ${messageOf(error)}`,
          {
            cause: error,
          },
        );
      }
      const pause = retryPause(attempt, ports);
      if (pause === undefined) {
        for (const { received } of batch.origins) outcome.unfinished.add(received.messageId);
        return;
      }
      outcome.retries++;
      await ports.pause(pause);
    }
  }
}

/** ms before another attempt; undefined when there is no time left for one. */
export function retryPause(attempt: number, ports: RetryPorts): number | undefined {
  const pause = ports.random() * Math.min(MAX_PAUSE, BASE_PAUSE * 2 ** attempt);
  return ports.remaining() - pause < RESERVE ? undefined : pause;
}

/** The records that are not named were stored (Timestream API reference, WriteRecords). */
function takeRejected(batch: RecordBatch, error: unknown, outcome: WriteOutcome, bounds: TimeBounds): void {
  const rejected = (error as { RejectedRecords?: RejectedRecord[] }).RejectedRecords ?? [];
  outcome.stored += batch.records.length - rejected.length;
  for (const record of rejected) {
    const origin = batch.origins[record.RecordIndex ?? -1];
    if (origin === undefined) throw new FunctionError('STORE_REFUSED', 'the store rejected a record that was not sent');
    outcome.rejections.push(toRejection(origin, record, bounds));
  }
}

function toRejection({ received, sample }: RecordOrigin, record: RejectedRecord, bounds: TimeBounds): Rejection {
  const place = { messageId: received.messageId, sample };
  const detail = record.Reason ?? 'no reason given';
  if (record.ExistingVersion !== undefined) return { ...place, reason: 'CONFLICTING_RECORD', detail };
  const time = (received.message.samples[sample] as { time: number }).time;
  return { ...place, reason: timeReason(time, bounds) ?? 'STORE_REJECTED', detail };
}

/** A request that is invalid as a whole is halved until the record that makes it so stands alone. */
async function isolate(
  batch: RecordBatch,
  error: unknown,
  outcome: WriteOutcome,
  bounds: TimeBounds,
  store: StorePort,
  ports: RetryPorts,
): Promise<void> {
  const [origin] = batch.origins;
  if (batch.records.length === 1 && origin !== undefined) {
    const { messageId } = origin.received;
    outcome.rejections.push({ messageId, sample: origin.sample, reason: 'STORE_REJECTED', detail: messageOf(error) });
    return;
  }
  for (const half of halves(batch)) await writeBatch(half, outcome, bounds, store, ports);
}

export function isRetryable(error: unknown): boolean {
  if (RETRYABLE.has(errorName(error))) return true;
  const { $metadata, code, $retryable } = error as {
    $metadata?: { httpStatusCode?: number };
    code?: string;
    $retryable?: unknown;
  };
  return ($metadata?.httpStatusCode ?? 0) >= 500 || $retryable !== undefined || NETWORK_CODES.has(code ?? '');
}
