import { Deque } from './deque.ts';
import { REASON } from './reason-codes.ts';

interface PendingAck {
  readonly packetId: number;
  readonly code: number;
  readonly bytes: number;
  readonly accepted: Promise<void> | undefined;
  readonly stored: Promise<void> | undefined;
}

export interface AckSink {
  acknowledge(packetId: number, code: number, bytes: number): void;
  /** The message could not be taken: it was not stored, or its handler failed. */
  ingressFailed(error: unknown): void;
}

function ignore(): void {}

/**
 * PUBACKs that wait until their message is safe.
 *
 * INVARIANT: acknowledgements leave in the order of the publishes [MQTT-4.6.0-2], while the work they wait for runs
 * side by side.
 */
export class AckQueue {
  readonly #pending = new Deque<PendingAck>();
  readonly #sink: AckSink;
  #running = false;

  constructor(sink: AckSink) {
    this.#sink = sink;
  }

  get length(): number {
    return this.#pending.length;
  }

  /** `bytes` is returned to the sink with the acknowledgement, for its accounts. */
  push(
    packetId: number,
    code: number,
    bytes: number,
    accepted: Promise<void> | undefined,
    stored: Promise<void> | undefined,
  ): void {
    // Only the head of the queue is awaited; a failure behind it must not count as unhandled meanwhile.
    accepted?.catch(ignore);
    this.#pending.push({ packetId, code, bytes, accepted, stored });
    if (!this.#running) void this.#run();
  }

  async #run(): Promise<void> {
    this.#running = true;
    let done: Promise<void> | undefined;
    for (let head = this.#pending.peek(); head !== undefined; head = this.#pending.peek()) {
      let { code } = head;
      try {
        if (head.accepted !== undefined) await head.accepted;
        if (head.stored !== undefined && head.stored !== done) await head.stored;
        done = head.stored;
      } catch (error) {
        code = REASON.unspecifiedError;
        this.#sink.ingressFailed(error);
      }
      this.#pending.shift();
      this.#sink.acknowledge(head.packetId, code, head.bytes);
    }
    this.#running = false;
  }
}
