import type { ModelManifest } from '@fleetwright/contracts';
import { widthOf } from '@fleetwright/contracts';

/** Features that an explanation names. */
const MOST_NAMED = 3;

/** The output that is nearest to its alarm, or beyond it. Undefined: no output has one. */
export function leadingOutput(
  { outputs }: Pick<ModelManifest, 'outputs'>,
  values: readonly number[],
): number | undefined {
  let lead: { at: number; margin: number } | undefined;
  outputs.forEach(({ alarm }, at) => {
    if (alarm === undefined) return;
    const margin = (values[at] as number) - alarm.above;
    if (lead === undefined || margin > lead.margin) lead = { at, margin };
  });
  return lead?.at;
}

/**
 * Rows that show what each feature does to a result: in each of them one feature is as usual (its `offset`), the others as they are.
 */
export function whatIfRows({ features }: Pick<ModelManifest, 'features'>, row: readonly number[]): number[][] {
  let begin = 0;
  return features.map((feature) => {
    const end = begin + widthOf(feature);
    const changed = row.map((value, at) => (at >= begin && at < end ? feature.offset : value));
    begin = end;
    return changed;
  });
}

/** `bearing_failure 0.93 (alarm above 0.8)`, and by which features, if there are results of {@link whatIfRows}. */
export function explain(
  { features, outputs }: Pick<ModelManifest, 'features' | 'outputs'>,
  row: readonly number[],
  values: readonly number[],
  whatIf?: readonly (readonly number[])[],
): string {
  const at = leadingOutput({ outputs }, values) ?? 0;
  const output = outputs[at];
  if (output === undefined) return '';
  const limit = output.alarm === undefined ? '' : ` (alarm above ${output.alarm.above})`;
  const told = `${output.name} ${short(values[at] as number)}${limit}`;
  if (whatIf === undefined) return told;
  let begin = 0;
  const parts = features.map((feature, index) => {
    const value = row[begin] as number;
    begin += widthOf(feature);
    const effect = (values[at] as number) - (whatIf[index]?.[at] ?? Number.NaN);
    const shown = feature.kind === 'raw' ? '' : ` ${short(value)} (usually ${short(feature.offset)})`;
    return { effect, text: `${feature.of} ${feature.kind}${shown}` };
  });
  const named = parts
    .filter(({ effect }) => effect > 0.005 * Math.max(1, Math.abs(values[at] as number)))
    .sort((left, right) => right.effect - left.effect)
    .slice(0, MOST_NAMED)
    .map(({ text }) => text);
  return (named.length === 0 ? told : `${told}, by ${named.join(', ')}`).slice(0, 512);
}

function short(value: number): string {
  return String(Number(value.toPrecision(3)));
}
