import { COLLECTION_FUNCTIONS } from './collection-functions.ts';
import { ENCODING_FUNCTIONS } from './encoding-functions.ts';
import { EXTERNAL_FUNCTIONS } from './external-functions.ts';
import { BIT_FUNCTIONS, MATH_FUNCTIONS } from './math-functions.ts';
import { MESSAGE_FUNCTIONS } from './message-functions.ts';
import { REGEX_FUNCTIONS } from './regex-functions.ts';
import type { SqlFunction } from './sql-function.ts';
import { TEXT_FUNCTIONS } from './text-functions.ts';
import { TIME_FUNCTIONS } from './time-functions.ts';
import { UNAVAILABLE_FUNCTIONS } from './unavailable-functions.ts';

const FUNCTIONS: ReadonlyMap<string, SqlFunction> = new Map(
  [
    ...BIT_FUNCTIONS,
    ...COLLECTION_FUNCTIONS,
    ...ENCODING_FUNCTIONS,
    ...EXTERNAL_FUNCTIONS,
    ...MATH_FUNCTIONS,
    ...MESSAGE_FUNCTIONS,
    ...REGEX_FUNCTIONS,
    ...TEXT_FUNCTIONS,
    ...TIME_FUNCTIONS,
    ...UNAVAILABLE_FUNCTIONS,
  ].map((entry) => [entry.name, entry]),
);

/** Functions are called in any case: `clientId()`, `Round(1.5)`. */
export function findFunction(name: string): SqlFunction | undefined {
  return FUNCTIONS.get(name.toLowerCase());
}
