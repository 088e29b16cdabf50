import { expect, test } from '@jest/globals';
import { PayloadRefused, readPayload } from './read-payload.ts';

const NOW = Date.UTC(2026, 0, 1);
const bytes = (text: string) => Buffer.from(text);

test('a plain number is a value', () => {
  expect(readPayload(bytes(' 21.5\n'), 'auto', 'text/plain', NOW)({})).toEqual({ raw: 21.5 });
  expect(readPayload(bytes('true'), 'text', undefined, NOW)({})).toEqual({ raw: true });
  expect(readPayload(bytes('-1e3'), 'auto', undefined, NOW)({})).toEqual({ raw: -1_000 });
  expect(readPayload(bytes('5'), 'text', undefined, NOW)({ pointer: '/a' })).toBeUndefined();
});

test.each(['', '12 bar', 'NaN', 'Infinity', '0x10', '1.2.3'])('the text %p is none', (text) => {
  expect(() => readPayload(bytes(text), 'text', undefined, NOW)).toThrow(PayloadRefused);
});

// source: RFC 6901, 5 (escapes of `/` and `~`)
test('JSON pointers find their values', () => {
  const read = readPayload(
    bytes('{"a":{"b":[1,{"c":2}]},"m~n":8,"a/b":true,"t":"3.5","x":null}'),
    'json',
    undefined,
    NOW,
  );
  expect(read({ pointer: '/a/b/1/c' })).toEqual({ raw: 2 });
  expect(read({ pointer: '/m~0n' })).toEqual({ raw: 8 });
  expect(read({ pointer: '/a~1b' })).toEqual({ raw: true });
  expect(read({ pointer: '/t' })).toEqual({ raw: 3.5 });
  for (const pointer of ['/x', '/a', '/a/b/9', '/constructor', '/a/b/length/x', '/__proto__']) {
    expect(read({ pointer })).toBeUndefined();
  }
  expect(readPayload(bytes('17'), 'json', undefined, NOW)({})).toEqual({ raw: 17 });
});

// source: RFC 8949, appendix A: {"a": 1, "b": [2, 3]}
test('CBOR is read like JSON', () => {
  const read = readPayload(Buffer.from('a26161016162820203', 'hex'), 'auto', 'application/cbor', NOW);
  expect(read({ pointer: '/a' })).toEqual({ raw: 1 });
  expect(read({ pointer: '/b/1' })).toEqual({ raw: 3 });
});

// source: RFC 8428, 5.1.3 (multiple measurements, relative times) and 4.5.2 (base value)
test('SenML records are found by their resolved names, the newest of each', () => {
  const pack = [
    { bn: 'urn:dev:ow:10e2073a0108006:', bt: NOW / 1_000, bu: 'A', bver: 5, n: 'voltage', u: 'V', v: 120.1 },
    { n: 'current', t: -5, v: 1.2 },
    { n: 'current', t: -4, v: 1.3 },
    { n: 'current', v: 1.7 },
    { n: 'open', vb: true },
    { n: 'label', vs: 'x' },
    { n: 'sum', s: 9 },
    { n: 'based', bv: 100, v: 0.5 },
  ];
  const read = readPayload(bytes(JSON.stringify(pack)), 'auto', 'application/senml+json', NOW);
  const record = (name: string) => read({ record: `urn:dev:ow:10e2073a0108006:${name}` });
  expect(record('voltage')).toEqual({ raw: 120.1, time: NOW });
  expect(record('current')).toEqual({ raw: 1.7, time: NOW });
  expect(record('open')).toEqual({ raw: true, time: NOW });
  expect(record('based')).toEqual({ raw: 100.5, time: NOW });
  expect(record('label')).toBeUndefined();
  expect(record('sum')).toBeUndefined();
});

// source: RFC 8428, 4.5.3
test('times of SenML below 2^28 are relative to now, and none lies ahead', () => {
  const read = (t: number) =>
    readPayload(bytes(JSON.stringify([{ n: 'x', t, v: 1 }])), 'senml-json', undefined, NOW)({});
  expect(read(-10)).toEqual({ raw: 1, time: NOW - 10_000 });
  expect(read(0)).toEqual({ raw: 1 });
  expect(read(30)).toEqual({ raw: 1, time: NOW });
  expect(read(NOW / 1_000 - 60)).toEqual({ raw: 1, time: NOW - 60_000 });
  expect(read(NOW / 1_000 + 3_600)).toEqual({ raw: 1 });
});

test.each([
  ['json', '{"a":'],
  ['cbor', '\u00ff\u00ff'],
] as const)('what is no %s is refused', (format, text) => {
  expect(() => readPayload(Buffer.from(text, 'latin1'), format, undefined, NOW)).toThrow(PayloadRefused);
});

test('a media type that the gateway does not read is refused by name', () => {
  expect(() => readPayload(bytes('<a/>'), 'auto', 'application/xml', NOW)).toThrow('is application/xml');
});
