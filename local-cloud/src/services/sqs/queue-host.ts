import type { Clock } from '../../core/clock.ts';
import type { Log } from '../../core/log.ts';
import type { Meter } from '../../core/meter.ts';
import type { Collection, DurableLog } from '../../core/store.ts';
import type { MessageContent, MessagePlace } from './message-record.ts';

/** What the queues of one cloud share. */
export interface QueueHost {
  readonly clock: Clock;
  readonly meter: Meter;
  /** Records of the messages of all queues (`message-record.ts`). */
  readonly messages: DurableLog;
  /** Log id → receives and time of the first (ms), kept from the second receive on. */
  readonly receives: Collection<[receives: number, firstReceivedAt: number]>;
  readonly bodies: BodyCache;
  readonly report: Log;
  durable(): Promise<void>;
  findByArn(arn: string): MessageTarget | undefined;
}

/** A queue that takes in what another gives up. */
export interface MessageTarget {
  readonly configuration: { readonly number: number };
  admit(id: number, bytes: number, place: MessagePlace, content: MessageContent | undefined): void;
}

/** Counts the bytes of bodies held in memory against one bound. */
export class BodyCache {
  readonly #bound: number;
  #held = 0;

  constructor(bound: number) {
    this.#bound = bound;
  }

  hold(bytes: number): boolean {
    if (this.#held + bytes > this.#bound) return false;
    this.#held += bytes;
    return true;
  }

  release(bytes: number): void {
    this.#held -= bytes;
  }
}
