import type { Limits } from './fit-pump-model.ts';
import { confusionAt, f1Of, precisionOf, recallOf, type ScoredHistory, scoreAlarms } from './score-predictions.ts';

const HOUR = 3_600_000;

/** Figures of one way to tell, as text. */
export function reportOf(name: string, scored: readonly ScoredHistory[], { alarm, window }: Limits): string {
  const confusion = confusionAt(scored, window);
  const { falseNegatives, falsePositives, trueNegatives, truePositives } = confusion;
  const alarms = scoreAlarms(scored, alarm);
  const hours = (part: number): string => {
    const at = Math.min(alarms.leadTimes.length - 1, Math.floor(part * alarms.leadTimes.length));
    return alarms.leadTimes.length === 0 ? '–' : ((alarms.leadTimes[at] as number) / HOUR).toFixed(1);
  };
  return [
    `${name}`,
    `  windows     above ${window.toFixed(2)}: precision ${precisionOf(confusion).toFixed(3)}  recall ${recallOf(confusion).toFixed(3)}  F1 ${f1Of(confusion).toFixed(3)}`,
    `  confusion   true + ${truePositives}  false + ${falsePositives}  false - ${falseNegatives}  true - ${trueNegatives}`,
    `  alarms      above ${alarm.above} ${alarm.after} times in a row: ${alarms.warned} of ${alarms.failures} failures warned of, ${alarms.falseAlarms} false in ${alarms.pumpDays.toFixed(1)} pump days`,
    `  lead time   median ${hours(0.5)} h, least ${hours(0)} h, most ${hours(1)} h`,
  ].join('\n');
}
