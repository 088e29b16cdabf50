import type { NucleusClock } from '../clock.ts';
import type { NucleusLog } from '../log.ts';
import type { CoreConnection } from './core-connection.ts';

/** bytes of payload (nucleus component, `mqtt.spooler.maxSizeInBytes`) */
export const SPOOL_BYTES = 2_621_440;
/** Publishes under way at once (nucleus component, `mqtt.maxInFlightPublishes`). */
const MAX_IN_FLIGHT = 5;
/** Times that a message which the cloud refuses is tried again (nucleus component, `mqtt.maxPublishRetry`). */
export const MAX_PUBLISH_RETRY = 100;
/** ms before a message is tried again */
const RETRY_DELAY = 500;

interface Spooled {
  readonly topic: string;
  readonly payload: Uint8Array;
  readonly qos: 0 | 1;
  /** Grows with each message taken. */
  readonly order: number;
  retries: number;
}

export class SpoolError extends Error {
  override readonly name = 'SpoolError';
}

/**
 * What components have published and the cloud does not have yet. In memory, as the nucleus' own by default.
 *
 * INVARIANTS (the nucleus' `Spool.java`; the guide's "discards the oldest messages" holds for QoS 0 alone)
 * - A message of QoS 1 that was taken is never dropped for another. It is sent, or refused by the cloud until the retries are
 *   used up, which the log says.
 * - Messages of QoS 0 are not taken while there is no connection, and make room for others.
 * - Payloads waiting and under way never have more than {@link SPOOL_BYTES}.
 */
export class Spool {
  readonly #connection: CoreConnection;
  readonly #clock: NucleusClock;
  readonly #log: NucleusLog;
  readonly #limit: number;
  #waiting: Spooled[] = [];
  #bytes = 0;
  #taken = 0;
  #inFlight = 0;
  #retry: { cancel(): void } | undefined;
  readonly #stopListening: () => void;
  #closed = false;

  constructor(connection: CoreConnection, clock: NucleusClock, log: NucleusLog, limit = SPOOL_BYTES) {
    this.#connection = connection;
    this.#clock = clock;
    this.#log = log;
    this.#limit = limit;
    this.#stopListening = connection.onConnected(() => this.#send());
  }

  /** bytes that wait or are under way */
  get bytes(): number {
    return this.#bytes;
  }

  /** @throws SpoolError when it is not taken */
  add(topic: string, payload: Uint8Array, qos: 0 | 1): void {
    if (this.#closed) throw new SpoolError('The nucleus ends.');
    if (qos === 0 && !this.#connection.connected) throw new SpoolError('Device is offline. Dropping QoS 0 message.');
    if (payload.length > this.#limit) throw new SpoolError('Message is larger than the size of message spool.');
    if (this.#bytes + payload.length > this.#limit) this.#makeRoom(payload.length);
    if (this.#bytes + payload.length > this.#limit) {
      throw new SpoolError('Message spool is full. Message could not be added.');
    }
    this.#bytes += payload.length;
    this.#waiting.push({ topic, payload, qos, order: this.#taken++, retries: 0 });
    this.#send();
  }

  /** What still waits is given up, as at the end of the nucleus. */
  close(): void {
    this.#closed = true;
    this.#retry?.cancel();
    this.#stopListening();
    if (this.#waiting.length > 0) this.#log('warn', 'messages are lost', { count: this.#waiting.length });
    this.#waiting = [];
  }

  #makeRoom(needed: number): void {
    this.#waiting = this.#waiting.filter(({ payload, qos, topic }) => {
      if (qos === 1 || this.#bytes + needed <= this.#limit) return true;
      this.#bytes -= payload.length;
      this.#log('warn', 'a message of QoS 0 makes room', { topic });
      return false;
    });
  }

  #send(): void {
    while (!this.#closed && this.#retry === undefined && this.#inFlight < MAX_IN_FLIGHT && this.#connection.connected) {
      const message = this.#waiting.shift();
      if (message === undefined) return;
      this.#inFlight++;
      void this.#sendOne(message);
    }
  }

  async #sendOne(message: Spooled): Promise<void> {
    const { payload, qos, topic } = message;
    try {
      await this.#connection.publish(topic, payload, qos);
      this.#bytes -= payload.length;
    } catch (error) {
      this.#failed(message, error);
    } finally {
      this.#inFlight--;
      this.#send();
    }
  }

  #failed(message: Spooled, error: unknown): void {
    const { payload, qos, topic } = message;
    const reason = error instanceof Error ? error.message : String(error);
    const connected = this.#connection.connected;
    // A lost connection is no fault of the message.
    if (connected) message.retries++;
    if (qos === 0 || message.retries > MAX_PUBLISH_RETRY) {
      this.#bytes -= payload.length;
      this.#log('error', 'a message is dropped: the cloud does not take it', { topic, reason });
      return;
    }
    if (message.retries <= 1 && connected) this.#log('warn', 'a message is tried again', { topic, reason });
    const place = this.#waiting.findIndex(({ order }) => order > message.order);
    this.#waiting.splice(place < 0 ? this.#waiting.length : place, 0, message);
    this.#retry ??= this.#clock.after(RETRY_DELAY, () => {
      this.#retry = undefined;
      this.#send();
    });
  }
}
