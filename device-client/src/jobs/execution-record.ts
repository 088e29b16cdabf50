import { type JobDocument, jobDocumentSchema } from '@fleetwright/contracts';
import * as z from 'zod';
import { DeviceError } from '../errors.ts';
import type { DeviceLog } from '../feature.ts';
import type { StateDirectory } from '../state-directory.ts';
import type { JsonValue } from './job-handler.ts';
import type { ExecutionStatus } from './jobs-service.ts';

/** How an execution ended on the device. */
export interface FinalResult {
  readonly status: 'SUCCEEDED' | 'FAILED' | 'REJECTED';
  readonly details: Readonly<Record<string, string | undefined>>;
}

/**
 * The one execution that the device has before it, or had last.
 * - `running`: begun, without a result.
 * - `ended`: with a result that the cloud may not have.
 * - `settled`: the cloud has a final status: this result, or one of its own.
 */
export interface ExecutionRecord {
  readonly jobId: string;
  readonly executionNumber: number;
  readonly versionNumber: number;
  /** Of the document as it came. */
  readonly digest: string;
  readonly phase: 'running' | 'ended' | 'settled';
  /** Missing for one that was refused for its document. */
  readonly document?: JobDocument | undefined;
  /** Runs that were begun. */
  readonly attempt: number;
  readonly progress?: JsonValue | undefined;
  readonly result?: FinalResult | undefined;
  /** The cloud ended it, whatever the device did. */
  readonly endedByCloud?: ExecutionStatus | undefined;
}

const FILE = 'execution.json';

const recordSchema = z.object({
  version: z.literal(1),
  jobId: z.string().min(1),
  executionNumber: z.int(),
  versionNumber: z.int(),
  digest: z.string(),
  phase: z.enum(['running', 'ended', 'settled']),
  document: jobDocumentSchema.optional(),
  attempt: z.int().nonnegative(),
  progress: z.json().optional(),
  result: z
    .object({ status: z.enum(['SUCCEEDED', 'FAILED', 'REJECTED']), details: z.record(z.string(), z.string()) })
    .optional(),
  endedByCloud: z
    .enum(['QUEUED', 'IN_PROGRESS', 'SUCCEEDED', 'FAILED', 'REJECTED', 'TIMED_OUT', 'REMOVED', 'CANCELED'])
    .optional(),
});

/** Keeps the record on disk. INVARIANT: what `current` shows is on disk, but for the version, which the cloud corrects. */
export class ExecutionStore {
  readonly #state: StateDirectory;
  #closed = false;
  #current: ExecutionRecord | undefined;

  constructor(state: StateDirectory, log: DeviceLog) {
    this.#state = state;
    const kept = state.read(FILE);
    if (kept === undefined) return;
    try {
      const { version: _, ...record } = recordSchema.parse(JSON.parse(kept));
      this.#current = record;
    } catch {
      // The cloud still has the execution, and hands it out again.
      log.error('the record of the execution is damaged and is not used', { file: state.file(FILE) });
    }
  }

  get current(): ExecutionRecord | undefined {
    return this.#current;
  }

  /** @throws DeviceError `STATE_UNUSABLE`, `STOPPED` */
  write(record: ExecutionRecord): ExecutionRecord {
    if (this.#closed) throw new DeviceError('STOPPED', 'the agent stops');
    this.#state.write(FILE, `${JSON.stringify({ version: 1, ...record })}\n`);
    this.#current = record;
    return record;
  }

  noteVersion(versionNumber: number): void {
    if (this.#current !== undefined) this.#current = { ...this.#current, versionNumber };
  }

  /** Nothing is written any more. */
  close(): void {
    this.#closed = true;
  }
}
