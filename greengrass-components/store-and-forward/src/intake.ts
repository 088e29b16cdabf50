import {
  MAX_SAMPLES_PER_MESSAGE,
  type Sample,
  type StoredMessage,
  type UploadMessage,
  uploadMessageSchema,
} from '@fleetwright/contracts';
import type { DurableQueue, PutResult } from '@fleetwright/durable-queue';
import type { ComponentClock, ComponentLog } from '../../shared/src/component.ts';
import { MAX_MESSAGE_BYTES, type SpoolConfiguration, type UploadChannel } from './configuration.ts';
import type { DiskHealth } from './disk-health.ts';
import type { KnownUploads } from './known-uploads.ts';
import { LimitedWarnings } from './limited-warnings.ts';
import { ENVELOPE_BYTES, encodeSpooled, formMessage } from './spooled-message.ts';

export interface IntakePorts {
  readonly queue: DurableQueue;
  readonly known: KnownUploads;
  readonly clock: ComponentClock;
  readonly log: ComponentLog;
  readonly batch: () => SpoolConfiguration['batch'];
  readonly bootId: number;
  readonly health: DiskHealth;
  readonly answer: (message: StoredMessage) => void;
}

export interface IntakeCounts {
  readonly taken: number;
  readonly duplicates: number;
  /** Never to be stored. */
  readonly refused: number;
  /** Not stored now: nothing was answered, and the giver repeats them. */
  readonly deferred: number;
  /** Messages of theirs that the queue counts as dropped. */
  readonly notStored: number;
}

interface Batch {
  readonly uploadIds: string[];
  readonly samples: Sample[];
  bytes: number;
  timer: { cancel(): void } | undefined;
}

/**
 * Takes uploads, makes telemetry messages of them and puts these on disk.
 *
 * INVARIANTS
 * - `ok: true` is answered only for what is on disk, or was.
 * - A message has its boot id and sequence before it is on disk, and keeps its bytes. A sequence is used once.
 * - An upload is in one message, whole.
 */
export class Intake {
  readonly #ports: IntakePorts;
  readonly #warnings: LimitedWarnings;
  readonly #batches = new Map<string, Batch>();
  readonly #sequences = new Map<UploadChannel, number>();
  /** Uploads that are in a batch or on their way to disk. */
  readonly #underway = new Set<string>();
  readonly #writing = new Set<Promise<void>>();
  readonly #counts = { taken: 0, duplicates: 0, refused: 0, deferred: 0, notStored: 0 };

  constructor(ports: IntakePorts) {
    this.#ports = ports;
    this.#warnings = new LimitedWarnings(ports.clock, ports.log);
  }

  get counts(): IntakeCounts {
    return { ...this.#counts };
  }

  /** An upload, or rubbish. */
  take(message: unknown): void {
    const read = uploadMessageSchema.safeParse(message);
    if (!read.success) {
      const detail = read.error.issues.map(({ message: text, path }) => `${path.join('.') || 'the upload'}: ${text}`);
      this.#refuse(message, detail.join('; ').slice(0, 1_024));
      return;
    }
    const upload = read.data;
    const { uploadId } = upload;
    if (this.#ports.known.has(uploadId)) {
      this.#counts.duplicates++;
      this.#ports.answer({ version: 1, uploadId, ok: true });
    } else if (!this.#underway.has(uploadId)) {
      this.#add(upload);
    }
  }

  /** Puts what waits for company on disk. Resolves when nothing is underway. */
  async flush(): Promise<void> {
    for (const key of [...this.#batches.keys()]) this.#write(key);
    await Promise.all(this.#writing);
  }

  #add(upload: UploadMessage): void {
    const { channel, priority, samples, uploadId } = upload;
    const { bytes: limit, linger } = this.#ports.batch();
    const size = Buffer.byteLength(JSON.stringify(samples));
    if (size + ENVELOPE_BYTES > MAX_MESSAGE_BYTES) {
      this.#refuse(
        upload,
        `has ${size} bytes of samples, ${MAX_MESSAGE_BYTES - ENVELOPE_BYTES} at most: give fewer at once`,
      );
      return;
    }
    const key = `${channel}.${priority}`;
    const waiting = this.#batches.get(key);
    if (waiting !== undefined) {
      const isFull = waiting.bytes + size > limit || waiting.samples.length + samples.length > MAX_SAMPLES_PER_MESSAGE;
      if (isFull) this.#write(key);
    }
    const batch = this.#batches.get(key) ?? { uploadIds: [], samples: [], bytes: ENVELOPE_BYTES, timer: undefined };
    this.#batches.set(key, batch);
    batch.uploadIds.push(uploadId);
    batch.samples.push(...samples);
    batch.bytes += size;
    this.#underway.add(uploadId);
    if (priority === 'alarm' || linger === 0 || batch.bytes >= limit) this.#write(key);
    else batch.timer ??= this.#ports.clock.after(linger, () => this.#write(key));
  }

  #write(key: string): void {
    const batch = this.#batches.get(key);
    if (batch === undefined) return;
    this.#batches.delete(key);
    batch.timer?.cancel();
    const [channel, priority] = key.split('.') as [UploadChannel, UploadMessage['priority']];
    const sequence = (this.#sequences.get(channel) ?? 0) + 1;
    this.#sequences.set(channel, sequence);
    const payload = formMessage(this.#ports.bootId, sequence, batch.samples);
    const { uploadIds } = batch;
    const writing = this.#ports.queue
      .put(key, encodeSpooled({ uploadIds, payload }), { priority })
      .then((result) => this.#written(uploadIds, result))
      .catch((error) => {
        this.#counts.deferred += uploadIds.length;
        this.#ports.health.fails(error);
        this.#warnings.warn('uploads could not be written, they will be given again', {
          uploads: uploadIds.length,
          reason: String(error),
        });
      })
      .finally(() => {
        for (const id of uploadIds) this.#underway.delete(id);
        this.#writing.delete(writing);
      });
    this.#writing.add(writing);
  }

  #written(uploadIds: readonly string[], result: PutResult): void {
    this.#ports.health.works();
    if (!result.stored) {
      this.#counts.deferred += uploadIds.length;
      if (result.reason !== 'buffer-full') this.#counts.notStored++;
      this.#warnings.warn('uploads are not stored now', { uploads: uploadIds.length, reason: result.reason });
      return;
    }
    for (const uploadId of uploadIds) {
      this.#ports.known.add(uploadId);
      this.#counts.taken++;
      this.#ports.answer({ version: 1, uploadId, ok: true });
    }
  }

  #refuse(message: unknown, detail: string): void {
    this.#counts.refused++;
    const id = (message as { uploadId?: unknown } | null)?.uploadId;
    this.#warnings.warn('an upload is refused', { detail });
    if (typeof id === 'string' && /^[0-9a-f]{32}$/.test(id)) {
      this.#ports.answer({ version: 1, uploadId: id, ok: false, detail });
    }
  }
}
