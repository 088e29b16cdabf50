import { channelTopic, type HealthMessage, healthMessageSchema, healthShadowSchema } from '@fleetwright/contracts';
import { DeviceError, reasonOf } from '../errors.ts';
import type { DeviceFeature, FeatureContext } from '../feature.ts';
import type { HealthReading, HealthSource } from './health-source.ts';

export interface HealthOptions {
  readonly firmware: string | (() => string);
  /** Undefined reports only what {@link HealthFeature.report} is given. */
  readonly source?: HealthSource | undefined;
  /** What the agent knows of itself: errors, samples waiting and dropped. */
  readonly agent?: () => Partial<Pick<HealthMessage, 'errors' | 'samplesWaiting' | 'samplesDropped'>>;
  /** ms between two messages. @default 300000 */
  readonly interval?: number;
  /** ms between two reports of the shadow `health`, of what changed; 0 leaves the shadow alone. @default 3600000 */
  readonly shadowInterval?: number;
}

const INTERVAL = 300_000;
const SHADOW_INTERVAL = 3_600_000;
const LEAST_INTERVAL = 1_000;
/** Of the interval, in which the first messages of a fleet are spread. */
const SPREAD = 0.1;

/**
 * Tells how the device is, on the `health` channel and, less often, in the shadow of that name. Nothing is kept for
 * later: the next reading is a better one.
 */
export class HealthFeature implements DeviceFeature {
  readonly name = 'health';
  readonly #options: HealthOptions;
  #interval: number;
  #context: FeatureContext | undefined;
  #timer: { cancel(): void } | undefined;
  #endings: (() => void)[] = [];
  #boot = { id: 0, sequence: 0 };
  #shadowAt = Number.NEGATIVE_INFINITY;
  #shadow: Readonly<Record<string, unknown>> = {};
  #last: HealthMessage | undefined;
  #isFirst = true;

  /** @throws DeviceError `INPUT_INVALID` */
  constructor(options: HealthOptions) {
    this.#options = options;
    this.#interval = checked(options.interval ?? INTERVAL);
  }

  async start(context: FeatureContext): Promise<void> {
    this.#context = context;
    this.#isFirst = true;
    if (this.#boot.id !== context.bootId) this.#boot = { id: context.bootId, sequence: 0 };
    if (this.#options.source === undefined) return;
    const { link, random } = context;
    // The first reading begins what others are compared with, and goes out as soon as there is a connection.
    this.#endings = [
      link.onConnected(() => {
        if (this.#isFirst) this.#schedule(context, random() * SPREAD * this.#interval);
      }),
    ];
    await this.#options.source.read().catch(() => undefined);
  }

  async stop(): Promise<void> {
    this.#context = undefined;
    this.#timer?.cancel();
    for (const end of this.#endings) end();
    this.#endings = [];
  }

  /** From now on. @param interval ms @throws DeviceError `INPUT_INVALID` */
  setInterval(interval: number): void {
    this.#interval = checked(interval);
    if (this.#context !== undefined && this.#timer !== undefined) this.#schedule(this.#context, this.#interval);
  }

  /**
   * Sends a reading now. Resolves when the cloud has it; one attempt.
   * @throws DeviceError `STOPPED`, `INPUT_INVALID`, and the link's error
   */
  async report(reading: HealthReading & { readonly time?: number; readonly firmware?: string }): Promise<void> {
    const context = this.#context;
    if (context === undefined) throw new DeviceError('STOPPED', 'the health feature is not running');
    const { firmware } = this.#options;
    const message = {
      time: Math.max(0, Math.floor(context.clock.now())),
      firmware: typeof firmware === 'string' ? firmware : firmware(),
      ...reading,
      bootId: context.bootId,
      sequence: ++this.#boot.sequence,
    };
    const parsed = healthMessageSchema.safeParse(message);
    if (!parsed.success) {
      const [first] = parsed.error.issues;
      throw new DeviceError('INPUT_INVALID', `health: ${first?.path.join('.')}: ${first?.message}`);
    }
    await context.link.publish(channelTopic(context.address, 'health'), JSON.stringify(parsed.data));
    this.#last = parsed.data;
  }

  status(): Readonly<Record<string, unknown>> {
    return { interval: this.#interval, ...(this.#last !== undefined && { last: this.#last }) };
  }

  #schedule(context: FeatureContext, wait: number): void {
    this.#timer?.cancel();
    this.#timer = context.clock.after(wait, () => {
      this.#schedule(context, this.#interval);
      if (context.link.connected) void this.#look(context);
    });
  }

  async #look(context: FeatureContext): Promise<void> {
    try {
      const reading = await this.#options.source?.read();
      if (reading === undefined || this.#context !== context) return;
      const whole = { ...reading, ...this.#options.agent?.() };
      await this.report(whole);
      this.#isFirst = false;
      await this.#reportShadow(context, whole);
    } catch (error) {
      if (this.#context === context) context.log.warn('no health message', { reason: reasonOf(error) });
    }
  }

  /** Only what changed since, so that nothing is written for nothing. */
  async #reportShadow(context: FeatureContext, reading: HealthReading): Promise<void> {
    const { shadowInterval = SHADOW_INTERVAL } = this.#options;
    const now = context.clock.now();
    if (shadowInterval === 0 || now - this.#shadowAt < shadowInterval) return;
    const known = Object.keys(healthShadowSchema.shape);
    const current = Object.fromEntries(Object.entries(reading).filter(([name]) => known.includes(name)));
    const changed = Object.entries(current).filter(([name, value]) => this.#shadow[name] !== value);
    this.#shadowAt = now;
    if (changed.length === 0) return;
    const topic = `$aws/things/${context.address.thingName}/shadow/name/health/update`;
    await context.link.publish(topic, JSON.stringify({ state: { reported: Object.fromEntries(changed) } }));
    this.#shadow = { ...this.#shadow, ...current };
  }
}

function checked(interval: number): number {
  if (Number.isFinite(interval) && interval >= LEAST_INTERVAL) return interval;
  throw new DeviceError('INPUT_INVALID', `interval must be at least ${LEAST_INTERVAL} ms, received ${interval}`);
}
