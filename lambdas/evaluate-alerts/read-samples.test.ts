import { alertRulesSchema } from '@fleetwright/contracts';
import { Encoder } from 'cbor-x';
import { type ReadSettings, readSamples } from './read-samples.ts';

const NOW = 1_700_000_000_000;
const rules = alertRulesSchema.parse({ hot: { measure: 'temperature', above: { raise: 80, clear: 70 } } });
const settings: ReadSettings = { topicRoot: 'fleet-dev', rules: { pump: rules }, maxLateness: 3_600_000 };

const message = (samples: readonly { time: number; values: object }[], sequence = 1) => ({
  version: 1,
  bootId: 1,
  sequence,
  samples,
});
const at = (time: number, temperature = 20) => ({ time, values: { temperature } });

function record(payload: unknown, over: { topic?: string; clientId?: string; cbor?: boolean; id?: string } = {}) {
  const bytes = over.cbor === true ? new Encoder({ useRecords: false }).encode(payload) : JSON.stringify(payload);
  return {
    messageId: over.id ?? 'm',
    body: JSON.stringify({
      topic: over.topic ?? 'fleet-dev/north/pump/p1/telemetry',
      payload: Buffer.from(bytes).toString('base64'),
      clientId: over.clientId ?? 'p1',
      principal: 'c',
      receivedAt: NOW,
      traceId: 't',
    }),
  };
}

test('samples of a device stand in the order of their time, whatever the order of their messages', () => {
  const batch = readSamples(
    [record(message([at(NOW - 1_000), at(NOW)], 2), { id: 'b' }), record(message([at(NOW - 2_000)]), { id: 'a' })],
    settings,
  );
  expect(batch.devices).toHaveLength(1);
  expect(batch.devices[0]?.samples.map(({ time }) => time - NOW)).toEqual([-2_000, -1_000, 0]);
  expect(batch.devices[0]?.messageIds).toEqual(['b', 'a']);
});

test('CBOR is read like JSON', () => {
  const batch = readSamples([record(message([at(NOW, 81)]), { cbor: true })], settings);
  expect(batch.devices[0]?.samples).toEqual([{ time: NOW, channel: 'telemetry', values: { temperature: 81 } }]);
});

test('health of a device is one sample of what rules may look at', () => {
  const low = alertRulesSchema.parse({
    low: { measure: 'battery', channel: 'health', below: { raise: 20, clear: 30 } },
  });
  const health = { time: NOW, bootId: 1, sequence: 1, battery: 15, signal: -70, memoryFree: 1, firmware: '1.0.0' };
  const topic = 'fleet-dev/north/pump/p1/health';
  const batch = readSamples([record(health, { topic })], { ...settings, rules: { pump: low } });
  expect(batch.devices[0]?.samples).toEqual([
    { time: NOW, channel: 'health', values: { battery: 15, signal: -70, memoryFree: 1 } },
  ]);
});

test('what is history raises nothing, and neither does a clock that is ahead', () => {
  const times = [NOW - 3_600_001, NOW - 3_600_000, NOW + 900_000, NOW + 900_001];
  const batch = readSamples([record(message(times.map((time) => at(time))))], settings);
  expect(batch).toMatchObject({ late: 1, ahead: 1 });
  expect(batch.devices[0]?.samples.map(({ time }) => time - NOW)).toEqual([-3_600_000, 900_000]);
});

test.each([
  ['a type without rules', { topic: 'fleet-dev/north/valve/p1/telemetry' }],
  ['a channel without rules', { topic: 'fleet-dev/north/pump/p1/event' }],
])('%s is passed over', (_what, over) => {
  expect(readSamples([record('not even a message', over)], settings)).toEqual({
    devices: [],
    unreadable: 0,
    late: 0,
    ahead: 0,
  });
});

test.each([
  ['rubbish', record('rubbish')],
  ['an invalid message', record({ ...message([at(NOW)]), extra: 1 })],
  ['another root', record(message([at(NOW)]), { topic: 'other/north/pump/p1/telemetry' })],
  ['another device', record(message([at(NOW)]), { clientId: 'p2' })],
  ['no envelope', { messageId: 'm', body: '{' }],
])('%s is counted and not judged', (_what, rubbish) => {
  const batch = readSamples([rubbish, record(message([at(NOW)]))], settings);
  expect(batch.unreadable).toBe(1);
  expect(batch.devices[0]?.samples).toHaveLength(1);
});
