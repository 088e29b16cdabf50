import type { PumpHistory } from './plant-runs.ts';

/** How sure one is of each window of a history that the pump fails; any scale. */
export interface ScoredHistory {
  readonly history: PumpHistory;
  readonly scores: readonly number[];
}

export interface Confusion {
  readonly truePositives: number;
  readonly falsePositives: number;
  readonly falseNegatives: number;
  readonly trueNegatives: number;
}

export function confusionAt(scored: readonly ScoredHistory[], threshold: number): Confusion {
  const counts = { truePositives: 0, falsePositives: 0, falseNegatives: 0, trueNegatives: 0 };
  for (const { history, scores } of scored) {
    history.windows.forEach(({ label }, at) => {
      const said = (scores[at] as number) > threshold;
      if (said) counts[label === 1 ? 'truePositives' : 'falsePositives']++;
      else counts[label === 1 ? 'falseNegatives' : 'trueNegatives']++;
    });
  }
  return counts;
}

export function precisionOf({ falsePositives, truePositives }: Confusion): number {
  return truePositives === 0 ? 0 : truePositives / (truePositives + falsePositives);
}

export function recallOf({ falseNegatives, truePositives }: Confusion): number {
  return truePositives === 0 ? 0 : truePositives / (truePositives + falseNegatives);
}

export function f1Of(confusion: Confusion): number {
  const [precision, recall] = [precisionOf(confusion), recallOf(confusion)];
  return precision + recall === 0 ? 0 : (2 * precision * recall) / (precision + recall);
}

/** The threshold with the best F1, of 200 that cut the scores into parts of one size. */
export function bestThreshold(scored: readonly ScoredHistory[]): number {
  const all = scored.flatMap(({ scores }) => scores).sort((left, right) => left - right);
  let best = { threshold: 0, f1: -1 };
  for (let part = 1; part < 200; part++) {
    const threshold = all[Math.floor((part / 200) * all.length)] as number;
    const f1 = f1Of(confusionAt(scored, threshold));
    if (f1 > best.f1) best = { threshold, f1 };
  }
  return best.threshold;
}

/** How an alarm is made of scores: as in a model's manifest. */
export interface AlarmRule {
  readonly above: number;
  readonly clear: number;
  readonly after: number;
}

export interface AlarmScore {
  /** Bearings that failed in a run, having been fit at its first window. */
  readonly failures: number;
  /** Of these, how many had an alarm before they failed. */
  readonly warned: number;
  /** ms from the alarm to the failure, of those that were warned, in order. */
  readonly leadTimes: readonly number[];
  /** Alarms that began when no failure was within the horizon. */
  readonly falseAlarms: number;
  readonly pumpDays: number;
}

export function scoreAlarms(scored: readonly ScoredHistory[], rule: AlarmRule): AlarmScore {
  const leadTimes: number[] = [];
  let [failures, falseAlarms, time] = [0, 0, 0];
  for (const { history, scores } of scored) {
    const alarms = alarmsOf(history, scores, rule);
    const { failedAt, windows } = history;
    falseAlarms += alarms.filter(({ label }) => label === 0).length;
    time += (windows.at(-1)?.time ?? 0) - (windows[0]?.time ?? 0);
    if (failedAt === undefined || failedAt === windows[0]?.time) continue;
    failures++;
    const alarm = alarms.find(({ begun, ended }) => begun <= failedAt && ended >= failedAt);
    if (alarm !== undefined) leadTimes.push(failedAt - alarm.begun);
  }
  leadTimes.sort((left, right) => left - right);
  return { failures, warned: leadTimes.length, leadTimes, falseAlarms, pumpDays: time / 86_400_000 };
}

function alarmsOf({ windows }: PumpHistory, scores: readonly number[], { above, after, clear }: AlarmRule) {
  const alarms: { begun: number; ended: number; label: number }[] = [];
  let [alarmed, row] = [false, 0];
  windows.forEach(({ label, time }, at) => {
    const score = scores[at] as number;
    row = (alarmed ? score <= clear : score > above) ? row + 1 : 0;
    if (row === after) {
      if (!alarmed) alarms.push({ begun: time, ended: Number.POSITIVE_INFINITY, label });
      else (alarms.at(-1) as { ended: number }).ended = time;
      alarmed = !alarmed;
      row = 0;
    }
  });
  return alarms;
}

/** How early every failure must be told, at least. */
const LEAST_LEAD_MS = 5_400_000;

/**
 * Of all rules with one of the limits: the one with the fewest false alarms that warns of every failure an hour and a half before;
 * where none does, the one that warns of most.
 * @param clearAt by the limit, from where an alarm ends
 */
export function bestAlarmRule(
  scored: readonly ScoredHistory[],
  limits: readonly number[],
  clearAt: (above: number) => number,
): AlarmRule {
  let best: { rule: AlarmRule; missed: number; falseAlarms: number } | undefined;
  for (const above of limits) {
    for (const after of [3, 5, 10]) {
      const rule = { above, clear: clearAt(above), after };
      const { failures, falseAlarms, leadTimes } = scoreAlarms(scored, rule);
      const missed = failures - leadTimes.filter((lead) => lead >= LEAST_LEAD_MS).length;
      const better =
        best === undefined || missed < best.missed || (missed === best.missed && falseAlarms < best.falseAlarms);
      if (better) best = { rule, missed, falseAlarms };
    }
  }
  if (best === undefined) throw new RangeError('there must be a limit');
  return best.rule;
}
