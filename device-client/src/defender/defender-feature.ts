import { DeviceError, reasonOf } from '../errors.ts';
import type { DeviceFeature, FeatureContext, Subscription } from '../feature.ts';
import { type CustomMetricValue, metricsReport } from './metrics-report.ts';
import { linuxNetwork, type NetworkSource } from './network-source.ts';
import type { InterfaceCounters } from './proc-net.ts';

export interface DefenderOptions {
  /** ms between two reports, at least 300,000. @default 300000 */
  readonly interval?: number;
  /** By the name of the custom metric in AWS IoT; undefined leaves it out of a report. */
  readonly customMetrics?: Readonly<Record<string, () => MaybePromise<CustomMetricValue | undefined>>>;
  readonly network?: NetworkSource;
}

type MaybePromise<T> = T | Promise<T>;

/** "set the time interval to a minimum of 300 seconds … may be throttled" (developer guide, "Device-side metrics") */
export const LEAST_REPORT_INTERVAL = 300_000;
/** ms added to each wait: the cloud measures the distance by its own clock, on the other side of the network. */
const MARGIN = 2_000;
/** ms within which the first reports of a fleet are spread */
const SPREAD = 60_000;
const FILE = 'last-report.json';

interface LastReport {
  readonly reportId: number;
  /** ms, by the device's clock */
  readonly at: number;
}

/**
 * Tells AWS IoT Device Defender what the device's network does.
 *
 * INVARIANTS
 * - Report ids grow, over restarts and clocks that were set back: an id is on disk before it is sent.
 * - Two reports are at least the interval apart, over restarts too. A report that falls due without a connection goes
 *   with the next one; those that were missed are not made up for.
 * - Bytes and packets of a report that was not accepted are in the next one.
 */
export class DefenderFeature implements DeviceFeature {
  readonly name = 'defender';
  readonly #interval: number;
  readonly #network: NetworkSource;
  readonly #customMetrics: NonNullable<DefenderOptions['customMetrics']>;
  #context: FeatureContext | undefined;
  #last: LastReport = { reportId: 0, at: Number.NEGATIVE_INFINITY };
  /** Counters that the cloud knows. */
  #told: ReadonlyMap<string, InterfaceCounters> = new Map();
  /** Counters of the report that is under way. */
  #pending: { readonly reportId: number; readonly counters: ReadonlyMap<string, InterfaceCounters> } | undefined;
  #timer: { cancel(): void } | undefined;
  #isDue = false;
  #endings: (() => void)[] = [];
  #subscriptions: Promise<Subscription>[] = [];
  #accepted = 0;
  #rejected = 0;
  #lastProblem: string | undefined;

  /** @throws DeviceError `INPUT_INVALID` */
  constructor(options: DefenderOptions = {}) {
    const { customMetrics = {}, interval = LEAST_REPORT_INTERVAL, network = linuxNetwork() } = options;
    if (!Number.isInteger(interval) || interval < LEAST_REPORT_INTERVAL) {
      throw new DeviceError(
        'INPUT_INVALID',
        `interval must be at least ${LEAST_REPORT_INTERVAL} ms, received ${interval}`,
      );
    }
    this.#interval = interval;
    this.#network = network;
    this.#customMetrics = customMetrics;
  }

  async start(context: FeatureContext): Promise<void> {
    this.#context = context;
    this.#last = readLast(context);
    this.#pending = undefined;
    try {
      // What happened before the agent ran is not known to have happened since the last report.
      this.#told = (await this.#network.read()).counters;
    } catch (error) {
      this.#trouble(context, error);
    }
    const { clock, link, random } = context;
    const topic = topicOf(context);
    this.#subscriptions = [
      link.subscribe(`${topic}/accepted`, (_, payload) => this.#answered(context, payload, true)),
      link.subscribe(`${topic}/rejected`, (_, payload) => this.#answered(context, payload, false)),
    ];
    for (const subscription of this.#subscriptions) subscription.catch((error) => this.#trouble(context, error));
    this.#endings = [link.onConnected(() => this.#sendIfDue(context))];
    const since = clock.now() - this.#last.at;
    const wait = since >= 0 ? Math.max(0, this.#interval - since) : this.#interval;
    this.#schedule(context, wait + random() * SPREAD);
  }

  async stop(): Promise<void> {
    this.#context = undefined;
    this.#timer?.cancel();
    for (const end of this.#endings) end();
    for (const subscription of this.#subscriptions) {
      void subscription.then((held) => held.end()).catch(() => {});
    }
    this.#subscriptions = [];
  }

  status(): Readonly<Record<string, unknown>> {
    return {
      reportId: this.#last.reportId,
      accepted: this.#accepted,
      rejected: this.#rejected,
      ...(this.#lastProblem !== undefined && { lastProblem: this.#lastProblem }),
    };
  }

  #schedule(context: FeatureContext, wait: number): void {
    this.#timer?.cancel();
    this.#timer = context.clock.after(wait + MARGIN, () => {
      this.#isDue = true;
      this.#sendIfDue(context);
    });
  }

  #sendIfDue(context: FeatureContext): void {
    if (!this.#isDue || this.#context !== context || !context.link.connected) return;
    this.#isDue = false;
    this.#schedule(context, this.#interval);
    this.#send(context).catch((error) => this.#trouble(context, error));
  }

  async #send(context: FeatureContext): Promise<void> {
    const { clock, link, state } = context;
    const [network, custom] = await Promise.all([this.#network.read(), this.#custom(context)]);
    if (this.#context !== context) return;
    const at = clock.now();
    // "Epoch timestamp recommended"
    const reportId = Math.max(this.#last.reportId + 1, Math.floor(at / 1000));
    this.#last = { reportId, at };
    state.write(FILE, `${JSON.stringify(this.#last)}\n`);
    this.#pending = { reportId, counters: network.counters };
    const report = metricsReport({ reportId, network, since: this.#told, custom });
    await link.publish(topicOf(context), JSON.stringify(report));
  }

  /** A metric that cannot be read is left out. */
  async #custom(context: FeatureContext): Promise<Record<string, CustomMetricValue>> {
    const values: Record<string, CustomMetricValue> = {};
    for (const [name, read] of Object.entries(this.#customMetrics)) {
      try {
        const value = await read();
        if (value !== undefined) values[name] = value;
      } catch (error) {
        context.log.warn('a custom metric cannot be read', { metric: name, reason: reasonOf(error) });
      }
    }
    return values;
  }

  #answered(context: FeatureContext, payload: Uint8Array, isAccepted: boolean): void {
    const answer = parseAnswer(payload);
    if (isAccepted) {
      this.#accepted++;
      if (answer.reportId !== undefined && answer.reportId === this.#pending?.reportId) {
        this.#told = this.#pending.counters;
        this.#pending = undefined;
      }
      return;
    }
    this.#rejected++;
    this.#lastProblem = answer.problem;
    context.log.warn('a metrics report was rejected', { reportId: answer.reportId, reason: answer.problem });
  }

  #trouble({ log }: FeatureContext, error: unknown): void {
    this.#lastProblem = reasonOf(error);
    log.warn('no metrics report', { reason: reasonOf(error) });
  }
}

function topicOf({ address }: FeatureContext): string {
  return `$aws/things/${address.thingName}/defender/metrics/json`;
}

/** A file that says nothing is as good as none: the time of day makes the next id larger. */
function readLast({ state }: FeatureContext): LastReport {
  try {
    const { at, reportId } = JSON.parse(state.read(FILE) ?? '') as Partial<LastReport>;
    if (Number.isSafeInteger(reportId) && Number.isSafeInteger(at)) return { reportId, at } as LastReport;
  } catch {
    // Answered below.
  }
  return { reportId: 0, at: Number.NEGATIVE_INFINITY };
}

function parseAnswer(payload: Uint8Array): { reportId?: number; problem: string } {
  try {
    const { reportId, statusDetails } = JSON.parse(Buffer.from(payload).toString()) as {
      reportId?: number;
      statusDetails?: { ErrorCode?: string; ErrorMessage?: string };
    };
    const problem = [statusDetails?.ErrorCode, statusDetails?.ErrorMessage].filter(Boolean).join(': ');
    return { ...(reportId !== undefined && { reportId }), problem: problem || 'no reason given' };
  } catch {
    return { problem: 'an answer that is not JSON' };
  }
}
