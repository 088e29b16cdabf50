import type { CloudBus, ComponentClock } from '../../../shared/src/component.ts';

interface Message {
  readonly topic: string;
  readonly payload: Uint8Array;
}

interface Flight {
  readonly message: Message;
  readonly connection: number;
}

/** ms from the broker to here */
const LATENCY = 50;

/**
 * The spooler of the classic nucleus with its in-flight messages and its way of giving failed ones back (`MqttClient.runSpooler`,
 * `publishSingleSpoolerMessage`, `Spool.addId`), on a connection with a slow uplink. For tests.
 */
export class ClassicSpooler implements CloudBus {
  /** What the broker has received, in order. */
  readonly received: Message[] = [];
  readonly #clock: ComponentClock;
  readonly #maxInFlight: number;
  /** bytes a ms */
  readonly #uplink: number;
  #queue: Message[] = [];
  #inFlight: Flight[] = [];
  /** Grows with each connection; undefined: none. */
  #connection: number | undefined = 0;
  #connections = 0;
  #uplinkFree = 0;
  readonly #listeners = new Map<string, (payload: Uint8Array, topic: string) => void>();

  constructor(clock: ComponentClock, options: { readonly maxInFlight: number; readonly uplink: number }) {
    this.#clock = clock;
    this.#maxInFlight = options.maxInFlight;
    this.#uplink = options.uplink;
  }

  async publish(topic: string, payload: Uint8Array): Promise<void> {
    this.#queue.push({ topic, payload });
    this.#send();
  }

  async subscribe(filter: string, onMessage: (payload: Uint8Array, topic: string) => void) {
    this.#listeners.set(filter, onMessage);
    return { end: async () => void this.#listeners.delete(filter) };
  }

  /** What is under way fails, message after message, and each goes to the front of the queue. */
  disconnect(): void {
    this.#connection = undefined;
    for (const { message } of this.#inFlight) this.#queue.unshift(message);
    this.#inFlight = [];
  }

  connect(): void {
    if (this.#connection !== undefined) return;
    this.#connection = ++this.#connections;
    this.#uplinkFree = this.#clock.monotonic();
    this.#send();
  }

  /** The nucleus dies, and its spooler with it. */
  die(): void {
    this.disconnect();
    this.#queue = [];
  }

  #send(): void {
    const connection = this.#connection;
    while (connection !== undefined && this.#inFlight.length < this.#maxInFlight) {
      const message = this.#queue.shift();
      if (message === undefined) return;
      const flight: Flight = { message, connection };
      this.#inFlight.push(flight);
      const now = this.#clock.monotonic();
      this.#uplinkFree = Math.max(now, this.#uplinkFree) + message.payload.length / this.#uplink;
      this.#clock.after(this.#uplinkFree - now + LATENCY, () => this.#arrive(flight));
    }
  }

  #arrive(flight: Flight): void {
    if (flight.connection !== this.#connection) return;
    const { payload, topic } = flight.message;
    this.received.push(flight.message);
    this.#clock.after(LATENCY, () => {
      if (flight.connection !== this.#connection) return;
      this.#inFlight = this.#inFlight.filter((other) => other !== flight);
      this.#listeners.get(topic)?.(payload, topic);
      this.#send();
    });
  }
}
