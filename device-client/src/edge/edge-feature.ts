import { type EdgeConfig, type EdgeConfigInput, edgeConfigSchema, type Sample } from '@fleetwright/contracts';
import { DeviceError, reasonOf } from '../errors.ts';
import type { DeviceFeature, FeatureContext } from '../feature.ts';
import type { TakeOptions } from '../telemetry/telemetry-feature.ts';
import type { SampleChannel } from '../telemetry/telemetry-lanes.ts';
import { type EdgeAlarm, MeasureJudge } from './edge-measure.ts';

export interface EdgeOptions {
  /** Takes what is to be sent: the telemetry feature's `publish`. */
  readonly publish: (channel: SampleChannel, sample: Sample, options?: TakeOptions) => void;
  /** Until the shadow says otherwise. */
  readonly config?: EdgeConfigInput;
}

const FILE = 'alarms.json';

/**
 * Looks at samples before they are sent: leaves out what tells nothing new, averages, flags anomalies, and raises alarms.
 *
 * INVARIANT: an alarm that was raised is cleared once, over restarts and changes of the configuration too: which are on
 * is on disk. What is learnt (averages, levels) begins anew with the process.
 */
export class EdgeFeature implements DeviceFeature {
  readonly name = 'edge';
  readonly #options: EdgeOptions;
  #config: EdgeConfig;
  #judges: Map<string, MeasureJudge>;
  #context: FeatureContext | undefined;
  #leftOut = 0;

  /** @throws DeviceError `INPUT_INVALID` */
  constructor(options: EdgeOptions) {
    this.#options = options;
    this.#config = parse(options.config ?? {});
    this.#judges = judgesOf(this.#config, new Map());
  }

  async start(context: FeatureContext): Promise<void> {
    this.#context = context;
    const kept = readRaised(context);
    this.#judges = judgesOf(this.#config, kept);
    this.#clearOrphans(kept);
  }

  async stop(): Promise<void> {
    this.#context = undefined;
  }

  /**
   * Section `edge` of the shadow `config`; undefined looks at nothing. What a measure has learnt is kept when its own
   * part stays as it is.
   * @throws DeviceError `INPUT_INVALID`; then all stays as it was
   */
  configure(config: unknown): void {
    const next = parse(config ?? {});
    const before = this.#raised();
    const judges = judgesOf(next, before);
    for (const [name, measure] of Object.entries(next)) {
      const known = this.#judges.get(name);
      if (known !== undefined && JSON.stringify(measure) === JSON.stringify(this.#config[name]))
        judges.set(name, known);
    }
    this.#config = next;
    this.#judges = judges;
    this.#clearOrphans(before);
  }

  /**
   * Sends what is worth it of a sample, and the alarms that it raises or clears, first.
   * @throws DeviceError as the `publish` of the options does
   */
  publish(sample: Sample): void {
    const values: Sample['values'] = {};
    const alarms: EdgeAlarm[] = [];
    for (const [name, value] of Object.entries(sample.values)) {
      const judge = typeof value === 'number' ? this.#judges.get(name) : undefined;
      if (judge === undefined) {
        values[name] = value;
        continue;
      }
      const judgement = judge.judge(sample.time, value as number);
      Object.assign(values, judgement.values);
      alarms.push(...judgement.alarms);
      if (Object.keys(judgement.values).length === 0) this.#leftOut++;
    }
    if (alarms.length > 0) this.#tell(sample.time, alarms);
    if (Object.keys(values).length > 0) this.#options.publish('telemetry', { time: sample.time, values });
  }

  status(): Readonly<Record<string, unknown>> {
    return {
      measures: [...this.#judges.keys()],
      raised: Object.fromEntries(this.#raised()),
      valuesLeftOut: this.#leftOut,
    };
  }

  /** The alarm is on disk as told before it is: told twice is better than not cleared. */
  #tell(time: number, alarms: readonly EdgeAlarm[]): void {
    for (const { measure, name, severity, state, value } of alarms) {
      const values = { alarm: name, alarm_state: state, severity, measure, value };
      try {
        this.#options.publish('event', { time, values }, { priority: 'alarm' });
      } catch (error) {
        this.#context?.log.error('an alarm was not taken', { ...values, reason: reasonOf(error) });
      }
    }
    this.#keep();
  }

  /** Alarms whose thresholds are gone will never be cleared by a value. */
  #clearOrphans(before: ReadonlyMap<string, readonly string[]>): void {
    const context = this.#context;
    if (context === undefined) return;
    const now = this.#raised();
    for (const [measure, names] of before) {
      for (const name of names) {
        if (now.get(measure)?.includes(name) === true) continue;
        const values = { alarm: name, alarm_state: 'cleared', severity: 'warning', measure };
        const time = Math.max(0, Math.floor(context.clock.now()));
        try {
          this.#options.publish('event', { time, values }, { priority: 'alarm' });
        } catch (error) {
          context.log.error('an alarm was not taken', { ...values, reason: reasonOf(error) });
        }
      }
    }
    this.#keep();
  }

  #raised(): Map<string, string[]> {
    const raised = new Map<string, string[]>();
    for (const [measure, judge] of this.#judges) if (judge.raised.length > 0) raised.set(measure, judge.raised);
    return raised;
  }

  #keep(): void {
    const context = this.#context;
    if (context === undefined) return;
    const text = `${JSON.stringify(Object.fromEntries(this.#raised()))}\n`;
    if (text === (context.state.read(FILE) ?? '{}\n')) return;
    try {
      context.state.write(FILE, text);
    } catch (error) {
      context.log.error('alarms are not kept', { reason: reasonOf(error) });
    }
  }
}

function judgesOf(config: EdgeConfig, raised: ReadonlyMap<string, readonly string[]>): Map<string, MeasureJudge> {
  return new Map(
    Object.entries(config).map(([name, measure]) => [
      name,
      new MeasureJudge(name, measure, new Set(raised.get(name) ?? [])),
    ]),
  );
}

function parse(config: unknown): EdgeConfig {
  const parsed = edgeConfigSchema.safeParse(config);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map((issue) => {
    // What is wrong with a key stands one level below.
    const message =
      issue.code === 'invalid_key' ? issue.issues.map((inner) => inner.message).join(', ') : issue.message;
    return `${['edge', ...issue.path].join('.')}: ${message}`;
  });
  throw new DeviceError('INPUT_INVALID', problems.join('; '));
}

/** A file that says nothing is as good as none: an alarm is then raised again. */
function readRaised({ state }: FeatureContext): Map<string, string[]> {
  try {
    const kept = JSON.parse(state.read(FILE) ?? '{}') as Record<string, unknown>;
    return new Map(
      Object.entries(kept).flatMap(([measure, names]) =>
        Array.isArray(names) ? [[measure, names.filter((name) => typeof name === 'string')] as const] : [],
      ),
    );
  } catch {
    return new Map();
  }
}
