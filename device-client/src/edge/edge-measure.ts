import { ANOMALY_SUFFIX, AVERAGE_SUFFIX, type EdgeMeasure, type Sample } from '@fleetwright/contracts';
import { DeadBandFilter } from './dead-band.ts';
import { MovingAverage } from './moving-average.ts';
import { RobustScore } from './robust-score.ts';
import { type AlarmChange, Threshold } from './threshold.ts';

export interface EdgeAlarm {
  /** Name of the threshold, or `anomaly`. */
  readonly name: string;
  readonly measure: string;
  readonly state: AlarmChange;
  readonly severity: 'warning' | 'critical';
  readonly value: number;
}

export interface Judgement {
  /** What of the value is to be sent: itself, its average, its score; nothing when it tells nothing new. */
  readonly values: Sample['values'];
  readonly alarms: readonly EdgeAlarm[];
}

const ANOMALY_ALARM = 'anomaly';
/** Of the score that raises the alarm, below which it is cleared. */
const CLEARED_BELOW = 0.5;

/** Looks at the values of one measure as they come. */
export class MeasureJudge {
  readonly #name: string;
  readonly #config: EdgeMeasure;
  readonly #average: MovingAverage | undefined;
  readonly #deadBand: DeadBandFilter | undefined;
  readonly #score: RobustScore | undefined;
  readonly #thresholds: ReadonlyMap<string, Threshold>;
  #isAnomalous: boolean;

  /** @param raised names of alarms that are on */
  constructor(name: string, config: EdgeMeasure, raised: ReadonlySet<string> = new Set()) {
    this.#name = name;
    this.#config = config;
    this.#average = config.average && new MovingAverage(config.average.window);
    this.#deadBand = config.deadBand && new DeadBandFilter(config.deadBand);
    this.#score = config.anomaly && new RobustScore(config.anomaly);
    this.#thresholds = new Map(
      Object.entries(config.thresholds ?? {}).map(([alarm, limits]) => [
        alarm,
        new Threshold(limits, raised.has(alarm)),
      ]),
    );
    this.#isAnomalous = config.anomaly?.alarm === true && raised.has(ANOMALY_ALARM);
  }

  get raised(): string[] {
    const names = [...this.#thresholds].filter(([, { isRaised }]) => isRaised).map(([name]) => name);
    return this.#isAnomalous ? [...names, ANOMALY_ALARM] : names;
  }

  judge(time: number, value: number): Judgement {
    const average = this.#average?.add(time, value);
    const score = this.#score?.add(value);
    const alarms = this.#alarms(time, value, average, score);
    const { anomaly, average: averaging } = this.#config;
    const flagged = anomaly !== undefined && score !== undefined && score >= anomaly.score;
    const shown = averaging?.replace === true ? average : value;
    const mustSend = flagged || alarms.length > 0;
    if (this.#deadBand !== undefined && !this.#deadBand.passes(time, shown ?? value, mustSend)) {
      return { values: {}, alarms };
    }
    const values: Sample['values'] = {};
    if (averaging?.replace !== true || mustSend) values[this.#name] = value;
    if (average !== undefined) values[`${this.#name}${AVERAGE_SUFFIX}`] = average;
    if (flagged) values[`${this.#name}${ANOMALY_SUFFIX}`] = Math.round((score as number) * 10) / 10;
    return { values, alarms };
  }

  #alarms(time: number, value: number, average: number | undefined, score: number | undefined): EdgeAlarm[] {
    const alarms: EdgeAlarm[] = [];
    for (const [name, threshold] of this.#thresholds) {
      const { of = 'value', severity = 'warning' } = this.#config.thresholds?.[name] ?? {};
      const looked = of === 'average' ? (average ?? value) : value;
      const state = threshold.add(time, looked);
      if (state !== undefined) alarms.push({ name, measure: this.#name, state, severity, value: looked });
    }
    const change = this.#anomalyChange(score);
    if (change !== undefined) {
      alarms.push({ name: ANOMALY_ALARM, measure: this.#name, state: change, severity: 'warning', value });
    }
    return alarms;
  }

  #anomalyChange(score: number | undefined): AlarmChange | undefined {
    const { anomaly } = this.#config;
    if (anomaly?.alarm !== true) {
      this.#isAnomalous = false;
      return undefined;
    }
    if (score === undefined) return undefined;
    if (!this.#isAnomalous && score >= anomaly.score) {
      this.#isAnomalous = true;
      return 'raised';
    }
    if (this.#isAnomalous && score < anomaly.score * CLEARED_BELOW) {
      this.#isAnomalous = false;
      return 'cleared';
    }
    return undefined;
  }
}
