import type { Batch } from '@fleetwright/durable-queue';
import type { SampleQueue } from './sample-queue.ts';
import { messageOf, readStamp, STAMP_BYTES } from './stamped-sample.ts';
import type { Lane } from './telemetry-lanes.ts';

/** A message on its way out. */
export interface OutgoingMessage {
  readonly lane: Lane;
  readonly bootId: number;
  readonly sequence: number;
  readonly samples: number;
  readonly payload: Buffer;
  /** Some of it was handed out before, or may have been, by a process that ended without telling. */
  readonly possibleDuplicate: boolean;
  /** What it was taken from the queue with: items of this message alone. */
  readonly batches: readonly Batch[];
  state: 'waiting' | 'sending' | 'acknowledged';
  /** It was sent before, by this process. */
  isRepeated: boolean;
}

interface Group {
  readonly bootId: number;
  readonly sequence: number;
  readonly samples: Buffer[];
  readonly batches: Batch[];
  possibleDuplicate: boolean;
}

/** Neighbours in the queue that belong to one message; or items of another layout. */
interface Run {
  readonly stamp: string;
  count: number;
}

/** Items and bytes that are looked at together: a whole message, most often. */
const LOOK_ITEMS = 512;
const LOOK_BYTES = 160 * 1024;
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

/**
 * Makes the messages of a lane anew from what lies in the queue, in order.
 *
 * INVARIANT: what is acknowledged to the queue in one go is always a whole message. Were it a part, a process that is
 * killed then would leave the rest of it, and the next one would send that as the same message with other content. So the
 * queue is looked at first, and each batch taken from it holds items of one message.
 */
export class LaneReader {
  readonly lane: Lane;
  readonly #queue: SampleQueue;
  readonly #ports: LaneReaderPorts;
  /** Items in the queue that may be taken: at least as many as there are, for some may have been dropped. */
  #readable: number;
  #group: Group | undefined;
  /** What is known to come next. */
  #runs: Run[] = [];
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
      if (this.#readable > 0) await this.#takeRun();
      if (this.#groupIsWhole()) this.#finishGroup();
    }
  }

  /** The cloud has it. */
  async acknowledge(message: OutgoingMessage): Promise<void> {
    message.state = 'acknowledged';
    while (this.#messages[0]?.state === 'acknowledged') {
      this.#bytes -= (this.#messages.shift() as OutgoingMessage).payload.length;
    }
    // In one turn, so that one note tells of them all.
    const [first, ...others] = message.batches.map((batch) => this.#queue.ack(batch));
    await (others.length === 0 ? first : Promise.all([first, ...others]));
  }

  async #takeRun(): Promise<void> {
    const known = this.#readable;
    // One item alone need not be looked at first.
    if (this.#runs.length === 0 && known === 1) this.#runs = [{ stamp: '', count: 1 }];
    if (this.#runs.length === 0) {
      const ahead = await this.#queue.peek(this.lane.name, Math.min(known, LOOK_ITEMS), LOOK_BYTES);
      this.#runs = runsOf(ahead);
    }
    const run = this.#runs.shift();
    const batch = run && (await this.#queue.take(this.lane.name, run.count));
    if (batch === undefined) {
      // What was known of was dropped. What came meanwhile still counts.
      this.#runs = [];
      this.#readable = Math.max(0, this.#readable - known);
      return;
    }
    if (runsOf(batch).length > 1) {
      // Something was dropped between the look and the taking.
      this.#runs = [];
      await this.#queue.release(batch);
      return;
    }
    this.#readable = Math.max(0, this.#readable - batch.items.length);
    if (this.#gather(batch)) return;
    this.#ports.onForeign();
    await this.#queue.ack(batch);
  }

  /** False when it is not of this layout. */
  #gather(batch: Batch): boolean {
    for (const { bytes, possibleDuplicate } of batch.items) {
      const stamped = readStamp(bytes);
      if (stamped === undefined) return false;
      const { bootId, sample, sequence } = stamped;
      if (this.#group?.sequence !== sequence || this.#group.bootId !== bootId) {
        this.#finishGroup();
        this.#group = { bootId, sequence, samples: [], batches: [], possibleDuplicate: false };
      }
      if (this.#group.batches.at(-1) !== batch) this.#group.batches.push(batch);
      this.#group.samples.push(this.#ports.finish(bootId, sample));
      this.#group.possibleDuplicate ||= possibleDuplicate;
    }
    return true;
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
    const { batches, bootId, possibleDuplicate, samples, sequence } = group;
    const payload = messageOf(group, samples);
    this.#messages.push({
      lane: this.lane,
      bootId,
      sequence,
      samples: samples.length,
      payload,
      possibleDuplicate,
      batches,
      state: 'waiting',
      isRepeated: false,
    });
    this.#bytes += payload.length;
  }
}

function runsOf(batch: Batch | undefined): Run[] {
  const runs: Run[] = [];
  for (const { bytes } of batch?.items ?? []) {
    const stamp = bytes.toString('latin1', 0, STAMP_BYTES);
    const last = runs.at(-1);
    if (last?.stamp === stamp) last.count++;
    else runs.push({ stamp, count: 1 });
  }
  return runs;
}
