import { randomBytes } from 'node:crypto';
import * as z from 'zod';
import type { CloudBus, ComponentClock, ComponentLog } from '../../shared/src/component.ts';

/** bytes of a probe, at most */
export const PROBE_BYTES = 128;
const LAST_PATIENCE = 900_000;
/** ms before a probe that the nucleus did not take is tried again */
const RETRY = 1_000;

const probeSchema = z.strictObject({ version: z.literal(1), run: z.string(), probe: z.int().min(1) });

export interface EchoPorts {
  readonly cloud: CloudBus;
  readonly clock: ComponentClock;
  readonly log: ComponentLog;
  readonly topic: string;
  /** ms before another probe */
  readonly patience: () => number;
  /** Before each probe: the rate that messages share. */
  readonly turn: (bytes: number, signal: AbortSignal) => Promise<void>;
}

/**
 * Finds out that the cloud has received what was published before, by probes that come back. Why two of them: README, "When the
 * cloud has a message".
 */
export class Echo {
  readonly #ports: EchoPorts;
  /** Probes of earlier runs are not ours. */
  readonly #run = randomBytes(8).toString('hex');
  #last = 0;
  #heard = 0;
  #onHeard: () => void = () => {};
  #subscription: { end(): Promise<void> } | undefined;

  constructor(ports: EchoPorts) {
    this.#ports = ports;
  }

  async open(): Promise<void> {
    const { cloud, topic } = this.#ports;
    this.#subscription = await cloud.subscribe(topic, (payload) => this.#hear(payload));
  }

  async close(): Promise<void> {
    await this.#subscription?.end();
  }

  /** @returns true: the cloud has all that was published before the call; false: the signal has aborted */
  async confirm(signal: AbortSignal): Promise<boolean> {
    return (await this.#round(signal)) && (await this.#round(signal));
  }

  /** One probe and its return. */
  async #round(signal: AbortSignal): Promise<boolean> {
    const { log, patience } = this.#ports;
    const first = this.#last + 1;
    let wait = patience();
    while (!signal.aborted) {
      const sent = await this.#send(signal);
      if (await this.#comesBack(first, sent ? wait : RETRY, signal)) return true;
      if (!sent || signal.aborted) continue;
      log.warn('the cloud does not confirm: no connection, or the policy of the core forbids the echo topic', {
        topic: this.#ports.topic,
        waited: wait,
      });
      wait = Math.min(wait * 2, LAST_PATIENCE);
    }
    return false;
  }

  async #send(signal: AbortSignal): Promise<boolean> {
    const { cloud, log, topic, turn } = this.#ports;
    await turn(PROBE_BYTES, signal);
    if (signal.aborted) return false;
    const probe = { version: 1, run: this.#run, probe: ++this.#last };
    try {
      await cloud.publish(topic, Buffer.from(JSON.stringify(probe)));
      return true;
    } catch (error) {
      log.warn('a probe is not taken', { reason: String(error) });
      return false;
    }
  }

  #comesBack(first: number, milliseconds: number, signal: AbortSignal): Promise<boolean> {
    return new Promise((resolve) => {
      const done = (): void => {
        timer.cancel();
        signal.removeEventListener('abort', done);
        this.#onHeard = () => {};
        resolve(this.#heard >= first);
      };
      const timer = this.#ports.clock.after(milliseconds, done);
      signal.addEventListener('abort', done, { once: true });
      this.#onHeard = () => {
        if (this.#heard >= first) done();
      };
      this.#onHeard();
    });
  }

  #hear(payload: Uint8Array): void {
    let value: unknown;
    try {
      value = JSON.parse(Buffer.from(payload).toString('utf8'));
    } catch {
      return;
    }
    const read = probeSchema.safeParse(value);
    if (!read.success || read.data.run !== this.#run || read.data.probe > this.#last) return;
    this.#heard = Math.max(this.#heard, read.data.probe);
    this.#onHeard();
  }
}
