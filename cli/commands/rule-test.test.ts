import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ruleTest } from './rule-test.ts';

let directory: string;
let printed: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'fleetwright-rule-test-'));
  printed = '';
  jest.spyOn(process.stdout, 'write').mockImplementation((text) => {
    printed += String(text);
    return true;
  });
});
afterEach(() => {
  jest.restoreAllMocks();
  process.exitCode = 0;
  rmSync(directory, { recursive: true, force: true });
});

const VECTOR = { sql: "SELECT a FROM 't'", topic: 't', payload: { a: 1 }, expect: { match: true, output: { a: 1 } } };

function vectorFile(content: unknown): string {
  const path = join(directory, 'vectors.json');
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
  return path;
}

const lastLine = (): unknown => JSON.parse(printed.trimEnd().split('\n').at(-1) as string);

test('prints what the actions of a matching rule would get', async () => {
  await ruleTest({ sql: "SELECT a.b AS c FROM 'x/+'", topic: 'x/y', payload: '{"a":{"b":2}}' });
  expect(printed).toBe('match\n{"c":2}\n');
});

test('says when nothing matches', async () => {
  await ruleTest({ sql: "SELECT * FROM 'x' WHERE a > 1", topic: 'x', payload: '{"a":1}', json: true });
  expect(lastLine()).toEqual({ match: false });
});

test('binary payloads go in as Base64 and come out so', async () => {
  await ruleTest({ sql: "SELECT * FROM 'x'", topic: 'x', payloadBase64: '/wA=', json: true });
  expect(lastLine()).toEqual({ match: true, output: { $base64: '/wA=' } });
});

test('points at the place of an error in the SQL', async () => {
  const failure = ruleTest({ sql: "SELECT a,\n  FROM 'x'", topic: 'x', payload: '{}' });
  await expect(failure).rejects.toThrow(/line 2, column 3\n {4}FROM 'x'\n {4}\^/);
});

test('refuses functions that ask a service, by name', async () => {
  const sql = "SELECT aws_lambda('arn', *) AS x FROM 't'";
  await expect(ruleTest({ sql, topic: 't', payload: '{}' })).rejects.toThrow(/aws_lambda\(\).*without a cloud/);
});

test('vectors that all pass end with exit code 0 and a summary', async () => {
  const text = { ...VECTOR, sql: "SELECT * FROM 't'", payload: { $text: 'no json' }, expect: { match: true } };
  await ruleTest({
    vectors: vectorFile([VECTOR, text, { ...VECTOR, topic: 'u', expect: { match: false } }]),
    json: true,
  });
  expect(lastLine()).toEqual({ passed: 3, failed: 0, failures: [] });
  expect(process.exitCode ?? 0).toBe(0);
});

test('vectors that fail are told by their differences, and the exit code is 1', async () => {
  const wrong = { ...VECTOR, expect: { match: true, output: { a: 2, b: 1 } } };
  const unmatched = { ...VECTOR, expect: { match: false } };
  const refused = { ...VECTOR, sql: "SELECT nosuch(a) AS a FROM 't'" };
  await ruleTest({ vectors: vectorFile([VECTOR, wrong, unmatched, refused]), json: true });
  expect(lastLine()).toMatchObject({
    passed: 1,
    failed: 3,
    failures: [
      { index: 1, differences: ['output.a: expected 2, got 1', 'output.b: expected 1, got nothing'] },
      { index: 2, differences: ['match: expected false, got true'] },
      { index: 3, differences: [expect.stringContaining('unknown function nosuch() at line 1, column 8')] },
    ],
  });
  expect(printed).toContain("vector 1: SELECT a FROM 't' on t\n  output.a: expected 2, got 1\n");
  expect(process.exitCode).toBe(1);
});

test.each([
  [{ ...VECTOR, expect: {} }, 'expect.match must be'],
  [{ ...VECTOR, sqlVersion: '2020' }, 'sqlVersion must be one of'],
  [{ ...VECTOR, payload: undefined }, 'payload is missing'],
  [{ ...VECTOR, clientId: 7 }, 'clientId must be a string'],
  ['text', 'is no object'],
])('a vector that is none fails by its place, the others are checked (%#)', async (broken, part) => {
  await ruleTest({ vectors: vectorFile([VECTOR, broken]), json: true });
  expect(lastLine()).toMatchObject({
    passed: 1,
    failed: 1,
    failures: [{ index: 1, differences: [expect.stringContaining(part)] }],
  });
});

test.each([
  ['{', 'no JSON'],
  [{ a: 1 }, 'no array of vectors'],
])('a vector file that cannot be read is refused with its place (%#)', async (content, part) => {
  await expect(ruleTest({ vectors: vectorFile(content) })).rejects.toThrow(part);
});
