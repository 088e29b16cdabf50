import { parseArgs } from 'node:util';
import { ZodError } from 'zod';
import { reasonOf } from '../errors.ts';
import { explainPowerPlan, number } from './explain-power-plan.ts';
import { allowedCurrent, averageCurrent, type Duty, type PowerBudget, powerPlan } from './power-plan.ts';

export const POWER_PLAN_HELP = `Usage: device-client power-plan [options]

How often a device may report for its battery to last, with the arithmetic.

  --capacity <mAh>           of the battery
  --usable <percent>         of it that can be drawn (default 100)
  --self-discharge <percent> of it lost in a year (default 0)
  --life <years>             that it has to last
  --sleep <µA>               drawn when nothing else is
  --sense <µA>               drawn while a sample is taken
  --sense-time <ms>          for which it is
  --transmit <µA>            drawn while a report is sent
  --transmit-time <ms>       for which it is
  --transmit-time-per-sample <ms>  more for each sample of the report (default 0)
  --sample-interval <ms>     between two samples
  --least-interval <ms>      between two reports (default: the sample interval)
  --most-interval <ms>       between two reports (default: a day)

or, to average a duty cycle that is known:

  --duty <name>:<µA>:<percent of the time>   as often as there are parts
  --capacity <mAh> --life <years>            compares it with what the battery allows
`;

const OPTIONS = {
  capacity: { type: 'string' },
  usable: { type: 'string' },
  'self-discharge': { type: 'string' },
  life: { type: 'string' },
  sleep: { type: 'string' },
  sense: { type: 'string' },
  'sense-time': { type: 'string' },
  transmit: { type: 'string' },
  'transmit-time': { type: 'string' },
  'transmit-time-per-sample': { type: 'string' },
  'sample-interval': { type: 'string' },
  'least-interval': { type: 'string' },
  'most-interval': { type: 'string' },
  duty: { type: 'string', multiple: true },
  help: { type: 'boolean' },
} as const;

type Name = Exclude<keyof typeof OPTIONS, 'duty' | 'help'>;
type Values = Partial<Record<Name, string>>;

/** What the budget calls what the command line calls otherwise. */
const NAMES: Readonly<Record<string, Name>> = {
  capacity: 'capacity',
  usable: 'usable',
  selfDischarge: 'self-discharge',
  life: 'life',
  sleep: 'sleep',
  'sense.current': 'sense',
  'sense.duration': 'sense-time',
  'transmit.current': 'transmit',
  'transmit.duration': 'transmit-time',
  'transmit.durationPerSample': 'transmit-time-per-sample',
  sampleInterval: 'sample-interval',
  leastReportInterval: 'least-interval',
  mostReportInterval: 'most-interval',
};

/**
 * `device-client power-plan`. Writes the plan, or what is wrong, to `out`.
 * @param argv what stands behind the subcommand
 * @returns the exit code: 0 with a plan, 1 when the budget allows none, 2 when the command line is wrong
 */
export function runPowerPlan(argv: readonly string[], out: (text: string) => void): 0 | 1 | 2 {
  try {
    const { values } = parseArgs({ args: [...argv], options: OPTIONS, strict: true });
    if (values.help === true) {
      out(POWER_PLAN_HELP);
      return 0;
    }
    const { duty, help: _, ...given } = values;
    if (duty !== undefined) return averageOf(duty, given, out);
    const plan = powerPlan(budgetOf(given));
    out(explainPowerPlan(plan));
    return plan.feasible ? 0 : 1;
  } catch (error) {
    out(`${problemOf(error)}\n\n${POWER_PLAN_HELP}`);
    return 2;
  }
}

/** Missing options are left to the schema, which names them all. */
function budgetOf(values: Values): PowerBudget {
  const of = (name: Name): number | undefined =>
    values[name] === undefined ? undefined : numberOf(name, values[name]);
  const usable = of('usable');
  const budget = {
    capacity: of('capacity'),
    usable: usable === undefined ? undefined : usable / 100,
    selfDischarge: of('self-discharge'),
    life: of('life'),
    sleep: of('sleep'),
    sense: { current: of('sense'), duration: of('sense-time') },
    transmit: {
      current: of('transmit'),
      duration: of('transmit-time'),
      durationPerSample: of('transmit-time-per-sample'),
    },
    sampleInterval: of('sample-interval'),
    leastReportInterval: of('least-interval'),
    mostReportInterval: of('most-interval'),
  };
  return budget as PowerBudget;
}

function averageOf(texts: readonly string[], values: Values, out: (text: string) => void): 0 | 1 {
  const duties = texts.map(dutyOf);
  const total = duties.reduce((sum, { share }) => sum + share, 0);
  if (Math.abs(total - 1) > 1e-6) {
    throw new Error(`--duty: the parts make ${number(total * 100)} % of the time, not 100 %`);
  }
  const average = averageCurrent(duties);
  const lines = duties.map(
    ({ current, name, share }) =>
      `  ${name}: ${number(share * 100)} % of the time at ${number(current)} µA = ${number(current * share)} µA`,
  );
  lines.push(`  together ${number(average)} µA on average`);
  let isEnough = true;
  if (values.capacity !== undefined && values.life !== undefined) {
    const allowed = allowedCurrent(numberOf('capacity', values.capacity), numberOf('life', values.life));
    isEnough = average <= allowed;
    lines.push(
      `  ${values.capacity} mAh over ${values.life} years allow ${number(allowed)} µA: ${isEnough ? 'enough' : 'too much is drawn'}`,
    );
  }
  out(`${lines.join('\n')}\n`);
  return isEnough ? 0 : 1;
}

function dutyOf(text: string): Duty {
  const [name, current, percent, ...more] = text.split(':');
  if (name === undefined || current === undefined || percent === undefined || more.length > 0) {
    throw new Error(`--duty must be <name>:<µA>:<percent>, received '${text}'`);
  }
  return { name, current: numberOf('duty', current), share: numberOf('duty', percent) / 100 };
}

function numberOf(name: string, text: string): number {
  const value = text.trim() === '' ? Number.NaN : Number(text);
  if (!Number.isFinite(value)) throw new Error(`--${name} must be a number, received '${text}'`);
  return value;
}

function problemOf(error: unknown): string {
  if (!(error instanceof ZodError)) return reasonOf(error);
  return error.issues.map(({ message, path }) => `--${NAMES[path.join('.')] ?? path.join('.')}: ${message}`).join('\n');
}
