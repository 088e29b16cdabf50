import { join } from 'node:path';
import { STORED_TOPIC } from '@fleetwright/contracts';
import { type Batch, type DurableQueue, type FileSystem, open } from '@fleetwright/durable-queue';
import type { ComponentHost } from '../../shared/src/component.ts';
import { raiseBootCounter } from './boot-counter.ts';
import { echoTopic, MAX_MESSAGE_BYTES, type SpoolConfiguration, uploadTopic } from './configuration.ts';
import { DiskHealth } from './disk-health.ts';
import { Drain } from './drain.ts';
import { Echo } from './echo.ts';
import { Intake } from './intake.ts';
import { KnownUploads } from './known-uploads.ts';
import { Pace } from './pace.ts';
import { SpoolReport } from './spool-report.ts';
import type { SpoolStats } from './spool-stats.ts';
import { bootIdOf, decodeSpooled } from './spooled-message.ts';

/** bytes of an item: a message of one upload, or one of many small ones with their ids */
const MAX_ITEM_BYTES = MAX_MESSAGE_BYTES + 11_000;
/** Batches handed out at once: all of the spool while it is read at the start. */
const MAX_LEASES = 65_536;
const SCAN_BYTES = 1_048_576;
const MIB = 1_048_576;

export interface SpoolOptions {
  /** The disk has failed for too long. */
  readonly onBroken: (error: Error) => void;
  /** Of the queue. @default the machine's */
  readonly fileSystem?: FileSystem | undefined;
}

/** The spool on disk with its two ends. Made by {@link Spool.open}. */
export class Spool {
  readonly #queue: DurableQueue;
  readonly #known: KnownUploads;
  readonly #echo: Echo;
  readonly #intake: Intake;
  readonly #drain: Drain;
  readonly #report: SpoolReport;
  readonly #bootId: number;

  private constructor(
    host: ComponentHost<SpoolConfiguration>,
    queue: DurableQueue,
    known: KnownUploads,
    bootId: number,
    { onBroken }: SpoolOptions,
  ) {
    const { clock, cloud, configuration, local, log, thingName } = host;
    this.#queue = queue;
    this.#known = known;
    this.#bootId = bootId;
    const health = new DiskHealth(clock, onBroken);
    const pace = new Pace(clock, () => configuration.current.rate);
    // The address at the opening: the component opens the spool anew when it changes.
    const opened = configuration.current;
    this.#echo = new Echo({
      cloud,
      clock,
      log,
      topic: echoTopic(opened, thingName),
      patience: () => configuration.current.echoPatience,
      turn: (bytes, signal) => pace.turn(bytes, signal),
    });
    this.#intake = new Intake({
      queue,
      known,
      clock,
      log,
      batch: () => configuration.current.batch,
      bootId,
      health,
      answer: (message) => {
        local.publish(STORED_TOPIC, message).catch((error) => {
          log.warn('an answer could not be given, the upload will be repeated', { reason: String(error) });
        });
      },
    });
    this.#drain = new Drain({
      queue,
      known,
      echo: this.#echo,
      pace,
      health,
      cloud,
      clock,
      log,
      window: () => configuration.current.window,
      topic: (channel) => uploadTopic(configuration.current, thingName, channel),
    });
    this.#report = new SpoolReport({
      clock,
      interval: () => configuration.current.reportInterval,
      stats: () => this.stats,
      give: (upload) => this.#intake.take(upload),
    });
  }

  /** @throws QueueError when the work directory cannot be used */
  static async open(host: ComponentHost<SpoolConfiguration>, options: SpoolOptions): Promise<Spool> {
    const { clock, configuration, log, workDirectory } = host;
    const { maxBytes } = configuration.current.disk;
    const queue = await open({
      directory: join(workDirectory, 'queue'),
      maxBytes,
      segmentBytes: Math.min(MIB, Math.floor(maxBytes / 16)),
      maxItemBytes: MAX_ITEM_BYTES,
      maxLeases: MAX_LEASES,
      clock,
      ...(options.fileSystem !== undefined && { fileSystem: options.fileSystem }),
      onReport: (report) => log.warn('the spool on disk', { report }),
    });
    try {
      const known = await KnownUploads.open(workDirectory);
      const highest = await scan(queue, known);
      const bootId = await raiseBootCounter(host, highest);
      const spool = new Spool(host, queue, known, bootId, options);
      await spool.#echo.open();
      spool.#drain.start();
      spool.#report.start();
      log.info('the spool is open', { ...spool.stats, knownUploads: known.size });
      return spool;
    } catch (error) {
      await queue.close();
      throw error;
    }
  }

  get stats(): SpoolStats {
    const { bytes, dropped, items } = this.#queue.stats();
    const { deferred, duplicates, refused, taken } = this.#intake.counts;
    const lost = dropped['queue-full'] + dropped['disk-full'] + dropped['too-old'] - this.#intake.counts.notStored;
    return {
      waiting: items,
      bytes,
      bootId: this.#bootId,
      taken,
      duplicates,
      refused,
      deferred,
      dropped: lost,
      ...this.#drain.counts,
    };
  }

  take(upload: unknown): void {
    this.#intake.take(upload);
  }

  /** What was taken is on disk; what was sent and not confirmed will be sent again. */
  async close(): Promise<void> {
    this.#report.stop();
    await this.#drain.stop();
    await this.#echo.close();
    await this.#intake.flush();
    await this.#queue.close();
    await this.#known.close();
  }
}

/** Reads the whole spool for the uploads in it. @returns the highest boot id */
async function scan(queue: DurableQueue, known: KnownUploads): Promise<number> {
  const first = new Map<string, Batch>();
  let highest = 0;
  for (;;) {
    const batch = await queue.take(Number.MAX_SAFE_INTEGER, SCAN_BYTES);
    if (batch === undefined) break;
    if (!first.has(batch.channel)) first.set(batch.channel, batch);
    for (const { bytes } of batch.items) {
      const { payload, uploadIds } = decodeSpooled(bytes);
      for (const id of uploadIds) known.add(id);
      highest = Math.max(highest, bootIdOf(payload));
    }
  }
  // A release takes back the later batches of its channel too.
  for (const batch of first.values()) await queue.release(batch);
  return highest;
}
