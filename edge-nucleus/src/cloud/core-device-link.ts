import type { DeviceFeature, DeviceLink, FeatureContext, Subscription } from '@fleetwright/device-client';
import type { CoreConnection, CoreSubscription } from './core-connection.ts';

interface Wanted {
  readonly filter: string;
  readonly onMessage: (topic: string, payload: Uint8Array) => void;
  live: Subscription | undefined;
}

/**
 * The core's connection as a feature of the device agent: same key, same certificate, same connection. A change of
 * certificate takes the link away and brings another; what is subscribed goes over to it.
 */
export class CoreDeviceLink implements CoreConnection, DeviceFeature {
  readonly name = 'edge-nucleus';
  readonly #wanted = new Set<Wanted>();
  readonly #tasks = new Set<() => void>();
  #link: DeviceLink | undefined;
  #log: FeatureContext['log'] | undefined;
  #stopListening = (): void => {};

  get connected(): boolean {
    return this.#link?.connected ?? false;
  }

  async start({ link, log }: FeatureContext): Promise<void> {
    this.#link = link;
    this.#log = log;
    for (const wanted of this.#wanted) void this.#take(link, wanted).catch(() => {});
    this.#stopListening = link.onConnected(() => {
      for (const task of [...this.#tasks]) task();
    });
  }

  async stop(): Promise<void> {
    this.#stopListening();
    this.#link = undefined;
    for (const wanted of this.#wanted) wanted.live = undefined;
  }

  status(): Readonly<Record<string, unknown>> {
    return { connected: this.connected, subscriptions: this.#wanted.size };
  }

  publish(topic: string, payload: Uint8Array, qos: 0 | 1): Promise<void> {
    if (this.#link === undefined) return Promise.reject(new Error('the core has no connection'));
    return this.#link.publish(topic, payload, qos);
  }

  async subscribe(filter: string, onMessage: Wanted['onMessage']): Promise<CoreSubscription> {
    const wanted: Wanted = { filter, onMessage, live: undefined };
    this.#wanted.add(wanted);
    try {
      if (this.#link !== undefined) await this.#take(this.#link, wanted);
    } catch (error) {
      this.#wanted.delete(wanted);
      throw error;
    }
    return {
      end: async () => {
        this.#wanted.delete(wanted);
        await wanted.live?.end();
      },
    };
  }

  onConnected(task: () => void): () => void {
    const own = (): void => task();
    this.#tasks.add(own);
    if (this.connected) own();
    return () => void this.#tasks.delete(own);
  }

  async #take(link: DeviceLink, wanted: Wanted): Promise<void> {
    try {
      const live = await link.subscribe(wanted.filter, wanted.onMessage);
      // Ended meanwhile, or another link has come.
      if (this.#link !== link || !this.#wanted.has(wanted)) await live.end();
      else wanted.live = live;
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      this.#log?.warn('a subscription of a component is refused', { filter: wanted.filter, reason });
      throw error;
    }
  }
}
