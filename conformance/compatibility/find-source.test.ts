import { findSource } from './find-source.ts';

const FILE = `import x from 'y';

// Developer guide, mqtt.html, "Last Will".

const other = 1;

describe('block', () => {
  // source: API reference, CreateThing
  test('one', () => {});

  // assumed: refused, because no page says more
  // than that
  test('two', () => {});

  // a remark
  test('three', () => {});
});

/** Sources: MQTT 5 §3.1 */
describe('other', () => {
  test('four', () => {});
});
`.split('\n');

const lineOf = (title: string): number => FILE.findIndex((text) => text.includes(`'${title}'`)) + 1;

test.each([
  ['one', 'documented', 'API reference, CreateThing'],
  ['two', 'assumed', 'refused, because no page says more than that'],
  ['three', 'documented', 'Developer guide, mqtt.html, "Last Will".'],
  ['four', 'documented', 'MQTT 5 §3.1'],
])('the source of test %s', (title, kind, text) => {
  expect(findSource(FILE, lineOf(title))).toEqual({ kind, text });
});

test('a test whose file names no source has none', () => {
  expect(findSource(["test('alone', () => {});"], 1)).toEqual({ kind: 'unsourced', text: '' });
});
