import { type BackoffPolicy, backoffDelay } from '../backoff.ts';
import type { DeviceClock } from '../clock.ts';
import { reasonOf } from '../errors.ts';
import type { DeviceLink } from '../feature.ts';
import type { LaneReader, OutgoingMessage } from './lane-reader.ts';
import { PublishLimiter, type SettledLimits } from './publish-limiter.ts';
import type { SampleChannel } from './telemetry-lanes.ts';

const BACKOFF: BackoffPolicy = { base: 500, cap: 30_000 };

export interface SenderPorts {
  readonly link: Pick<DeviceLink, 'connected' | 'publish'>;
  readonly limits: SettledLimits;
  readonly clock: DeviceClock;
  readonly random: () => number;
  topicOf(channel: SampleChannel): string;
  onSent(message: OutgoingMessage): void;
  onAcknowledged(message: OutgoingMessage): void;
  onRetry(message: OutgoingMessage, reason: string): void;
  /** The queue cannot be read, or an acknowledgement not be written down. */
  onTrouble(reason: string): void;
  /** After each acknowledgement, and when there is nothing more to send. */
  onProgress(): void;
}

interface Lane {
  readonly reader: LaneReader;
  sending: number;
  /** A message failed: nothing more goes until those under way are answered and the wait is over. */
  isHeld: boolean;
  retry: { cancel(): void } | undefined;
  attempts: number;
  isFilling: boolean;
}

/**
 * Sends the messages of several lanes over one connection, the most urgent lane first.
 *
 * INVARIANTS
 * - A lane's messages are sent in order. After a failure those that are not acknowledged are sent again in order, when
 *   all that were under way are answered. So only messages that were under way together can come to lie in
 *   another order: when the broker refuses, or loses, one and keeps a later one.
 * - A message keeps its bytes over every attempt. It is told as acknowledged once.
 * - In no second more is sent than the limits allow, whatever has piled up.
 */
export class Sender {
  readonly #ports: SenderPorts;
  readonly #lanes: Lane[];
  readonly #limiter: PublishLimiter;
  #inFlight = 0;
  #timer: { cancel(): void } | undefined;
  #isStopped = false;

  constructor(readers: readonly LaneReader[], ports: SenderPorts) {
    this.#ports = ports;
    this.#lanes = readers.map((reader) => ({
      reader,
      sending: 0,
      isHeld: false,
      retry: undefined,
      attempts: 0,
      isFilling: false,
    }));
    this.#limiter = new PublishLimiter(ports.limits, ports.clock.now());
  }

  get inFlight(): number {
    return this.#inFlight;
  }

  get isIdle(): boolean {
    return this.#inFlight === 0 && this.#lanes.every(({ isFilling, reader }) => !isFilling && reader.isIdle);
  }

  /** There may be something to send. */
  pump(): void {
    if (this.#isStopped || !this.#ports.link.connected) return;
    for (const lane of this.#lanes) if (!lane.isFilling && !lane.isHeld && lane.reader.wantsMore) void this.#fill(lane);
    this.#send();
  }

  /** The connection is new: what waits for its next attempt goes out at once. */
  connected(): void {
    for (const lane of this.#lanes) {
      lane.attempts = 0;
      if (lane.retry !== undefined) this.#release(lane);
    }
    this.pump();
  }

  /** Whatever is under way is not heard of any more. */
  stop(): void {
    this.#isStopped = true;
    this.#timer?.cancel();
    for (const { retry } of this.#lanes) retry?.cancel();
  }

  async #fill(lane: Lane): Promise<void> {
    lane.isFilling = true;
    try {
      await lane.reader.fill();
    } catch (error) {
      if (!this.#isStopped) {
        this.#ports.onTrouble(reasonOf(error));
        this.#hold(lane);
      }
    } finally {
      lane.isFilling = false;
    }
    if (this.#isStopped) return;
    this.#send();
    this.#ports.onProgress();
  }

  #send(): void {
    // Something more urgent may have come than what the timer is for.
    this.#timer?.cancel();
    this.#timer = undefined;
    const { clock, limits, link } = this.#ports;
    while (!this.#isStopped && link.connected && this.#inFlight < limits.inFlight) {
      const next = this.#next();
      if (next === undefined) return;
      const topic = this.#ports.topicOf(next.message.lane.channel);
      const wait = this.#limiter.take(topic, next.message.payload, clock.now());
      if (wait > 0) {
        this.#timer = clock.after(wait, () => {
          this.#timer = undefined;
          this.pump();
        });
        return;
      }
      void this.#deliver(next.lane, next.message, topic);
    }
  }

  #next(): { lane: Lane; message: OutgoingMessage } | undefined {
    for (const lane of this.#lanes) {
      // After a failure one goes alone: what follows it shall not be acknowledged before it again.
      if (lane.isHeld || (lane.attempts > 0 && lane.sending > 0)) continue;
      const message = lane.reader.messages.find(({ state }) => state === 'waiting');
      if (message !== undefined) return { lane, message };
      // What it is about to have goes before what less urgent lanes have.
      if (lane.isFilling) return undefined;
    }
    return undefined;
  }

  async #deliver(lane: Lane, message: OutgoingMessage, topic: string): Promise<void> {
    message.state = 'sending';
    lane.sending++;
    this.#inFlight++;
    if (!message.isRepeated) this.#ports.onSent(message);
    message.isRepeated = true;
    let failure: string | undefined;
    try {
      await this.#ports.link.publish(topic, message.payload);
    } catch (error) {
      failure = reasonOf(error);
    }
    lane.sending--;
    this.#inFlight--;
    if (this.#isStopped) return;
    let noted: Promise<void> | undefined;
    if (failure === undefined) {
      lane.attempts = 0;
      this.#ports.onAcknowledged(message);
      noted = this.#note(lane, message);
    } else {
      message.state = 'waiting';
      lane.isHeld = true;
      this.#ports.onRetry(message, failure);
    }
    if (lane.isHeld && lane.sending === 0) this.#hold(lane);
    this.pump();
    await noted;
    if (!this.#isStopped) this.#ports.onProgress();
  }

  /** What is left of it in the queue goes. The next message does not wait for that. */
  async #note(lane: Lane, message: OutgoingMessage): Promise<void> {
    try {
      await lane.reader.acknowledge(message);
    } catch (error) {
      // It is sent again after a restart, as the same message.
      if (!this.#isStopped) this.#ports.onTrouble(reasonOf(error));
    }
  }

  /** Until the wait is over, or there is a new connection. */
  #hold(lane: Lane): void {
    lane.isHeld = true;
    lane.retry?.cancel();
    const delay = backoffDelay(BACKOFF, lane.attempts++, this.#ports.random());
    lane.retry = this.#ports.clock.after(delay, () => {
      this.#release(lane);
      this.pump();
    });
  }

  #release(lane: Lane): void {
    lane.retry?.cancel();
    lane.retry = undefined;
    lane.isHeld = false;
  }
}
