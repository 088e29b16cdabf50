import { setMaxListeners } from 'node:events';
import { MAX_PAYLOAD_BYTES, MAX_SAMPLES_PER_MESSAGE, type Sample, type TelemetryMessage } from '@fleetwright/contracts';
import { type BackoffPolicy, backoffDelay } from '../backoff.ts';
import { type DeviceClock, sleep } from '../clock.ts';
import { DeviceError, reasonOf } from '../errors.ts';

export interface ChannelPublisherOptions {
  readonly topic: string;
  readonly bootId: number;
  /** Publishes with QoS 1 and resolves at the acknowledgement. */
  readonly send: (topic: string, payload: string) => Promise<void>;
  readonly clock: DeviceClock;
  readonly random: () => number;
  /** Samples a message holds at most. @default 1 */
  readonly samplesPerMessage?: number;
  /** Messages sent but not acknowledged. AWS IoT allows 100 per connection. @default 16 */
  readonly inFlight?: number;
  /** Samples waiting to be sent; more are refused, so that the producer notices. @default 10000 */
  readonly capacity?: number;
  /** A message goes out for the first time. */
  onSent?(message: TelemetryMessage): void;
  onAcknowledged?(message: TelemetryMessage): void;
  onRetry?(sequence: number, reason: string): void;
}

const BACKOFF: BackoffPolicy = { base: 500, cap: 30_000 };

/**
 * Samples of one channel on their way out.
 *
 * INVARIANTS
 * - A message keeps its sequence number and its bytes over every retry, so that the cloud can tell a duplicate.
 * - Sequence numbers grow by one in the order in which samples were given.
 * - A sample is counted as acknowledged only after the PUBACK of its message.
 */
export class ChannelPublisher {
  readonly #options: ChannelPublisherOptions &
    Required<Pick<ChannelPublisherOptions, 'inFlight' | 'capacity' | 'samplesPerMessage'>>;
  readonly #waiting: Sample[] = [];
  readonly #stop = new AbortController();
  /** Ends the waits of messages that are to be sent again. */
  #pause = pauseController();
  #sequence = 0;
  #inFlight = 0;
  #idle: (() => void)[] = [];

  constructor(options: ChannelPublisherOptions) {
    const samplesPerMessage = options.samplesPerMessage ?? 1;
    if (!Number.isInteger(samplesPerMessage) || samplesPerMessage < 1 || samplesPerMessage > MAX_SAMPLES_PER_MESSAGE) {
      throw new DeviceError(
        'INPUT_INVALID',
        `samplesPerMessage must be 1 to ${MAX_SAMPLES_PER_MESSAGE}, received ${samplesPerMessage}`,
      );
    }
    this.#options = { inFlight: 16, capacity: 10_000, ...options, samplesPerMessage };
  }

  get pendingSamples(): number {
    return this.#waiting.length;
  }

  get unacknowledgedMessages(): number {
    return this.#inFlight;
  }

  /** @throws DeviceError `QUEUE_FULL` */
  add(sample: Sample): void {
    if (this.#waiting.length >= this.#options.capacity) {
      throw new DeviceError('QUEUE_FULL', `${this.#options.topic}: ${this.#waiting.length} samples are waiting`);
    }
    this.#waiting.push(sample);
    if (this.#waiting.length >= this.#options.samplesPerMessage) this.#pump(false);
  }

  /** Sends what waits, full message or not, and resolves when everything is acknowledged or `stop` was called. */
  async flush(): Promise<void> {
    this.#pump(true);
    while (this.#inFlight > 0 && !this.#stop.signal.aborted) {
      await new Promise<void>((resolve) => this.#idle.push(resolve));
      this.#pump(true);
    }
  }

  /** Sends again at once what waits for its next attempt: the connection that it failed with is a new one now. */
  retryNow(): void {
    const pause = this.#pause;
    this.#pause = pauseController();
    pause.abort();
  }

  /** Gives up what is not acknowledged. */
  stop(): void {
    this.#stop.abort();
    this.#pause.abort();
    this.#wake();
  }

  #pump(partial: boolean): void {
    const { inFlight, samplesPerMessage } = this.#options;
    const enough = partial ? 1 : samplesPerMessage;
    while (this.#inFlight < inFlight && this.#waiting.length >= enough && !this.#stop.signal.aborted) {
      this.#inFlight++;
      void this.#deliver(this.#nextMessage());
    }
  }

  #nextMessage(): TelemetryMessage {
    const samples = this.#waiting.splice(0, this.#options.samplesPerMessage);
    const message = { version: 1 as const, bootId: this.#options.bootId, sequence: ++this.#sequence, samples };
    return message;
  }

  async #deliver(message: TelemetryMessage): Promise<void> {
    const payload = JSON.stringify(message);
    const size = Buffer.byteLength(payload);
    if (size > MAX_PAYLOAD_BYTES) {
      this.#options.onRetry?.(message.sequence, `dropped: ${size} bytes exceed ${MAX_PAYLOAD_BYTES}`);
      return this.#settled();
    }
    this.#options.onSent?.(message);
    for (let attempt = 0; !this.#stop.signal.aborted; attempt++) {
      try {
        await this.#options.send(this.#options.topic, payload);
        this.#options.onAcknowledged?.(message);
        break;
      } catch (error) {
        if (this.#stop.signal.aborted) break;
        this.#options.onRetry?.(message.sequence, reasonOf(error));
        const delay = backoffDelay(BACKOFF, attempt, this.#options.random());
        await sleep(this.#options.clock, delay, this.#pause.signal);
      }
    }
    this.#settled();
  }

  #settled(): void {
    this.#inFlight--;
    this.#pump(false);
    this.#wake();
  }

  #wake(): void {
    const idle = this.#idle;
    this.#idle = [];
    for (const resolve of idle) resolve();
  }
}

/** Many messages wait on one signal. */
function pauseController(): AbortController {
  const controller = new AbortController();
  setMaxListeners(0, controller.signal);
  return controller;
}
