import { MAX_SAMPLES_PER_MESSAGE } from '@fleetwright/contracts';
import { reasonOf } from '../errors.ts';
import type { DeviceFeature, FeatureContext } from '../feature.ts';
import type { ReportingSchedule } from '../telemetry/telemetry-options.ts';
import { type PowerBudget, type PowerPlan, powerBudgetSchema, powerPlan, replan } from './power-plan.ts';

export interface PowerFeatureOptions {
  readonly budget: PowerBudget;
  /** Percent of the battery's capacity that is left; undefined when nobody knows. */
  readonly charge: () => Promise<number | undefined> | number | undefined;
  /** What reports are gathered by: the telemetry feature. */
  readonly target: { setSchedule(schedule: ReportingSchedule): void };
  /** ms between two looks at the battery. @default 1 h */
  readonly lookInterval?: number;
}

const FILE = 'battery.json';
const LOOK_INTERVAL = 3_600_000;
/** Times before are of a device that does not know the time: 2020-01-01. */
const LEAST_KNOWN_TIME = 1_577_836_800_000;
const MILLISECONDS_PER_YEAR = 8_760 * 3_600_000;

/**
 * Sets how often the device reports, by what is left of its battery and of the life that it is to have.
 *
 * It decides when reports go out, and so when the radio is woken for them. What a connection costs that is kept open
 * (keep-alives, listening) belongs into the budget's `sleep`.
 */
export class PowerFeature implements DeviceFeature {
  readonly name = 'power';
  readonly #options: PowerFeatureOptions;
  #timer: { cancel(): void } | undefined;
  #plan: PowerPlan | undefined;
  #isStopped = false;

  /** @throws ZodError */
  constructor(options: PowerFeatureOptions) {
    const budget = powerBudgetSchema.parse(options.budget);
    // A message takes no more samples than that: a longer wait would not save a report.
    const longest = MAX_SAMPLES_PER_MESSAGE * budget.sampleInterval;
    const mostReportInterval = Math.min(budget.mostReportInterval, longest);
    this.#options = { ...options, budget: { ...budget, mostReportInterval } };
  }

  get plan(): PowerPlan | undefined {
    return this.#plan;
  }

  async start(context: FeatureContext): Promise<void> {
    this.#isStopped = false;
    await this.#look(context);
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  status(): Readonly<Record<string, unknown>> {
    const plan = this.#plan;
    if (plan === undefined) return {};
    const { allowed, average, feasible } = plan;
    return { allowed, average, ...(feasible ? { reportInterval: plan.reportInterval } : { reason: plan.reason }) };
  }

  async #look(context: FeatureContext): Promise<void> {
    const { budget, lookInterval = LOOK_INTERVAL, target } = this.#options;
    const charge = await this.#charge(context);
    if (this.#isStopped) return;
    const age = charge === undefined ? undefined : this.#age(context);
    const plan = age === undefined || charge === undefined ? powerPlan(budget) : replan(budget, charge, age);
    if (!plan.feasible && this.#plan?.feasible !== false) {
      context.log.warn('the battery will not last as long as it should', {
        reason: plan.reason,
        expectedLife: plan.expectedLife,
      });
    }
    this.#plan = plan;
    const { mostReportInterval, sampleInterval } = plan.budget;
    const interval = plan.feasible ? plan.reportInterval : mostReportInterval;
    const samples = Math.max(1, Math.floor(interval / sampleInterval));
    target.setSchedule({
      samplesPerMessage: Math.min(MAX_SAMPLES_PER_MESSAGE, samples),
      maxDelay: Math.min(86_400_000, Math.round(interval)),
    });
    this.#timer = context.clock.after(lookInterval, () => void this.#look(context));
  }

  /** A battery that cannot be read is planned for as if all went as it should. */
  async #charge({ log }: FeatureContext): Promise<number | undefined> {
    try {
      return await this.#options.charge();
    } catch (error) {
      log.warn('the battery cannot be read', { reason: reasonOf(error) });
      return undefined;
    }
  }

  /** Years since the feature first ran, which is when the battery was new. Undefined while the time is not known. */
  #age({ clock, state }: FeatureContext): number | undefined {
    const now = clock.now();
    if (now < LEAST_KNOWN_TIME) return undefined;
    const kept = Number(state.read(FILE));
    if (Number.isFinite(kept) && kept >= LEAST_KNOWN_TIME) return Math.max(0, now - kept) / MILLISECONDS_PER_YEAR;
    state.write(FILE, `${now}\n`);
    return 0;
  }
}
