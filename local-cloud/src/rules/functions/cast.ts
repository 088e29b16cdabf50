import type { CompileScope } from '../sql/compile-scope.ts';
import { SqlError } from '../sql/sql-error.ts';
import { toBoolean, toIntDown, toNumber, toText } from '../values/convert.ts';
import { compareNumbers, isNumber, type Numbers, toDouble } from '../values/numbers.ts';
import type { SqlValue } from '../values/value.ts';
import type { Evaluate } from './sql-function.ts';

type Cast = (value: SqlValue, numbers: Numbers) => SqlValue;

/** Keywords after AS, by the tables of AWS IoT developer guide, "Functions", "cast()". */
const CASTS: Readonly<Record<string, Cast>> = {
  string: toText,
  nvarchar: toText,
  text: toText,
  ntext: toText,
  varchar: toText,
  int: castToInt,
  integer: castToInt,
  double: castToDouble,
};

const CASTS_2016: Readonly<Record<string, Cast>> = {
  ...CASTS,
  decimal: castToDecimal,
  bool: castToBoolean,
  boolean: castToBoolean,
};

export function compileCast(evaluate: Evaluate, type: string, scope: CompileScope, offset: number): Evaluate {
  const { numbers } = scope;
  const casts = scope.version === '2015-10-08' ? CASTS : CASTS_2016;
  const keyword = type.toLowerCase();
  const cast = Object.hasOwn(casts, keyword) ? casts[keyword] : undefined;
  if (cast === undefined) {
    throw new SqlError(
      `cast to '${type}' is unknown: expected one of ${Object.keys(casts).join(', ')}`,
      scope.text,
      offset,
    );
  }
  return (evaluation) => cast(evaluate(evaluation), numbers);
}

function castToDecimal(value: SqlValue, numbers: Numbers): SqlValue {
  if (typeof value === 'boolean') return numbers.fromText(value ? '1.0' : '0.0');
  const number = toNumber(value, numbers);
  return number === undefined ? undefined : numbers.asDecimal(number);
}

function castToDouble(value: SqlValue, numbers: Numbers): SqlValue {
  const decimal = castToDecimal(value, numbers);
  return isNumber(decimal) && typeof decimal !== 'number' ? numbers.fromDouble(toDouble(decimal)) : decimal;
}

/** "The source value, rounded down to the nearest Int", as floor words it. */
function castToInt(value: SqlValue, numbers: Numbers): SqlValue {
  return typeof value === 'boolean' ? Number(value) : toIntDown(value, numbers);
}

function castToBoolean(value: SqlValue): SqlValue {
  return isNumber(value) ? compareNumbers(value, 0) !== 0 : toBoolean(value);
}
