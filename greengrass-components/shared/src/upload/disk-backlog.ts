import type { UploadMessage } from '@fleetwright/contracts';
import { type DurableQueue, open } from '@fleetwright/durable-queue';
import type { ComponentClock, ComponentLog } from '../component.ts';
import type { PendingUpload, UploadBacklog, UploadPriority } from './upload-backlog.ts';

export interface DiskBacklogOptions {
  readonly directory: string;
  readonly maxBytes: number;
  /** Uploads of one priority handed out at once. */
  readonly window: number;
  readonly clock: ComponentClock;
  readonly log: ComponentLog;
}

/** On disk: survives the process and the power. What is least urgent and oldest gives way. */
export class DiskBacklog implements UploadBacklog {
  readonly #queue: DurableQueue;

  private constructor(queue: DurableQueue) {
    this.#queue = queue;
  }

  /** @throws QueueError `LOCKED`, `DIRECTORY_UNUSABLE` */
  static async open({ clock, directory, log, maxBytes, window }: DiskBacklogOptions): Promise<DiskBacklog> {
    const queue = await open({
      directory,
      maxBytes,
      maxLeases: window,
      clock,
      onReport: (report) => log.warn('the uploads on disk', { report }),
    });
    return new DiskBacklog(queue);
  }

  get size(): number {
    return this.#queue.stats().items;
  }

  async add(message: UploadMessage): Promise<number> {
    const { priority } = message;
    const result = await this.#queue.put(priority, Buffer.from(JSON.stringify(message)), { priority });
    return result.stored ? result.evicted : 1;
  }

  async next(channel: UploadPriority): Promise<PendingUpload | undefined> {
    const batch = await this.#queue.take(1, Number.MAX_SAFE_INTEGER, { channel });
    const item = batch?.items[0];
    if (batch === undefined || item === undefined) return undefined;
    const message = JSON.parse(item.bytes.toString('utf8')) as UploadMessage;
    return { message, done: async () => void (await this.#queue.ack(batch)) };
  }

  async close(): Promise<void> {
    await this.#queue.close();
  }
}
