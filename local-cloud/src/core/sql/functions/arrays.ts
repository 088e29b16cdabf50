import { quoteText } from '../analysis/compiled.ts';
import { notBuilt } from '../syntax/query-error.ts';
import { type Builder, type Overload, scalar } from './function-table.ts';

/** Developer guide, "Array functions". */

const elementAt: Builder = ([array, index], call) =>
  `(CASE WHEN ${index} = 0 THEN ${call.fail("'SQL array indices start at 1'")} ELSE list_extract(${array}, ${index}) END)`;

const MAX_SEQUENCE = 10_000;

/** Presto's bound on the length of a sequence. */
function sequence(from: string, to: string, step: string, fail: (message: string) => string): string {
  const wrong = `((${step} > 0 AND ${to} < ${from}) OR (${step} < 0 AND ${to} > ${from}) OR ${step} = 0)`;
  const tooLong = `((${to} - ${from}) // ${step} >= ${MAX_SEQUENCE})`;
  return `(CASE WHEN ${wrong} THEN ${fail("'sequence stop value should be greater than or equal to start value if step is greater than zero otherwise stop should be less than or equal to start'")} WHEN ${tooLong} THEN ${fail(`'result of sequence function must not have more than ${MAX_SEQUENCE} entries'`)} ELSE generate_series(${from}, ${to}, ${step}) END)`;
}

/** How elements are written as text differs by type; text and whole numbers are the same in both engines. */
const join: Builder = ([array, , missing], call) => {
  const delimiter = quoteText(call.constantText(1));
  const type = call.args[0]?.type;
  const element = type?.name === 'array' ? type.element.name : 'unknown';
  if (!['varchar', 'integer', 'bigint'].includes(element)) {
    throw notBuilt(call.at, `function 'array_join' of elements of type ${element}`);
  }
  const texts = `list_transform(${array}, lambda element: ${missing === undefined ? 'CAST(element AS VARCHAR)' : `COALESCE(CAST(element AS VARCHAR), ${missing})`})`;
  return `array_to_string(${texts}, ${delimiter})`;
};

export const ARRAY_FUNCTIONS: readonly Overload[] = [
  scalar('cardinality(array(T)) bigint', ([array]) => `CAST(len(${array}) AS BIGINT)`),
  scalar('element_at(array(T), bigint) T', elementAt),
  scalar('concat(array(T)...) array(T)', (arrays) => `(${arrays.join(' || ')})`),
  scalar('reverse(array(T)) array(T)', ([array]) => `list_reverse(${array})`),
  scalar('array_sort(array(T)) array(T)', ([array]) => `list_sort(${array}, 'ASC', 'NULLS LAST')`),
  scalar('array_join(array(T), varchar) varchar', join),
  scalar('array_join(array(T), varchar, varchar) varchar', join),
  scalar(
    'array_position(array(T), T) bigint',
    ([array, element]) =>
      `(CASE WHEN ${array} IS NOT NULL AND ${element} IS NOT NULL THEN COALESCE(CAST(list_position(${array}, ${element}) AS BIGINT), 0) END)`,
  ),
  scalar('sequence(bigint, bigint) array(bigint)', ([from, to], call) =>
    sequence(from as string, to as string, `(CASE WHEN ${from} <= ${to} THEN 1 ELSE -1 END)`, call.fail),
  ),
  scalar('sequence(bigint, bigint, bigint) array(bigint)', ([from, to, step], call) =>
    sequence(from as string, to as string, step as string, call.fail),
  ),
  scalar('sequence(timestamp, timestamp, interval) array(timestamp)', ([from, to, step], call) =>
    sequence(from as string, to as string, step as string, call.fail),
  ),
];
