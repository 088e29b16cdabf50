import { semanticError } from '../syntax/query-error.ts';
import { alias, type Builder, type Overload, scalar } from './function-table.ts';

/** Developer guide, "Mathematical functions" and "Bitwise functions". */

const NUMERIC = ['integer', 'bigint', 'double'] as const;

/** One overload for each numeric type: `[same as input]`. */
function numeric(name: string, parameters: (type: string) => string, build: (type: string) => Builder): Overload[] {
  return NUMERIC.map((type) => scalar(`${name}(${parameters(type)}) ${type}`, build(type)));
}

/** A function of one double. */
function real(name: string, build: (x: string) => string, nan = false): Overload {
  return scalar(`${name}(double) double`, ([x]) => build(x as string), { nan });
}

/** The engine raises an error where a logarithm or root has no real value; Presto answers NaN, or minus infinity at 0. */
function logarithm(name: string): Overload {
  return real(
    name,
    (x) =>
      `(CASE WHEN ${x} > 0 THEN ${name}(${x}) WHEN ${x} = 0 THEN '-inf'::DOUBLE WHEN ${x} < 0 THEN 'nan'::DOUBLE END)`,
    true,
  );
}

function withinOne(name: string): Overload {
  return real(
    name,
    (x) => `(CASE WHEN ${x} BETWEEN -1 AND 1 THEN ${name}(${x}) WHEN ${x} IS NOT NULL THEN 'nan'::DOUBLE END)`,
    true,
  );
}

/** The engine refuses infinities here; their result is not a number. */
function periodic(name: string): Overload {
  return real(
    name,
    (x) => `(CASE WHEN isfinite(${x}) THEN ${name}(${x}) WHEN ${x} IS NOT NULL THEN 'nan'::DOUBLE END)`,
    true,
  );
}

const same: Builder = ([x]) => x as string;

const ceil = numeric(
  'ceil',
  (type) => type,
  (type) => (type === 'double' ? ([x]) => `ceil(${x})` : same),
);

const power = scalar('power(double, double) double', ([x, y]) => `pow(${x}, ${y})`, { nan: true });

const random = scalar('random() double', () => 'random()', { lenient: true });

/** Presto writes digits beyond 9 in lower case, and a sign. */
const toBase: Builder = ([x, radix]) =>
  `(CASE WHEN ${x} < 0 THEN '-' || lower(to_base(-${x}, CAST(${radix} AS INTEGER))) ELSE lower(to_base(${x}, CAST(${radix} AS INTEGER))) END)`;

const bitCount: Builder = ([x], call) => {
  const bits = call.constantNumber(1);
  if (!(bits >= 2 && bits <= 64)) {
    throw semanticError(call.at, `Bits specified in bit_count must be between 2 and 64, got ${bits}`);
  }
  const limit = 2n ** BigInt(bits - 1);
  const fits = bits === 64 ? 'TRUE' : `${x} BETWEEN ${-limit} AND ${limit - 1n}`;
  const message = `'Number must be representable with the bits specified. ' || ${x} || ' can not be represented with ${bits} bits'`;
  const mask = bits === 64 ? x : `(${x} & ${2n ** BigInt(bits) - 1n})`;
  return `(CASE WHEN ${x} IS NULL THEN NULL WHEN ${fits} THEN CAST(bit_count(${mask}) AS BIGINT) ELSE ${call.fail(message)} END)`;
};

export const MATHEMATICAL_FUNCTIONS: readonly Overload[] = [
  ...numeric(
    'abs',
    (type) => type,
    () =>
      ([x]) =>
        `abs(${x})`,
  ),
  ...ceil,
  ...ceil.map((overload) => alias('ceiling', overload)),
  ...numeric(
    'floor',
    (type) => type,
    (type) => (type === 'double' ? ([x]) => `floor(${x})` : same),
  ),
  ...numeric(
    'round',
    (type) => type,
    (type) => (type === 'double' ? ([x]) => `round(${x})` : same),
  ),
  scalar('round(double, bigint) double', ([x, digits]) => `round(${x}, CAST(${digits} AS INTEGER))`),
  ...numeric(
    'mod',
    (type) => `${type}, ${type}`,
    (type) =>
      ([n, m], call) =>
        type === 'double'
          ? `(${n} % ${m})`
          : `(CASE WHEN ${m} = 0 THEN ${call.fail("'Division by zero'")} ELSE ${n} % ${m} END)`,
  ),
  ...numeric(
    'sign',
    (type) => type,
    (type) =>
      ([x]) =>
        `CAST(sign(${x}) AS ${type.toUpperCase()})`,
  ),
  real('cbrt', (x) => `cbrt(${x})`),
  real('degrees', (x) => `degrees(${x})`),
  real('radians', (x) => `radians(${x})`),
  real('exp', (x) => `exp(${x})`),
  logarithm('ln'),
  logarithm('log2'),
  logarithm('log10'),
  real('sqrt', (x) => `(CASE WHEN ${x} >= 0 THEN sqrt(${x}) WHEN ${x} IS NOT NULL THEN 'nan'::DOUBLE END)`, true),
  power,
  alias('pow', power),
  real('truncate', (x) => `trunc(${x})`),
  withinOne('acos'),
  withinOne('asin'),
  real('atan', (x) => `atan(${x})`),
  scalar('atan2(double, double) double', ([y, x]) => `atan2(${y}, ${x})`),
  periodic('cos'),
  periodic('sin'),
  periodic('tan'),
  real('cosh', (x) => `cosh(${x})`),
  real('tanh', (x) => `tanh(${x})`),
  scalar('e() double', () => 'exp(CAST(1 AS DOUBLE))'),
  scalar('pi() double', () => 'pi()'),
  scalar('infinity() double', () => "'inf'::DOUBLE"),
  scalar('nan() double', () => "'nan'::DOUBLE", { nan: true }),
  scalar('is_finite(double) boolean', ([x]) => `isfinite(${x})`),
  scalar('is_infinite(double) boolean', ([x]) => `isinf(${x})`),
  scalar('is_nan(double) boolean', ([x]) => `isnan(${x})`),
  random,
  alias('rand', random),
  scalar('random(integer) integer', ([n]) => `CAST(floor(random() * ${n}) AS INTEGER)`, { lenient: true }),
  scalar('random(bigint) bigint', ([n]) => `CAST(floor(random() * ${n}) AS BIGINT)`, { lenient: true }),
  scalar('to_base(bigint, bigint) varchar', toBase),
  scalar('bit_count(bigint, bigint) bigint', bitCount),
  scalar('bitwise_and(bigint, bigint) bigint', ([x, y]) => `(${x} & ${y})`),
  scalar('bitwise_or(bigint, bigint) bigint', ([x, y]) => `(${x} | ${y})`),
  scalar('bitwise_xor(bigint, bigint) bigint', ([x, y]) => `xor(${x}, ${y})`),
  scalar('bitwise_not(bigint) bigint', ([x]) => `(~${x})`),
];
