import { createHash, randomBytes } from 'node:crypto';
import { join } from 'node:path';
import {
  type Sample,
  STORED_TOPIC,
  sampleSchema,
  storedMessageSchema,
  UPLOAD_TOPIC,
  type UploadMessage,
} from '@fleetwright/contracts';
import type { ComponentHost } from './component.ts';
import { DiskBacklog } from './upload/disk-backlog.ts';
import {
  MemoryBacklog,
  type PendingUpload,
  UPLOAD_PRIORITIES,
  type UploadBacklog,
  type UploadPriority,
} from './upload/upload-backlog.ts';

export interface UploaderOptions {
  /** Whether what was given survives a kill of the component: it is then in `uploads/` of the work directory. @default false */
  readonly durable?: boolean;
  /** Uploads kept in memory. @default 1000 */
  readonly maxUploads?: number;
  /** Bytes of uploads kept on disk, if durable. @default 16 MiB */
  readonly maxBytes?: number;
  /** Bytes of one message: nucleus lite takes 10,000 with everything around it. @default 6500 */
  readonly maxMessageBytes?: number;
}

export interface UploadStats {
  /** Kept and not stored by the spool. */
  readonly waiting: number;
  readonly given: number;
  readonly stored: number;
  /** For lack of room. */
  readonly dropped: number;
  /** The spool will never take them; samples that no schema takes are counted here too. */
  readonly refused: number;
  readonly repeated: number;
}

/** What an uploader needs of its component's host. */
export type UploaderHost = Pick<ComponentHost<unknown>, 'local' | 'clock' | 'log' | 'random' | 'workDirectory'>;

const MIB = 1_048_576;
/** Uploads of one priority that await their answer at once. */
const WINDOW = 4;
const MAX_SAMPLES = 500;
/** ms without an answer before the same is given again; doubled up to the second, each less up to half of it at random */
const FIRST_PATIENCE = 2_000;
const LAST_PATIENCE = 60_000;

interface Given {
  readonly pending: PendingUpload;
  timer: { cancel(): void };
}

/**
 * Gives samples to the spool (`com.fleetwright.StoreAndForward`) over the local bus, and keeps them until it says that it
 * has them.
 *
 * INVARIANTS
 * - An upload keeps its id and its content however often it is given, so that the spool stores it once.
 * - It is kept until the spool has stored it, has refused it for good, or more urgent uploads need its room. The last two are counted.
 */
export class Uploader {
  readonly #host: UploaderHost;
  readonly #backlog: UploadBacklog;
  readonly #maxMessageBytes: number;
  readonly #awaited = new Map<string, Given>();
  readonly #free = new Map<UploadPriority, number>(UPLOAD_PRIORITIES.map((priority) => [priority, WINDOW]));
  readonly #counts = { given: 0, stored: 0, dropped: 0, refused: 0, repeated: 0 };
  #pumping: Promise<void> = Promise.resolve();
  #subscription: { end(): Promise<void> } | undefined;
  #closed = false;

  private constructor(host: UploaderHost, backlog: UploadBacklog, maxMessageBytes: number) {
    this.#host = host;
    this.#backlog = backlog;
    this.#maxMessageBytes = maxMessageBytes;
  }

  /** What an earlier run has left, if durable, goes out first. */
  static async open(host: UploaderHost, options: UploaderOptions = {}): Promise<Uploader> {
    const { durable = false, maxBytes = 16 * MIB, maxMessageBytes = 6_500, maxUploads = 1_000 } = options;
    const { clock, log, workDirectory } = host;
    const backlog = durable
      ? await DiskBacklog.open({ directory: join(workDirectory, 'uploads'), maxBytes, window: WINDOW, clock, log })
      : new MemoryBacklog(maxUploads);
    const uploader = new Uploader(host, backlog, maxMessageBytes);
    uploader.#subscription = await host.local.subscribe(STORED_TOPIC, (message) => uploader.#answered(message));
    uploader.#pump();
    return uploader;
  }

  /**
   * Samples in their order; more than one message holds become several. Resolves when they are kept: on disk, if durable. It waits
   * neither for the spool nor for the cloud. Samples that no schema takes (`NaN`, a reserved name) are left out, logged and counted.
   * @param key 32 hexadecimal digits, by which the same samples given again, after a crash, have the same ids. @default random
   */
  async give(
    channel: UploadMessage['channel'],
    priority: UploadPriority,
    samples: readonly Sample[],
    key: string = randomBytes(16).toString('hex'),
  ): Promise<void> {
    if (this.#closed) throw new Error('the uploader is closed');
    const adding = this.#split(this.#valid(samples)).map((part, index) => {
      const uploadId = index === 0 ? key : createHash('sha256').update(`${key}:${index}`).digest('hex').slice(0, 32);
      this.#counts.given++;
      return this.#backlog.add({ version: 1, uploadId, channel, priority, samples: part });
    });
    const dropped = (await Promise.all(adding)).reduce((sum, count) => sum + count, 0);
    if (dropped > 0) {
      this.#counts.dropped += dropped;
      this.#host.log.warn('uploads are dropped: the spool does not take them', { dropped, priority });
    }
    this.#pump();
  }

  get stats(): UploadStats {
    return { waiting: this.#backlog.size, ...this.#counts };
  }

  /** What is not stored yet stays on disk, if durable, and is lost otherwise. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    for (const { timer } of this.#awaited.values()) timer.cancel();
    await this.#subscription?.end();
    await this.#pumping;
    await this.#backlog.close();
  }

  #valid(samples: readonly Sample[]): Sample[] {
    return samples.filter((sample) => {
      const read = sampleSchema.safeParse(sample);
      if (read.success) return true;
      this.#counts.refused++;
      const problems = read.error.issues.map(({ message, path }) => `${path.join('.')}: ${message}`);
      this.#host.log.error('a sample is no sample', { problems });
      return false;
    });
  }

  #split(samples: readonly Sample[]): Sample[][] {
    const parts: Sample[][] = [];
    let part: Sample[] = [];
    let bytes = 0;
    for (const sample of samples) {
      const size = Buffer.byteLength(JSON.stringify(sample)) + 1;
      if (part.length > 0 && (part.length === MAX_SAMPLES || bytes + size > this.#maxMessageBytes)) {
        parts.push(part);
        part = [];
        bytes = 0;
      }
      part.push(sample);
      bytes += size;
    }
    if (part.length > 0) parts.push(part);
    return parts;
  }

  /** Gives what there is room for, one round after another. */
  #pump(): void {
    this.#pumping = this.#pumping
      .then(async () => {
        for (const priority of UPLOAD_PRIORITIES) {
          while (!this.#closed && this.#room(priority) > 0) {
            const pending = await this.#backlog.next(priority);
            if (pending === undefined) break;
            this.#free.set(priority, this.#room(priority) - 1);
            this.#send(pending, FIRST_PATIENCE);
          }
        }
      })
      .catch((error) => {
        this.#host.log.error('uploads cannot be read', { reason: String(error) });
      });
  }

  #room(priority: UploadPriority): number {
    return this.#free.get(priority) ?? 0;
  }

  #send(pending: PendingUpload, patience: number): void {
    const { clock, local, log, random } = this.#host;
    const { uploadId } = pending.message;
    const timer = clock.after(patience * (1 - random() / 2), () => {
      if (this.#closed) return;
      this.#counts.repeated++;
      this.#send(pending, Math.min(patience * 2, LAST_PATIENCE));
    });
    this.#awaited.set(uploadId, { pending, timer });
    local.publish(UPLOAD_TOPIC, pending.message).catch((error) => {
      log.warn('an upload could not be given, it will be again', { uploadId, reason: String(error) });
    });
  }

  #answered(message: unknown): void {
    const read = storedMessageSchema.safeParse(message);
    if (!read.success) return;
    const { detail, ok, uploadId } = read.data;
    const awaited = this.#awaited.get(uploadId);
    if (awaited === undefined) return;
    this.#awaited.delete(uploadId);
    awaited.timer.cancel();
    const { priority } = awaited.pending.message;
    this.#free.set(priority, this.#room(priority) + 1);
    if (ok) {
      this.#counts.stored++;
    } else {
      this.#counts.refused++;
      this.#host.log.error('the spool refuses an upload for good', { uploadId, detail });
    }
    if (this.#closed) return;
    awaited.pending
      .done()
      .catch((error) => this.#host.log.warn('an upload is given again later', { uploadId, reason: String(error) }))
      .then(() => this.#pump());
  }
}
