import type { Duty, PowerPlan } from './power-plan.ts';

/** The plan with its arithmetic, for people. */
export function explainPowerPlan(plan: PowerPlan): string {
  const { allowed, average, budget, duties } = plan;
  const { capacity, life, sampleInterval, selfDischarge, usable } = budget;
  const lines = ['Allowed'];
  const usableText = usable === 1 ? '' : ` × ${number(usable)} usable`;
  lines.push(
    `  ${number(capacity)} mAh${usableText} over ${number(life)} years of 8,760 h` +
      ` = ${number((capacity * usable * 1000) / (life * 8760))} µA on average`,
  );
  if (selfDischarge > 0) {
    lines.push(`  less self-discharge of ${number(selfDischarge)} % a year = ${number(allowed)} µA`);
  }
  lines.push('Drawn');
  const width = Math.max(...duties.map(({ name }) => name.length));
  for (const duty of duties) lines.push(`  ${duty.name.padEnd(width)}  ${term(duty)}`);
  lines.push(`  together ${number(average)} µA on average: the battery lasts ${number(plan.expectedLife)} years`);
  lines.push('Plan');
  if (plan.feasible) {
    const { reportInterval, samplesPerReport } = plan;
    lines.push(
      `  a sample every ${duration(sampleInterval)}, a report every ${duration(reportInterval)}` +
        ` with ${number(samplesPerReport)} ${samplesPerReport === 1 ? 'sample' : 'samples'}`,
    );
  } else {
    lines.push(`  none: ${plan.reason}`);
  }
  return `${lines.join('\n')}\n`;
}

function term({ current, share }: Duty): string {
  return `${number(share * 100)} % of the time at ${number(current)} µA = ${number(current * share)} µA`;
}

/** Three digits that count, or all before the point. */
export function number(value: number): string {
  if (!Number.isFinite(value)) return 'unlimited';
  const digits = value >= 100 ? { maximumFractionDigits: 0 } : { maximumSignificantDigits: 3 };
  return new Intl.NumberFormat('en-US', digits).format(value);
}

export function duration(milliseconds: number): string {
  const units = [
    [86_400_000, 'd'],
    [3_600_000, 'h'],
    [60_000, 'min'],
    [1_000, 's'],
  ] as const;
  for (const [size, unit] of units) if (milliseconds >= size) return `${number(milliseconds / size)} ${unit}`;
  return `${number(milliseconds)} ms`;
}
