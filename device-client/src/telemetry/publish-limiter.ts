import { DeviceError } from '../errors.ts';

/** What a connection may send ("AWS IoT Core endpoints and quotas", message broker limits). */
export const CONNECTION_PUBLISHES_PER_SECOND = 100;
export const CONNECTION_BYTES_PER_SECOND = 512 * 1024;
export const CONNECTION_UNACKNOWLEDGED = 100;

export interface PublishLimits {
  /** Messages in any second. @default 90: the rest is for the other features of the connection */
  readonly publishesPerSecond?: number;
  /** Bytes in any second. @default 448 KiB */
  readonly bytesPerSecond?: number;
  /** Messages sent and not acknowledged. @default 16 */
  readonly inFlight?: number;
}

export type SettledLimits = Required<PublishLimits>;

/** Largest message with topic and headers: what the burst of bytes must hold. */
const LARGEST_MESSAGE = 130 * 1024;
/** Of what is allowed in a second, what may go in one moment. */
const BURST_SHARE = 0.2;
/** Fixed header, lengths, packet id and properties of a PUBLISH, rounded up. */
const PACKET_OVERHEAD = 32;

/** @throws DeviceError `INPUT_INVALID` */
export function settleLimits(limits: PublishLimits = {}): SettledLimits {
  const settled = { publishesPerSecond: 90, bytesPerSecond: 448 * 1024, inFlight: 16, ...limits };
  const bounds = [
    ['publishesPerSecond', 1, CONNECTION_PUBLISHES_PER_SECOND],
    ['bytesPerSecond', LARGEST_MESSAGE + 1024, CONNECTION_BYTES_PER_SECOND],
    ['inFlight', 1, CONNECTION_UNACKNOWLEDGED],
  ] as const;
  for (const [name, least, most] of bounds) {
    const value = settled[name];
    if (Number.isInteger(value) && value >= least && value <= most) continue;
    throw new DeviceError(
      'INPUT_INVALID',
      `${name} must be a whole number from ${least} to ${most}, received ${value}`,
    );
  }
  return settled;
}

/**
 * Keeps what is sent below the limits of a connection.
 *
 * INVARIANT: in no second, wherever it begins, more than `publishesPerSecond` messages and `bytesPerSecond` bytes are
 * let through: burst and refill of one second together are what is allowed in it.
 */
export class PublishLimiter {
  readonly #messages: Bucket;
  readonly #bytes: Bucket;

  constructor({ bytesPerSecond, publishesPerSecond }: SettledLimits, now: number) {
    const burst = Math.max(1, Math.floor(publishesPerSecond * BURST_SHARE));
    this.#messages = new Bucket(burst, Math.max(publishesPerSecond - burst, publishesPerSecond / 2), now);
    this.#bytes = new Bucket(LARGEST_MESSAGE, bytesPerSecond - LARGEST_MESSAGE, now);
  }

  /** ms until the message may go; 0 when it went, and is counted. */
  take(topic: string, payload: Uint8Array, now: number): number {
    const size = payload.length + Buffer.byteLength(topic) + PACKET_OVERHEAD;
    const wait = Math.max(this.#messages.wait(1, now), this.#bytes.wait(size, now));
    if (wait > 0) return wait;
    this.#messages.take(1);
    this.#bytes.take(size);
    return 0;
  }
}

class Bucket {
  readonly #burst: number;
  readonly #perSecond: number;
  #tokens: number;
  #at: number;

  constructor(burst: number, perSecond: number, now: number) {
    this.#burst = burst;
    this.#perSecond = perSecond;
    this.#tokens = burst;
    this.#at = now;
  }

  wait(amount: number, now: number): number {
    // A clock that was set back gives nothing; it goes on from there.
    this.#tokens = Math.min(this.#burst, this.#tokens + (Math.max(0, now - this.#at) * this.#perSecond) / 1000);
    this.#at = now;
    return this.#tokens >= amount ? 0 : Math.ceil(((amount - this.#tokens) * 1000) / this.#perSecond);
  }

  take(amount: number): void {
    this.#tokens -= amount;
  }
}
