import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { metricFileSchema, readMetric } from './metric-file.ts';

const directory = mkdtempSync(join(tmpdir(), 'fleetwright-metric-'));
const file = join(directory, 'value');
afterAll(() => rmSync(directory, { recursive: true, force: true }));

function metric(settings: object, content: string | Buffer) {
  writeFileSync(file, content);
  return readMetric(metricFileSchema.parse({ name: 'fleet-test-any', file, ...settings }));
}

// source: developer guide, `detect-device-side-metrics`, "Custom metrics": the keys of each type
test.each([
  [{}, '2\n', { number: 2 }],
  [{ scale: 0.001 }, '41500\n', { number: 41.5 }],
  [{ type: 'number-list', scale: 2 }, '1\n-2.5\n', { number_list: [2, -5] }],
  [{ type: 'number-list' }, '', { number_list: [] }],
  [{ type: 'string-list' }, ' door \nwindow', { string_list: ['door', 'window'] }],
  [{ type: 'ip-address-list' }, '192.0.2.1\n2001:db8::1\n', { ip_list: ['192.0.2.1', '2001:db8::1'] }],
] as const)('%j of %j', async (settings, content, value) => {
  expect(await metric(settings, content)).toEqual(value);
});

test('what is no value is refused, with file and text; a file that is not there yet is none', async () => {
  await expect(metric({}, 'warm')).rejects.toThrow(`${file} holds "warm", which is no number`);
  await expect(metric({}, '1\n2\n')).rejects.toThrow(`${file} has 2 lines, and a number has one`);
  await expect(metric({}, '')).rejects.toThrow('has 0 lines');
  await expect(metric({ type: 'string-list' }, Buffer.alloc(16_385, 'a'))).rejects.toThrow('more than 16384 bytes');
  expect(await readMetric(metricFileSchema.parse({ name: 'n', file: join(directory, 'absent') }))).toBeUndefined();
});

test.each([
  [{ name: 'with space', file: '/run/value' }, 'must be 1 to 128 letters'],
  [{ name: 'doors', file: 'value' }, 'must be an absolute path'],
  [{ name: 'doors', file: '/run/value', type: 'text' }, 'type'],
])('%j is refused', (settings, message) => {
  expect(() => metricFileSchema.parse(settings)).toThrow(message);
});
