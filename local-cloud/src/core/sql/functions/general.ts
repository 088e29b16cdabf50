import { quoteText } from '../analysis/compiled.ts';
import { typeText } from '../analysis/types.ts';
import { type Overload, scalar } from './function-table.ts';

/** Developer guide, "Conditional expressions" and "Comparison functions". `if` and `try` have a syntax of their own. */

/** Null when any value is null; the engine would leave the nulls out. */
function extreme(name: 'greatest' | 'least'): Overload {
  return scalar(`${name}(T...) T`, (args) => {
    const missing = args.map((arg) => `${arg} IS NULL`).join(' OR ');
    return `(CASE WHEN ${missing} THEN NULL ELSE ${name}(${args.join(', ')}) END)`;
  });
}

export const GENERAL_FUNCTIONS: readonly Overload[] = [
  extreme('greatest'),
  extreme('least'),
  scalar('coalesce(T...) T', (args) => `COALESCE(${args.join(', ')})`, { lenient: true }),
  scalar('nullif(T, T) T', ([left, right]) => `NULLIF(${left}, ${right})`, { lenient: true }),
  scalar('typeof(T) varchar', (_, call) => quoteText(typeText(call.args[0]?.type ?? { name: 'unknown' })), {
    lenient: true,
  }),
];
