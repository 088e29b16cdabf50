import * as z from 'zod';

const HOURS_PER_YEAR = 8_760;
const MILLIAMPERE = 1_000;

const current = z.number().nonnegative();

/** What a battery has to last for, and what the device draws. Currents in µA at the battery, durations in ms. */
export const powerBudgetSchema = z.strictObject({
  /** mAh, as printed on the cell */
  capacity: z.number().positive(),
  /** Of the capacity, what can be drawn before the device stops: temperature, ageing, cut-off voltage. @default 1 */
  usable: z.number().positive().max(1).default(1),
  /** Of the capacity, lost in a year by itself, in percent. @default 0 */
  selfDischarge: z.number().nonnegative().max(100).default(0),
  /** years */
  life: z.number().positive(),
  /** Drawn all the time that nothing else is. */
  sleep: current,
  /** Taking one sample. */
  sense: z.strictObject({ current, duration: z.number().positive() }),
  /** Sending one report: waking the radio, connecting, waiting for the acknowledgement; and what each sample adds. */
  transmit: z.strictObject({
    current,
    duration: z.number().positive(),
    durationPerSample: z.number().nonnegative().default(0),
  }),
  /** ms between two samples */
  sampleInterval: z.number().positive(),
  /** ms between two reports, at least and at most. @default the sample interval, a day */
  leastReportInterval: z.number().positive().optional(),
  mostReportInterval: z.number().positive().default(86_400_000),
});

export type PowerBudget = z.input<typeof powerBudgetSchema>;
export type SettledBudget = z.output<typeof powerBudgetSchema>;

/** One part of a duty cycle: a current (µA) and the share of all time for which it flows. */
export interface Duty {
  readonly name: string;
  readonly current: number;
  /** 0 to 1 */
  readonly share: number;
}

export type PowerPlan = {
  /** µA that may flow on average. */
  readonly allowed: number;
  readonly budget: SettledBudget;
} & (
  | {
      readonly feasible: true;
      /** ms between two reports */
      readonly reportInterval: number;
      readonly samplesPerReport: number;
      readonly duties: readonly Duty[];
      /** µA on average */
      readonly average: number;
      /** years that the battery lasts with it */
      readonly expectedLife: number;
    }
  | {
      readonly feasible: false;
      /** At the longest report interval. */
      readonly duties: readonly Duty[];
      readonly average: number;
      readonly expectedLife: number;
      /** Why, and what would help. */
      readonly reason: string;
    }
);

/** µA that may flow on average, for `capacity` mAh to last `years`. */
export function allowedCurrent(capacity: number, years: number): number {
  return (capacity * MILLIAMPERE) / (years * HOURS_PER_YEAR);
}

/** µA on average. */
export function averageCurrent(duties: readonly Duty[]): number {
  return duties.reduce((sum, { current: drawn, share }) => sum + drawn * share, 0);
}

/** µA that the battery loses by itself. */
function selfDischargeCurrent({ capacity, selfDischarge }: SettledBudget): number {
  return (capacity * MILLIAMPERE * selfDischarge) / 100 / HOURS_PER_YEAR;
}

/**
 * The shortest interval between reports with which the battery lasts: samples gather meanwhile, so each report wakes
 * the radio once for all of them.
 *
 * Average = sleep + s·(sense − sleep) + t·(transmit − sleep), where s is the share of sensing, and t that of
 * transmitting: (duration + samples · durationPerSample) / interval. The interval follows from average = allowed.
 *
 * @throws ZodError
 */
export function powerPlan(given: PowerBudget): PowerPlan {
  const budget = powerBudgetSchema.parse(given);
  const allowed = allowedCurrent(budget.capacity * budget.usable, budget.life) - selfDischargeCurrent(budget);
  const least = Math.max(budget.leastReportInterval ?? 0, budget.sampleInterval);
  const most = Math.max(least, budget.mostReportInterval);
  const needed = neededInterval(budget, allowed);
  const interval = wholeSamples(Math.min(most, Math.max(least, needed)), budget.sampleInterval, most);
  const duties = dutiesOf(budget, interval);
  const average = averageCurrent(duties);
  const outcome = { allowed, budget, duties, average, expectedLife: expectedLife(budget, average) };
  const fixed = budget.sleep + shareOfSensing(budget) * (budget.sense.current - budget.sleep);
  if (average <= allowed * (1 + 1e-9)) {
    const samplesPerReport = Math.max(1, Math.round(interval / budget.sampleInterval));
    return { ...outcome, feasible: true, reportInterval: interval, samplesPerReport };
  }
  return { ...outcome, feasible: false, reason: whyNot(budget, allowed, fixed) };
}

function shareOfSensing({ sampleInterval, sense }: SettledBudget): number {
  return Math.min(1, sense.duration / sampleInterval);
}

/** ms between two reports that are just allowed; infinite when none is. */
function neededInterval(budget: SettledBudget, allowed: number): number {
  const { sampleInterval, sense, sleep, transmit } = budget;
  const perSample = transmit.durationPerSample / sampleInterval;
  const rest =
    allowed - sleep - shareOfSensing(budget) * (sense.current - sleep) - perSample * (transmit.current - sleep);
  if (rest <= 0) return Number.POSITIVE_INFINITY;
  return (transmit.duration * Math.max(0, transmit.current - sleep)) / rest;
}

/** Rounded up to whole samples, but not above the longest. */
function wholeSamples(interval: number, sampleInterval: number, most: number): number {
  const up = Math.ceil(interval / sampleInterval - 1e-9) * sampleInterval;
  return up <= most ? up : Math.max(sampleInterval, Math.floor(most / sampleInterval) * sampleInterval);
}

function dutiesOf(budget: SettledBudget, interval: number): Duty[] {
  const { sampleInterval, sense, sleep, transmit } = budget;
  const sensing = shareOfSensing(budget);
  const sending = Math.min(1, transmit.duration / interval + transmit.durationPerSample / sampleInterval);
  return [
    { name: 'sleep', current: sleep, share: Math.max(0, 1 - sensing - sending) },
    { name: 'sense', current: sense.current, share: sensing },
    { name: 'transmit', current: transmit.current, share: sending },
  ];
}

/** years */
function expectedLife(budget: SettledBudget, average: number): number {
  const drawn = average + selfDischargeCurrent(budget);
  return drawn <= 0
    ? Number.POSITIVE_INFINITY
    : (budget.capacity * budget.usable * MILLIAMPERE) / drawn / HOURS_PER_YEAR;
}

function whyNot({ sampleInterval, sense, sleep, transmit }: SettledBudget, allowed: number, fixed: number): string {
  if (sleep >= allowed) return 'sleeping alone draws more than is allowed: a larger battery or a shorter life';
  const perSample =
    sense.duration * Math.max(0, sense.current - sleep) +
    transmit.durationPerSample * Math.max(0, transmit.current - sleep);
  const longest = perSample / (allowed - sleep);
  if (fixed >= allowed || longest > sampleInterval) {
    return `taking samples draws more than is allowed: sample at most every ${Math.ceil(longest)} ms, and less often to leave something for sending`;
  }
  return 'sending at the longest interval still draws more than is allowed: report less often, or send for a shorter time';
}

/**
 * The plan for what is left of the battery and of its life: a device that has drawn more than planned reports less
 * often, one that has saved more often.
 * @param charge percent of the capacity that is left
 * @param age years since the battery was new
 */
export function replan(given: PowerBudget, charge: number, age: number): PowerPlan {
  const budget = powerBudgetSchema.parse(given);
  // At the end of its life a battery is treated as if it had a tenth of a percent of it to go.
  const life = Math.max(budget.life - age, budget.life / 1_000);
  const left = Math.max(0, Math.min(100, charge)) / 100 - (1 - budget.usable);
  const usable = Math.max(left, Number.EPSILON);
  return powerPlan({ ...budget, usable, life });
}
