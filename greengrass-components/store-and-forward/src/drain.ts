import type { Batch, DurableQueue } from '@fleetwright/durable-queue';
import type { CloudBus, ComponentClock, ComponentLog } from '../../shared/src/component.ts';
import type { SpoolConfiguration, UploadChannel } from './configuration.ts';
import type { DiskHealth } from './disk-health.ts';
import type { Echo } from './echo.ts';
import type { KnownUploads } from './known-uploads.ts';
import type { Pace } from './pace.ts';
import { pause } from './pause.ts';
import { decodeSpooled } from './spooled-message.ts';

export interface DrainPorts {
  readonly queue: DurableQueue;
  readonly known: KnownUploads;
  readonly echo: Echo;
  readonly pace: Pace;
  readonly health: DiskHealth;
  readonly cloud: CloudBus;
  readonly clock: ComponentClock;
  readonly log: ComponentLog;
  readonly window: () => SpoolConfiguration['window'];
  readonly topic: (channel: UploadChannel) => string;
}

/** ms before the nucleus is asked again to take a message, doubled up to the second */
const FIRST_RETRY = 500;
const LAST_RETRY = 30_000;
/** ms after an error of the disk */
const DISK_RETRY = 5_000;

/**
 * Sends the spool to the cloud, window after window.
 *
 * INVARIANTS
 * - At most one window is sent and not confirmed; what leaves the spool was confirmed.
 * - Nothing is sent before what comes before it was taken by the nucleus.
 * - The most urgent goes first, from window to window.
 */
export class Drain {
  readonly #ports: DrainPorts;
  readonly #abort = new AbortController();
  #running: Promise<void> = Promise.resolve();
  #sent = 0;
  #confirmed = 0;

  constructor(ports: DrainPorts) {
    this.#ports = ports;
  }

  /** Messages taken by the nucleus, and had by the cloud, since the start. */
  get counts(): { readonly sent: number; readonly confirmed: number } {
    return { sent: this.#sent, confirmed: this.#confirmed };
  }

  start(): void {
    this.#running = this.#run();
  }

  /** Resolves when it touches nothing any more. */
  async stop(): Promise<void> {
    this.#abort.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { signal } = this.#abort;
    const { clock, health, log, queue } = this.#ports;
    while (!signal.aborted) {
      await queue.available({ signal });
      if (signal.aborted) return;
      let window: readonly Batch[] = [];
      try {
        window = await this.#collect();
        if (await this.#deliver(window)) continue;
      } catch (error) {
        health.fails(error);
        log.error('the spool cannot be read or written', { reason: String(error) });
      }
      for (const batch of window) await queue.release(batch).catch(() => false);
      await pause(clock, DISK_RETRY, signal);
    }
  }

  async #collect(): Promise<Batch[]> {
    const { messages, bytes } = this.#ports.window();
    const window: Batch[] = [];
    let [count, size] = [0, 0];
    while (count < messages && size < bytes) {
      const batch = await this.#ports.queue.take(messages - count, bytes - size);
      if (batch === undefined) break;
      window.push(batch);
      count += batch.items.length;
      size += batch.items.reduce((sum, item) => sum + item.bytes.length, 0);
    }
    return window;
  }

  /** @returns whether the cloud has it and it has left the spool */
  async #deliver(window: readonly Batch[]): Promise<boolean> {
    if (window.length === 0) return false;
    const { echo, known, queue } = this.#ports;
    const { signal } = this.#abort;
    const ids: string[] = [];
    let count = 0;
    for (const { channel, items } of window) {
      const topic = this.#ports.topic(channel.split('.')[0] as UploadChannel);
      for (const { bytes } of items) {
        const { payload, uploadIds } = decodeSpooled(bytes);
        ids.push(...uploadIds);
        if (!(await this.#publish(topic, payload))) return false;
        this.#sent++;
        count++;
      }
    }
    if (!(await echo.confirm(signal))) return false;
    this.#confirmed += count;
    await known.leave(ids);
    for (const batch of window) await queue.ack(batch);
    return true;
  }

  /** Until the nucleus takes it. @returns false: asked to stop */
  async #publish(topic: string, payload: Uint8Array): Promise<boolean> {
    const { clock, cloud, log, pace } = this.#ports;
    const { signal } = this.#abort;
    await pace.turn(payload.length, signal);
    for (let wait = FIRST_RETRY; !signal.aborted; wait = Math.min(wait * 2, LAST_RETRY)) {
      try {
        await cloud.publish(topic, payload);
        return true;
      } catch (error) {
        log.warn('the nucleus does not take a message, it is given again', { topic, reason: String(error), in: wait });
      }
      await pause(clock, wait, signal);
    }
    return false;
  }
}
