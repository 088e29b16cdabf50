import type { Sample } from '@fleetwright/contracts';
import { reasonOf } from '../errors.ts';
import type { DeviceFeature, FeatureContext } from '../feature.ts';

export interface PresenceOptions {
  /** Takes an event for sending: the telemetry feature, which keeps it until the cloud has it. */
  readonly say: (event: Sample) => void;
  readonly firmware: string | (() => string);
}

/**
 * Says when the agent begins and ends, and why: what the connection alone does not tell. A last will, or silence, means
 * that it ended otherwise. It must stop before the feature that `say` belongs to, or in the
 * same turn.
 */
export class PresenceFeature implements DeviceFeature {
  readonly name = 'presence';
  readonly #options: PresenceOptions;
  #context: FeatureContext | undefined;
  #ending: (() => void) | undefined;
  /** The boot of which it was told. */
  #told: number | undefined;
  #reason = 'stopped';

  constructor(options: PresenceOptions) {
    this.#options = options;
  }

  async start(context: FeatureContext): Promise<void> {
    this.#context = context;
    this.#ending = context.link.onConnected(() => this.#sayHello(context));
  }

  /** Why the agent is going to stop: `shutdown`, `reboot`, `update` …; said when it does. */
  goodbye(reason: string): void {
    this.#reason = reason;
  }

  async stop(): Promise<void> {
    const context = this.#context;
    this.#ending?.();
    this.#context = undefined;
    if (context !== undefined) this.#say(context, { agent: 'stopped', reason: this.#reason });
    this.#reason = 'stopped';
  }

  #sayHello(context: FeatureContext): void {
    if (this.#told === context.bootId) return;
    this.#told = context.bootId;
    const { firmware } = this.#options;
    this.#say(context, { agent: 'started', firmware: typeof firmware === 'string' ? firmware : firmware() });
  }

  #say({ clock, log }: FeatureContext, values: Record<string, string>): void {
    try {
      this.#options.say({ time: Math.max(0, Math.floor(clock.now())), values });
    } catch (error) {
      log.warn('not said', { ...values, problem: reasonOf(error) });
    }
  }
}
