import type { CloudBus, ComponentClock } from '../component.ts';
import { matchesFilter } from '../topic-filter.ts';

interface Listener {
  readonly filter: string;
  readonly onMessage: (payload: Uint8Array, topic: string) => void;
}

interface Spooled {
  readonly topic: string;
  readonly payload: Uint8Array;
}

/** bytes, as the spooler of the nucleus (nucleus component, `mqtt.spooler.maxSizeInBytes`) */
const SPOOL_BYTES = 2_621_440;

/**
 * AWS IoT Core behind the nucleus' spooler, in memory. A publish resolves when the spooler has it; it arrives in order after
 * `delay` ms, once there is a connection. For tests.
 */
export class TestCloudBus implements CloudBus {
  /** What has reached the cloud, in order. */
  readonly arrived: { readonly topic: string; readonly payload: Uint8Array; readonly time: number }[] = [];
  /** ms from publish to arrival */
  delay = 0;
  /** Topics that the nucleus refuses to take, by policy. */
  forbidden: (topic: string) => boolean = () => false;
  readonly #clock: ComponentClock;
  readonly #listeners = new Set<Listener>();
  #spool: Spooled[] = [];
  #bytes = 0;
  #up = true;
  #timer: { cancel(): void } | undefined;

  constructor(clock: ComponentClock) {
    this.#clock = clock;
  }

  /** Whether the core is connected. What waits goes out when it is again. */
  get up(): boolean {
    return this.#up;
  }

  set up(up: boolean) {
    this.#up = up;
    if (up) this.#arrive();
  }

  /** Messages in the spooler. */
  get waiting(): number {
    return this.#spool.length;
  }

  get filters(): string[] {
    return [...this.#listeners].map(({ filter }) => filter);
  }

  /** Payloads that arrived on the topics of a filter, as JSON. */
  messages(filter: string): unknown[] {
    return this.arrived
      .filter(({ topic }) => matchesFilter(filter, topic))
      .map(({ payload }) => JSON.parse(Buffer.from(payload).toString('utf8')));
  }

  async publish(topic: string, payload: Uint8Array): Promise<void> {
    if (this.forbidden(topic)) throw new Error(`not authorized to publish on ${topic}`);
    if (this.#bytes + payload.length > SPOOL_BYTES) {
      throw new Error('Message spool is full. Message could not be added.');
    }
    this.#bytes += payload.length;
    this.#spool.push({ topic, payload: Uint8Array.from(payload) });
    this.#arrive();
  }

  async subscribe(filter: string, onMessage: Listener['onMessage']): Promise<{ end(): Promise<void> }> {
    const listener: Listener = { filter, onMessage };
    this.#listeners.add(listener);
    return { end: async () => void this.#listeners.delete(listener) };
  }

  /** The nucleus dies, and with it what its spooler holds in memory. @returns how many messages that were */
  loseSpool(): number {
    const lost = this.#spool.length;
    this.#spool = [];
    this.#bytes = 0;
    return lost;
  }

  /** A message of the cloud. Lost when there is no connection. */
  deliver(topic: string, payload: Uint8Array): void {
    if (!this.#up) return;
    for (const { filter, onMessage } of [...this.#listeners]) {
      if (matchesFilter(filter, topic)) queueMicrotask(() => onMessage(payload, topic));
    }
  }

  #arrive(): void {
    if (!this.#up || this.#timer !== undefined || this.#spool.length === 0) return;
    if (this.delay === 0) {
      while (this.#spool.length > 0) this.#arriveOne();
      return;
    }
    this.#timer = this.#clock.after(this.delay, () => {
      this.#timer = undefined;
      if (this.#up) this.#arriveOne();
      this.#arrive();
    });
  }

  #arriveOne(): void {
    const message = this.#spool.shift();
    if (message === undefined) return;
    this.#bytes -= message.payload.length;
    this.arrived.push({ ...message, time: this.#clock.now() });
    // Nobody can subscribe to Basic Ingest (AWS IoT developer guide, "Reducing messaging costs with Basic Ingest").
    if (!message.topic.startsWith('$aws/rules/')) this.deliver(message.topic, message.payload);
  }
}
