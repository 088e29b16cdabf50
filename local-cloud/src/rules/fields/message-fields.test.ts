import { seededEntropy } from '../../core/entropy.ts';
import { ActionWork } from '../actions/action-work.ts';
import { Evaluation } from '../evaluation.ts';
import { type CompiledStatement, compileStatement } from '../sql/compile-statement.ts';
import { numbersOf } from '../values/numbers.ts';
import type { SqlVersion } from '../values/value.ts';

/** Numbers below `limit`, the same in each run. */
function dice(seed: string): (limit: number) => number {
  const entropy = seededEntropy(seed);
  return (limit) => entropy.bytes(4).readUInt32BE(0) % limit;
}

const KEYS = ['a', 'b', 'c', 'ab', 'long_name', '0', '12', '__proto__', 'toString', '\\u0061', 'é', ''];
const SCALARS = [
  ...[
    '0',
    '-0',
    '1',
    '-17',
    '1.5',
    '1.50',
    '10.0',
    '0.000001',
    '0.0000001',
    '1e3',
    '1E-2',
    '-2.5e+1',
    '123456789012345',
  ],
  ...['1234567890123456', '0.1234567890123456789', '9007199254740993', '1e400', 'true', 'false', 'null'],
  ...['"x"', '""', '"é"', '"\\u00e9"', '"a\\nb"', '"\\"q\\""', '"5"', '"\\ud800"', '"\u2028"', '"\u007f"'],
];

function randomDocument(roll: (limit: number) => number): string {
  const space = (): string => (roll(12) === 0 ? ([' ', '\n', '\t', '\r '][roll(4)] as string) : '');
  const value = (depth: number): string => {
    const kind = roll(depth > 3 ? 1 : 4);
    if (kind === 1) return object(depth + 1);
    if (kind === 2) return list(depth + 1);
    return SCALARS[roll(SCALARS.length)] as string;
  };
  const items = (one: () => string): string =>
    Array.from({ length: roll(5) }, () => `${space()}${one()}${space()}`).join(',');
  const object = (depth: number): string =>
    `{${items(() => `"${KEYS[roll(KEYS.length)]}"${space()}:${space()}${value(depth)}`)}${space()}}`;
  const list = (depth: number): string => `[${items(() => value(depth))}${space()}]`;
  const text = `${space()}${roll(10) === 0 ? list(0) : object(0)}${space()}`;
  if (roll(5) !== 0) return text;
  // damage: most of it is no JSON any more
  const at = roll(text.length);
  const put = ['', ',', '"', '}', '{', '0', '.', '\\', ':', '\u0001', 'e', '-', ']'][roll(13)] as string;
  return text.slice(0, at) + put + text.slice(at + roll(2));
}

const FIELDS = [
  'a',
  'b',
  'a.b',
  'a.b.c',
  'b.a',
  'c.long_name',
  'ab',
  'long_name',
  'toString',
  'a.toString',
  '__proto__',
];

function randomSql(roll: (limit: number) => number): string {
  const field = (): string => FIELDS[roll(FIELDS.length)] as string;
  const expression = (): string =>
    [field(), `${field()} + 1`, `upper(${field()})`, `${field()} = ${field()}`, `get(${field()}, 0)`][
      roll(5)
    ] as string;
  const items = Array.from(
    { length: roll(4) },
    (_, index) => `${expression()} AS ${['x', 'y', 'a'][index % 3]}${index}`,
  );
  if (roll(3) === 0) items.push(`${field()} AS a`);
  const star = items.length === 0 || roll(3) === 0 ? ['*'] : [];
  const where = roll(3) === 0 ? ` WHERE isundefined(${field()}) OR ${field()} <> ${field()}` : '';
  return `SELECT ${[...star, ...items].join(', ')} FROM 't'${where}`;
}

function run(statement: CompiledStatement, version: SqlVersion, payload: Buffer, built: boolean): string {
  const evaluation = new Evaluation({
    topic: 't',
    payload,
    accountId: '123456789012',
    timestamp: 0,
    traceId: () => undefined,
    entropy: seededEntropy('run'),
  });
  if (built) evaluation.document(numbersOf(version));
  try {
    statement.begin(evaluation);
    if (!statement.passes(evaluation)) return '(no match)';
    return ActionWork.select(statement, evaluation, !built).bytes.toString('latin1');
  } catch (error) {
    return `(${(error as Error).message})`;
  }
}

test.each(['2016-03-23', '2015-10-08'] as const)(
  'what is read from the bytes is what the built document gives, for random rules and payloads (%s)',
  (version) => {
    const roll = dice(`fields ${version}`);
    let differing = 0;
    for (let round = 0; round < 250; round++) {
      const sql = randomSql(roll).replaceAll(version === '2015-10-08' ? 'isundefined' : '(none)', 'isnull');
      const statement = compileStatement(sql, version);
      for (let message = 0; message < 40; message++) {
        const payload = Buffer.from(randomDocument(roll));
        const expected = run(statement, version, payload, true);
        if (expected !== '(no match)') differing++;
        const actual = run(statement, version, payload, false);
        if (actual !== expected) expect({ sql, payload: String(payload), text: actual }).toEqual({ text: expected });
      }
    }
    expect(differing).toBeGreaterThan(2500);
  },
);

test('an attribute that comes twice has its last value, and what stood below the first is gone', () => {
  const statement = compileStatement("SELECT a.b AS b, a.c AS c, d FROM 't'", '2016-03-23');
  const text = '{"a":{"b":1},"d":1,"a":{"c":2},"d":3}';
  expect(run(statement, '2016-03-23', Buffer.from(text), false)).toBe('{"c":2,"d":3}');
});

test('* passes a message on as it stands only where nothing would be written otherwise', () => {
  const statement = compileStatement("SELECT *, 1 AS one FROM 't'", '2016-03-23');
  const all = (text: string): string => run(statement, '2016-03-23', Buffer.from(text, 'latin1'), false);
  expect(all('{"a":1.5,"b":"x"}')).toBe('{"a":1.5,"b":"x","one":1}');
  expect(all('{ "a": 1.50 }')).toBe('{"a":1.5,"one":1}');
  expect(all('{"a":1,"a":2}')).toBe('{"a":2,"one":1}');
  expect(all('{"one":7,"b":1}')).toBe('{"one":1,"b":1}');
  expect(all('{"a":"\\u0041"}')).toBe('{"a":"A","one":1}');
  expect(all('{"a":{"k":1,"k":2}}')).toBe('{"a":{"k":2},"one":1}');
});

test('documents deeper than the reader goes, and larger ones, are still read', () => {
  const statement = compileStatement("SELECT a FROM 't'", '2016-03-23');
  const deep = `{"a":1,"b":${'['.repeat(5000)}${']'.repeat(5000)}}`;
  expect(run(statement, '2016-03-23', Buffer.from(deep), false)).toBe('{"a":1}');
  const many = Object.fromEntries(Array.from({ length: 1000 }, (_, index) => [`k${index}`, index]));
  const all = compileStatement("SELECT * FROM 't'", '2016-03-23');
  expect(run(all, '2016-03-23', Buffer.from(JSON.stringify(many)), false)).toBe(JSON.stringify(many));
});
