import { DeviceError, reasonOf } from '../errors.ts';
import type { SampleQueue } from './sample-queue.ts';
import { ENVELOPE_BYTES, stampSample } from './stamped-sample.ts';
import type { Lane } from './telemetry-lanes.ts';

/** A message of this boot that samples may still join, or of which some are not stored yet. */
interface Unfinished {
  readonly sequence: number;
  samples: number;
  /** Of the finished message, at most. */
  bytes: number;
  /** Given to the queue and not answered for. */
  unwritten: number;
  stored: number;
  isSealed: boolean;
}

export interface LaneWriterPorts {
  readonly queue: SampleQueue;
  readonly bootId: number;
  nextSequence(channel: string): number;
  /** Samples of a message, as things stand. */
  samplesPerMessage(): number;
  readonly maxPayloadBytes: number;
  readonly now: () => number;
  /** A message has got its first sample and waits for more. */
  onOpened(): void;
  /** So many more samples stand in the queue whose messages nothing joins any more; or a message is finished. */
  onReadable(samples: number): void;
}

/**
 * Decides which message each sample of a lane belongs to, and stores both together.
 *
 * INVARIANT: a message's samples are fixed when it is sealed, and a message that is not sealed is never sent. So what
 * the queue holds of it is what was sent: a process that starts again makes the same message, byte for byte.
 */
export class LaneWriter {
  readonly #lane: Lane;
  readonly #ports: LaneWriterPorts;
  readonly #unfinished = new Map<number, Unfinished>();
  #open: Unfinished | undefined;
  #unwritten = 0;

  constructor(lane: Lane, ports: LaneWriterPorts) {
    this.#lane = lane;
    this.#ports = ports;
  }

  /** Samples given to the queue and not answered for. */
  get unwritten(): number {
    return this.#unwritten;
  }

  get openSamples(): number {
    return this.#open?.samples ?? 0;
  }

  /**
   * Resolves when the sample is stored.
   * @throws DeviceError `QUEUE_FULL` when there was no place for it, `STATE_UNUSABLE` when nobody knows, `STOPPED`
   */
  async add(sample: Buffer): Promise<void> {
    const message = this.#messageFor(sample.length + 1);
    const { bootId, now, queue } = this.#ports;
    const bytes = stampSample({ bootId, sequence: message.sequence }, sample);
    message.unwritten++;
    this.#unwritten++;
    const isFirst = message.samples === 1;
    if (this.#lane.alone || message.samples >= this.#ports.samplesPerMessage()) this.seal();
    else if (isFirst) this.#ports.onOpened();
    let isStored = false;
    try {
      const result = await queue.put(this.#lane.name, bytes, this.#lane.priority, Math.max(0, Math.floor(now())));
      isStored = result.stored;
      if (!result.stored) {
        throw new DeviceError('QUEUE_FULL', `${this.#lane.name}: ${REASONS[result.reason]}`);
      }
    } catch (error) {
      throw toDeviceError(error, this.#lane.name);
    } finally {
      this.#answered(message, isStored);
    }
  }

  /** Nothing joins the open message any more. */
  seal(): void {
    const message = this.#open;
    if (message === undefined) return;
    this.#open = undefined;
    message.isSealed = true;
    const isFinished = message.unwritten === 0;
    if (isFinished) this.#unfinished.delete(message.sequence);
    if (isFinished || message.stored > 0) this.#ports.onReadable(message.stored);
  }

  /** Whether everything of a message that will ever be stored is. */
  isFinished(bootId: number, sequence: number): boolean {
    return bootId !== this.#ports.bootId || !this.#unfinished.has(sequence);
  }

  #messageFor(bytes: number): Unfinished {
    const open = this.#open;
    if (open !== undefined && open.bytes + bytes > this.#ports.maxPayloadBytes) this.seal();
    const message = this.#open ?? {
      sequence: this.#ports.nextSequence(this.#lane.channel),
      samples: 0,
      bytes: ENVELOPE_BYTES,
      unwritten: 0,
      stored: 0,
      isSealed: false,
    };
    if (this.#open === undefined) {
      this.#open = message;
      this.#unfinished.set(message.sequence, message);
    }
    message.samples++;
    message.bytes += bytes;
    return message;
  }

  #answered(message: Unfinished, isStored: boolean): void {
    this.#unwritten--;
    message.unwritten--;
    if (isStored) message.stored++;
    if (!message.isSealed) return;
    if (message.unwritten === 0) this.#unfinished.delete(message.sequence);
    this.#ports.onReadable(isStored ? 1 : 0);
  }
}

const REASONS = {
  'buffer-full': 'samples come faster than the disk takes them',
  'queue-full': 'the queue is full',
  'disk-full': 'the disk is full',
  'too-old': 'the sample is too old',
} as const;

function toDeviceError(error: unknown, lane: string): DeviceError {
  if (error instanceof DeviceError) return error;
  const code = (error as { code?: unknown }).code;
  if (code === 'CLOSED') return new DeviceError('STOPPED', 'the telemetry feature has stopped', { cause: error });
  const own = code === 'INPUT_INVALID' ? 'INPUT_INVALID' : 'STATE_UNUSABLE';
  return new DeviceError(own, `${lane}: ${reasonOf(error)}`, { cause: error });
}
