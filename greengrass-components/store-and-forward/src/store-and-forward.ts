import { UPLOAD_TOPIC } from '@fleetwright/contracts';
import type { Component, ComponentHost } from '../../shared/src/component.ts';
import type { SpoolConfiguration } from './configuration.ts';
import { Spool, type SpoolOptions } from './spool.ts';
import type { SpoolStats } from './spool-stats.ts';

/** `com.fleetwright.StoreAndForward`: see the README. */
export class StoreAndForward implements Component<SpoolConfiguration> {
  readonly name = 'com.fleetwright.StoreAndForward';
  #spool: Spool | undefined;
  #turns: Promise<void> = Promise.resolve();
  #subscription: { end(): Promise<void> } | undefined;
  #stopFollowing: () => void = () => {};
  readonly #options: SpoolOptions;

  /** @param options by default a broken spool fails the component: the nucleus starts it anew, or shows it as broken */
  constructor(options: Partial<SpoolOptions> = {}) {
    this.#options = { onBroken: (error) => void Promise.reject(error), ...options };
  }

  get stats(): SpoolStats | undefined {
    return this.#spool?.stats;
  }

  async start(host: ComponentHost<SpoolConfiguration>): Promise<void> {
    const { configuration, local } = host;
    this.#spool = await Spool.open(host, this.#options);
    let opened = openedWith(configuration.current);
    this.#stopFollowing = configuration.onChange((current) => {
      if (openedWith(current) === opened) return;
      opened = openedWith(current);
      this.#turns = this.#turns.then(async () => {
        const before = this.#spool;
        // What comes meanwhile is not answered, and so will be given again.
        this.#spool = undefined;
        await before?.close();
        this.#spool = await Spool.open(host, this.#options);
      });
      // A failure is left to the runtime, which ends the process: the nucleus starts it anew.
    });
    this.#subscription = await local.subscribe(UPLOAD_TOPIC, (message) => this.#spool?.take(message));
  }

  async stop(): Promise<void> {
    this.#stopFollowing();
    await this.#subscription?.end();
    await this.#turns.catch(() => {});
    await this.#spool?.close();
    this.#spool = undefined;
  }
}

/** What a spool cannot change while it is open. */
function openedWith({ deviceType, disk, site, topicRoot }: SpoolConfiguration): string {
  return JSON.stringify([disk, topicRoot, site, deviceType]);
}
