import type { ComponentHost } from './component.ts';

type Host = Pick<ComponentHost<unknown>, 'shadows' | 'clock' | 'log'>;

/** ms until the shadow is asked again that could not be reached; doubled up to the second */
const FIRST_WAIT = 5_000;
const LAST_WAIT = 300_000;

/**
 * A named shadow of the core that a component is configured by.
 *
 * INVARIANTS
 * - The component hears each desired state once, the first as soon as the shadow can be reached, with the version of the
 *   document where that can be told. It hears none while there is no shadow service.
 * - What was reported last is repeated until it is taken.
 */
export class FollowedShadow {
  readonly #host: Host;
  readonly #name: string;
  readonly #onDesired: (desired: object, version: number | undefined) => void;
  #subscription: { end(): Promise<void> } | undefined;
  #timer: { cancel(): void } | undefined;
  #wait = FIRST_WAIT;
  #heard: string | undefined;
  #toRead = true;
  #toReport: object | undefined;
  #work: Promise<void> = Promise.resolve();
  #stopped = false;

  constructor(host: Host, name: string, onDesired: (desired: object, version: number | undefined) => void) {
    this.#host = host;
    this.#name = name;
    this.#onDesired = onDesired;
  }

  /** Resolves when changes are heard; it does not wait for the shadow. */
  async start(): Promise<void> {
    this.#subscription = await this.#host.shadows.onDesired(this.#name, (desired) => {
      this.#toRead = true;
      this.#goOn(desired);
    });
    this.#goOn();
  }

  /** Replaces what was to be reported before. */
  report(reported: object): void {
    this.#toReport = reported;
    this.#goOn();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#timer?.cancel();
    await this.#subscription?.end();
  }

  #goOn(heard?: object): void {
    this.#work = this.#work.then(() => this.#try(heard));
  }

  async #try(heard?: object): Promise<void> {
    if (this.#stopped) return;
    this.#timer?.cancel();
    try {
      if (this.#toRead) await this.#read(heard);
      while (this.#toReport !== undefined && !this.#stopped) {
        const reported = this.#toReport;
        await this.#host.shadows.update(this.#name, { reported });
        if (this.#toReport === reported) this.#toReport = undefined;
      }
      this.#wait = FIRST_WAIT;
    } catch (error) {
      if (this.#stopped) return;
      this.#host.log.info('the shadow cannot be reached, it is tried again', {
        shadow: this.#name,
        reason: String(error),
      });
      this.#timer = this.#host.clock.after(this.#wait, () => this.#goOn());
      this.#wait = Math.min(this.#wait * 2, LAST_WAIT);
    }
  }

  /** @param heard what to go by when the document itself cannot be had */
  async #read(heard: object | undefined): Promise<void> {
    let desired = heard;
    let version: number | undefined;
    try {
      const document = await this.#host.shadows.get(this.#name);
      desired = document?.state.desired ?? {};
      version = document?.version;
    } catch (error) {
      if (heard === undefined) throw error;
    }
    this.#toRead = false;
    const text = JSON.stringify(desired);
    if (this.#stopped || desired === undefined || text === this.#heard) return;
    this.#heard = text;
    this.#onDesired(desired, version);
  }
}
