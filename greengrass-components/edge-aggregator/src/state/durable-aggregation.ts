import type { AnomalyMessage, FieldValue } from '@fleetwright/contracts';
import type { ComponentLog } from '../../../shared/src/component.ts';
import type { AggregationSettings } from '../configuration.ts';
import { Aggregation } from '../engine/aggregation.ts';
import type { AggregationState } from '../engine/aggregation-state.ts';
import type { Batch } from '../engine/batch.ts';
import type { RawRequest } from '../engine/raw-tap.ts';
import { JournalWriter, replay } from './journal.ts';
import { StateFiles } from './state-files.ts';

export interface DurableOptions {
  readonly directory: string;
  readonly settings: AggregationSettings;
  /** Random, of this process. */
  readonly run: string;
  readonly now: number;
  readonly sync: () => boolean;
  readonly checkpointBytes: () => number;
  /** Resolves when somebody else keeps the batch; given again, after a crash or when it rejects, it has the same id and samples. */
  readonly give: (batch: Batch) => Promise<void>;
  readonly log: ComponentLog;
}

/** Batches that are given at once: each waits for the disk, and they share its turns. */
const AT_ONCE = 32;
/** Of records that wait for a disk that does not come back; of more, the whole state is written instead. bytes */
const MAX_WAITING_BYTES = 64 * 1_048_576;

/**
 * An aggregation whose state is on disk.
 *
 * INVARIANT: a batch is given only when all that led to it is on disk. So a process that is killed goes on from a state that it
 * had after its last {@link flush}, or later, and nothing that it has given is given again with other samples.
 */
export class DurableAggregation {
  readonly #aggregation: Aggregation;
  readonly #files: StateFiles;
  readonly #options: DurableOptions;
  readonly #writer = new JournalWriter();
  #journalBytes = 0;
  /** The journal cannot be gone on with: the whole state must be written. */
  #mustBegin = true;
  /** Records were dropped since the last write. */
  #hasGap = false;
  /** Batches up to this number are on disk by what led to them. */
  #safeNumber = 0;
  #work: Promise<void> = Promise.resolve();

  private constructor(aggregation: Aggregation, files: StateFiles, options: DurableOptions) {
    this.#aggregation = aggregation;
    this.#files = files;
    this.#options = options;
  }

  /** @throws the disk's error */
  static async open(options: DurableOptions): Promise<DurableAggregation> {
    const { directory, log, now, run, settings, sync } = options;
    const files = new StateFiles(directory, sync, log);
    const { isDamaged, journals, state } = await files.read();
    const aggregation =
      state === undefined ? new Aggregation(settings, run) : restored(state as AggregationState, journals, log);
    if (isDamaged) log.error('a part of the state on disk was damaged and is lost', { directory });
    const durable = new DurableAggregation(aggregation, files, options);
    aggregation.beginRun(run);
    if (JSON.stringify(aggregation.settings) !== JSON.stringify(settings)) aggregation.configure(settings, now);
    await durable.flush();
    return durable;
  }

  /** To look at. Whatever changes it goes through this class. */
  get aggregation(): Omit<Aggregation, 'value' | 'anomaly' | 'tick' | 'configure' | 'tap' | 'handed' | 'beginRun'> {
    return this.#aggregation;
  }

  values(values: readonly FieldValue[], now: number): void {
    if (this.#writer.size > MAX_WAITING_BYTES) this.#dropRecords();
    this.#writer.values(values, now);
    for (const value of values) this.#aggregation.value(value, now);
  }

  anomaly(anomaly: AnomalyMessage, now: number): void {
    this.#writer.anomaly(anomaly, now);
    this.#aggregation.anomaly(anomaly, now);
  }

  tick(now: number): void {
    this.#writer.tick(now);
    this.#aggregation.tick(now);
  }

  configure(settings: AggregationSettings, now: number): void {
    this.#writer.configure(settings, now);
    this.#aggregation.configure(settings, now);
  }

  tap(request: RawRequest | undefined): void {
    this.#writer.tap(request);
    this.#aggregation.tap(request);
  }

  /** Brings all calls so far to disk, and gives what may be given by then. Never rejects: what the disk refuses is tried again. */
  flush(): Promise<void> {
    this.#work = this.#work.then(async () => {
      await this.#write();
      await this.#give();
    });
    return this.#work;
  }

  async close(): Promise<void> {
    await this.flush();
    if (this.#writer.size > 0) await this.flush();
    await this.#files.close();
  }

  /** Only the whole state can follow. */
  #dropRecords(): void {
    this.#writer.take();
    this.#writer.forgetNames();
    this.#hasGap = true;
  }

  async #write(): Promise<void> {
    const { checkpointBytes, log } = this.#options;
    const number = this.#aggregation.batches.at(-1)?.number ?? 0;
    try {
      if (this.#mustBegin || this.#hasGap || this.#journalBytes > checkpointBytes()) {
        this.#mustBegin = true;
        this.#dropRecords();
        this.#hasGap = false;
        await this.#files.begin(JSON.stringify(this.#aggregation.state()));
        this.#mustBegin = false;
        this.#journalBytes = 0;
      } else if (this.#writer.size > 0) {
        const records = this.#writer.take();
        this.#mustBegin = true;
        await this.#files.append(records);
        this.#mustBegin = false;
        this.#journalBytes += records.length;
      }
      this.#safeNumber = Math.max(this.#safeNumber, number);
    } catch (error) {
      log.error('the state cannot be written; nothing is sent until it can', { reason: String(error) });
    }
  }

  async #give(): Promise<void> {
    const due = this.#aggregation.batches.filter(({ number }) => number <= this.#safeNumber);
    for (let at = 0; at < due.length; at += AT_ONCE) {
      const part = due.slice(at, at + AT_ONCE);
      const results = await Promise.allSettled(part.map((batch) => this.#options.give(batch)));
      for (const [index, { number }] of part.entries()) {
        const result = results[index];
        if (result?.status === 'rejected') {
          this.#options.log.warn('an upload is not taken yet', { number, reason: String(result.reason) });
          return;
        }
        this.#writer.handed(number);
        this.#aggregation.handed(number);
      }
    }
  }
}

/** What a journal says after something that cannot be read is left out. */
function restored(state: AggregationState, journals: readonly Uint8Array[], log: ComponentLog): Aggregation {
  const aggregation = Aggregation.from(state);
  try {
    for (const records of journals) replay(records, aggregation);
  } catch (error) {
    log.error('the journal is read no further', { reason: String(error) });
  }
  return aggregation;
}
