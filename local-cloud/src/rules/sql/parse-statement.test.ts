import { seededEntropy } from '../../core/entropy.ts';
import { compileStatement } from './compile-statement.ts';
import { parseStatement } from './parse-statement.ts';
import { SqlError } from './sql-error.ts';

test('a statement carries its parts', () => {
  expect(parseStatement("SELECT a.b AS c.d, * FROM 'x/+' WHERE NOT a = 1 AND b > -2")).toMatchObject({
    selection: { kind: 'items', items: [{ alias: ['c', 'd'] }, { expression: { kind: 'star' }, alias: undefined }] },
    topicFilter: 'x/+',
    where: { kind: 'binary', operator: 'AND', left: { kind: 'not' } },
  });
});

test.each([
  ["SELECT value FROM 'a'", 'items'],
  ["SELECT value AS v FROM 'a'", 'items'],
  ["SELECT value.x FROM 'a'", 'items'],
  ["SELECT value + 1 AS v FROM 'a'", 'items'],
  ["SELECT value, b FROM 'a'", 'items'],
  ["SELECT VALUE x FROM 'a'", 'value'],
  ["SELECT value * FROM 'a'", 'value'],
  ["SELECT value [a] FROM 'a'", 'value'],
  ["SELECT value 'text' FROM 'a'", 'value'],
  ["SELECT value 1 FROM 'a'", 'value'],
])('%s is a selection of %s', (sql, kind) => {
  expect(parseStatement(sql).selection.kind).toBe(kind);
});

test('keywords and functions are read in any case, attributes are not', () => {
  const sql = "select Upper(a) as A from 'x' where isnull(b) or B = TRUE";
  expect(parseStatement(sql).selection).toMatchObject({ items: [{ alias: ['A'], expression: { name: 'Upper' } }] });
});

test('rubbish is refused with an SqlError that points into the text, and nothing else', () => {
  const entropy = seededEntropy('rubbish');
  const words =
    'SELECT FROM WHERE AS AND OR NOT CASE WHEN THEN ELSE END VALUE IN EXISTS SET @a a b.c * , . ( ) [ ] { } : = <> < + - / % \'a/b\' "s" 1 2.5 NULL TRUE topic( cast( get('.split(
      ' ',
    );
  let accepted = 0;
  for (let round = 0; round < 20_000; round++) {
    const bytes = entropy.bytes(12);
    const soup = [...bytes.subarray(0, 1 + ((bytes[0] as number) % 11))].map((byte) => words[byte % words.length]);
    const sql = round % 2 === 0 ? soup.join(' ') : `SELECT ${soup.join(' ')} FROM 'a'`;
    try {
      compileStatement(sql, '2016-03-23');
      accepted++;
    } catch (error) {
      if (!(error instanceof SqlError)) throw new Error(`${sql}: ${String(error)}`);
      expect(error.offset).toBeLessThanOrEqual(sql.length);
    }
  }
  expect(accepted).toBeGreaterThan(0);
});
