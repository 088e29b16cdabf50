import type { mqtt5 } from 'aws-iot-device-sdk-v2';
import type { DeviceClock } from '../../clock.ts';
import type { DeviceLink, Subscription } from '../../feature.ts';

export interface Received {
  /** ms, by the clock */
  readonly at: number;
  readonly topic: string;
  readonly payload: Buffer;
}

/** A connection that takes `latency` ms for each message, and is there or not as a test says. */
export class SimulatedLink implements DeviceLink {
  readonly received: Received[] = [];
  /** ms from a publish to its acknowledgement */
  latency = 40;
  /** What the broker says to a message. A text refuses it. */
  judge: (topic: string, payload: Buffer) => string | undefined = () => undefined;
  connected = false;
  readonly subscribed = new Map<string, (topic: string, payload: Uint8Array) => void>();
  readonly #clock: DeviceClock;
  readonly #connectTasks = new Set<() => void>();
  readonly #interruptTasks = new Set<(reason: string) => void>();
  readonly #underWay = new Set<(error: Error) => void>();

  constructor(clock: DeviceClock) {
    this.#clock = clock;
  }

  get client(): mqtt5.Mqtt5Client {
    throw new Error('the simulated link has no client of the SDK');
  }

  connect(): void {
    this.connected = true;
    for (const task of [...this.#connectTasks]) task();
  }

  /** Messages under way have arrived; their acknowledgements have not. */
  disconnect(): void {
    this.connected = false;
    for (const fail of [...this.#underWay]) fail(new Error('connection lost'));
    for (const task of [...this.#interruptTasks]) task('connection lost');
  }

  publish(topic: string, payload: string | Uint8Array): Promise<void> {
    if (!this.connected) return Promise.reject(new Error('not connected'));
    const bytes = Buffer.from(payload as Uint8Array);
    const refusal = this.judge(topic, bytes);
    if (refusal === undefined) this.received.push({ at: this.#clock.now(), topic, payload: bytes });
    return new Promise((resolve, reject) => {
      const fail = (error: Error): void => {
        timer.cancel();
        this.#underWay.delete(fail);
        reject(error);
      };
      const timer = this.#clock.after(this.latency, () => {
        this.#underWay.delete(fail);
        if (refusal === undefined) resolve();
        else reject(new Error(refusal));
      });
      this.#underWay.add(fail);
    });
  }

  async subscribe(filter: string, onMessage: (topic: string, payload: Uint8Array) => void): Promise<Subscription> {
    this.subscribed.set(filter, onMessage);
    return { end: async () => void this.subscribed.delete(filter) };
  }

  onConnected(task: () => void): () => void {
    this.#connectTasks.add(task);
    if (this.connected) task();
    return () => void this.#connectTasks.delete(task);
  }

  onInterrupted(task: (reason: string) => void): () => void {
    this.#interruptTasks.add(task);
    return () => void this.#interruptTasks.delete(task);
  }
}
