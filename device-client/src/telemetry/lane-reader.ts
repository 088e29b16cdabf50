import type { Batch } from '@fleetwright/durable-queue';
import type { SampleQueue } from './sample-queue.ts';
import { messageOf, readStamp } from './stamped-sample.ts';
import type { Lane } from './telemetry-lanes.ts';

/** A batch of the queue, to be acknowledged when all of its items are. */
interface Taken {
  readonly batch: Batch;
  remaining: number;
}

/** A message on its way out. */
export interface OutgoingMessage {
  readonly lane: Lane;
  readonly bootId: number;
  readonly sequence: number;
  readonly samples: number;
  readonly payload: Buffer;
  /** Some of it was handed out before, or may have been, by a process that ended without telling. */
  readonly possibleDuplicate: boolean;
  readonly parts: readonly Taken[];
  state: 'waiting' | 'sending' | 'acknowledged';
  /** It was sent before, by this process. */
  isRepeated: boolean;
}

interface Group {
  readonly bootId: number;
  readonly sequence: number;
  readonly samples: Buffer[];
  /** One entry for each sample. */
  readonly parts: Taken[];
  possibleDuplicate: boolean;
}

/** Items of one batch taken from the queue, unless messages are larger. */
const CHUNK_ITEMS = 64;
const CHUNK_BYTES = 128 * 1024;
/** Bytes of messages made and not acknowledged, above which no more are made. */
const AHEAD_BYTES = 512 * 1024;

export interface LaneReaderPorts {
  /** Messages made and not acknowledged, at most. */
  readonly ahead: number;
  /** Whether everything of a message that will ever be stored is. */
  isFinished(bootId: number, sequence: number): boolean;
  /** A sample as it is to be sent: the same whenever it is asked for. */
  finish(bootId: number, sample: Buffer): Buffer;
  /** An item is not of this layout. It is passed over. */
  onForeign(): void;
}

/** Makes the messages of a lane anew from what lies in the queue, in order. */
export class LaneReader {
  readonly lane: Lane;
  readonly #queue: SampleQueue;
  readonly #ports: LaneReaderPorts;
  /** Items in the queue that may be taken: at least as many as there are, for some may have been dropped. */
  #readable: number;
  #group: Group | undefined;
  #messages: OutgoingMessage[] = [];
  #bytes = 0;

  constructor(lane: Lane, queue: SampleQueue, ports: LaneReaderPorts) {
    this.lane = lane;
    this.#queue = queue;
    this.#ports = ports;
    this.#readable = queue.waiting(lane.name);
  }

  /** Not acknowledged, in order. */
  get messages(): readonly OutgoingMessage[] {
    return this.#messages;
  }

  /** Nothing waits that could be sent now. */
  get isIdle(): boolean {
    return this.#readable === 0 && this.#group === undefined && this.#messages.length === 0;
  }

  grow(samples: number): void {
    this.#readable += samples;
  }

  get wantsMore(): boolean {
    return (
      this.#messages.length < this.#ports.ahead &&
      this.#bytes < AHEAD_BYTES &&
      (this.#readable > 0 || this.#groupIsWhole())
    );
  }

  /** Takes from the queue until enough messages are made or there is nothing more. Never runs twice at a time. */
  async fill(): Promise<void> {
    while (this.wantsMore) {
      if (this.#readable > 0) {
        const known = this.#readable;
        const batch = await this.#queue.take(this.lane.name, Math.min(known, CHUNK_ITEMS), CHUNK_BYTES);
        // Nothing there: what was known before was dropped. What came meanwhile still counts.
        this.#readable = Math.max(0, this.#readable - (batch?.items.length ?? known));
        if (batch !== undefined) await this.#gather(batch);
      }
      if (this.#groupIsWhole()) this.#finishGroup();
    }
  }

  /** The cloud has it. */
  async acknowledge(message: OutgoingMessage): Promise<void> {
    message.state = 'acknowledged';
    const done: Taken[] = [];
    for (const part of message.parts) if (--part.remaining === 0) done.push(part);
    while (this.#messages[0]?.state === 'acknowledged') {
      this.#bytes -= (this.#messages.shift() as OutgoingMessage).payload.length;
    }
    for (const { batch } of done) await this.#queue.ack(batch);
  }

  async #gather(batch: Batch): Promise<void> {
    const taken: Taken = { batch, remaining: batch.items.length };
    for (const { bytes, possibleDuplicate } of batch.items) {
      const stamped = readStamp(bytes);
      if (stamped === undefined) {
        this.#ports.onForeign();
        if (--taken.remaining === 0) await this.#queue.ack(batch);
        continue;
      }
      const { bootId, sample, sequence } = stamped;
      if (this.#group?.sequence !== sequence || this.#group.bootId !== bootId) {
        this.#finishGroup();
        this.#group = { bootId, sequence, samples: [], parts: [], possibleDuplicate: false };
      }
      this.#group.samples.push(this.#ports.finish(bootId, sample));
      this.#group.parts.push(taken);
      this.#group.possibleDuplicate ||= possibleDuplicate;
    }
  }

  /** No item of it is left in the queue, nor on its way there. */
  #groupIsWhole(): boolean {
    const group = this.#group;
    return group !== undefined && this.#readable === 0 && this.#ports.isFinished(group.bootId, group.sequence);
  }

  #finishGroup(): void {
    const group = this.#group;
    if (group === undefined) return;
    this.#group = undefined;
    const { bootId, parts, possibleDuplicate, samples, sequence } = group;
    const payload = messageOf(group, samples);
    this.#messages.push({
      lane: this.lane,
      bootId,
      sequence,
      samples: samples.length,
      payload,
      possibleDuplicate,
      parts,
      state: 'waiting',
      isRepeated: false,
    });
    this.#bytes += payload.length;
  }
}
