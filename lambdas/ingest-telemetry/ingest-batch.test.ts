import { deadLetterSchema } from '@fleetwright/contracts';
import type { RecordBatch } from './build-records.ts';
import type { Letter } from './dead-letters.ts';
import type { SequenceVerdict } from './detect-replays.ts';
import { type IngestPorts, type IngestSettings, ingestBatch } from './ingest-batch.ts';
import type { QueueMessage } from './model.ts';
import { timestreamSink } from './sample-sink.ts';
import { envelopeOf, fromThing, NOW, queueMessage, THING, telemetry } from './testing/queue-messages.ts';

const settings: IngestSettings = {
  topicRoot: 'fleetwright-dev',
  memoryHours: 24,
  magneticDays: 30,
  lateAfterSeconds: 300,
  strictChannels: new Set(['event']),
  measures: new Map(),
  maxOfflineHours: 72,
};

function world(over: Partial<IngestPorts> & { verdicts?: (SequenceVerdict | undefined)[] } = {}) {
  const batches: RecordBatch[] = [];
  const letters: Letter[] = [];
  const ports: IngestPorts = {
    now: () => NOW,
    random: () => 0,
    pause: async () => {},
    remaining: () => 30_000,
    sinks: [timestreamSink({ write: async (batch) => void batches.push(batch) }, 4)],
    letters: {
      async send(some) {
        letters.push(...some);
        return [];
      },
    },
    sequences: { claim: async (claims) => claims.map((_claim, index) => over.verdicts?.[index] ?? 'new') },
    ...over,
  };
  return {
    batches,
    letters: () => letters.map(({ body }) => deadLetterSchema.parse(JSON.parse(body))),
    run: (messages: QueueMessage[]) => ingestBatch(messages, settings, ports),
  };
}

const event = (over = {}) => queueMessage(telemetry(over), fromThing(THING, 'event'));

test('valid samples are stored and nothing is left over', async () => {
  const { run, batches, letters } = world();
  const samples = [1, 2, 3].map((n) => ({ time: NOW - n, values: { a: n } }));
  const report = await run([queueMessage(telemetry({ samples })), event()]);
  expect(report).toMatchObject({ failed: [], samplesStored: 4, rejected: {}, late: 0 });
  expect(batches).toHaveLength(2);
  expect(letters()).toEqual([]);
});

test('an invalid message goes to the dead letters whole, with the reason, and the others are stored', async () => {
  const { run, letters } = world();
  const broken = queueMessage(Buffer.from('{"broken'));
  const report = await run([broken, queueMessage(telemetry())]);
  expect(report).toMatchObject({ failed: [], samplesStored: 1, rejected: { MALFORMED_PAYLOAD: 1 } });
  const [letter] = letters();
  expect(letter).toMatchObject({
    messageId: broken.messageId,
    rejectedAt: NOW,
    rejections: [{ reason: 'MALFORMED_PAYLOAD' }],
    envelope: JSON.parse(broken.body),
  });
  expect(Buffer.from(letter?.envelope?.payload ?? '', 'base64').toString()).toBe('{"broken');
});

test('a queue message that cannot be read at all is kept as it is', async () => {
  const { run, letters } = world();
  await run([{ messageId: 'm', body: 'rubbish' }]);
  expect(letters()).toMatchObject([{ messageId: 'm', body: 'rubbish', rejections: [{ reason: 'MALFORMED_PAYLOAD' }] }]);
});

test('samples outside the retention are refused one by one, by reason, and the others of the message stored', async () => {
  const { run, letters } = world();
  const day = 86_400_000;
  const times = [NOW - 31 * day, NOW - 29 * day, NOW, NOW + 14 * 60_000, NOW + 16 * 60_000, NOW - 40 * day];
  const samples = times.map((time) => ({ time, values: { a: 1 } }));
  const report = await run([queueMessage(telemetry({ samples }))]);
  expect(report).toMatchObject({ samplesStored: 3, late: 1, rejected: { TIME_TOO_OLD: 2, TIME_IN_FUTURE: 1 } });
  expect(letters()[0]?.rejections).toMatchObject([
    { reason: 'TIME_TOO_OLD', samples: [0, 5] },
    { reason: 'TIME_IN_FUTURE', samples: [4] },
  ]);
});

test('a strict channel refuses a replay, stores a duplicate again and counts both', async () => {
  const { run, letters } = world({ verdicts: ['new', 'duplicate', 'replay'] });
  const messages = [event({ sequence: 1 }), event({ sequence: 2 }), event({ sequence: 3 })];
  const report = await run(messages);
  expect(report).toMatchObject({ failed: [], samplesStored: 2, duplicates: 1, replays: 1 });
  expect(letters()).toMatchObject([
    { messageId: messages[2]?.messageId, rejections: [{ reason: 'REPLAYED_SEQUENCE' }] },
  ]);
});

test('a message whose sequence number could not be recorded is not stored but delivered again', async () => {
  const { run, batches } = world({ sequences: { claim: async () => [undefined] } });
  const message = event();
  expect(await run([message])).toMatchObject({ failed: [message.messageId], samplesStored: 0 });
  expect(batches).toEqual([]);
});

test('a message that is to be delivered again is not in the dead letters yet', async () => {
  const throttled = Object.assign(new Error('slow down'), { name: 'ThrottlingException' });
  const { run, letters } = world({
    remaining: () => 0,
    sinks: [timestreamSink({ write: () => Promise.reject(throttled) }, 4)],
  });
  const samples = [
    { time: 1, values: { a: 1 } },
    { time: NOW, values: { a: 1 } },
  ];
  const message = queueMessage(telemetry({ samples }));
  expect(await run([message])).toMatchObject({ failed: [message.messageId], rejected: {} });
  expect(letters()).toEqual([]);
});

test('a duplicate shares the fate of the message it repeats', async () => {
  const throttled = Object.assign(new Error('slow down'), { name: 'ThrottlingException' });
  const { run } = world({ remaining: () => 0, sinks: [timestreamSink({ write: () => Promise.reject(throttled) }, 4)] });
  const [first, second] = [queueMessage(telemetry()), queueMessage(telemetry())];
  expect((await run([first, second])).failed).toEqual([first.messageId, second.messageId]);
});

test('a rejected message whose letter cannot be sent stays in the ingest queue', async () => {
  const { run } = world({ letters: { send: async (some) => some.map((_letter, index) => index) } });
  const [good, bad] = [queueMessage(telemetry()), queueMessage({})];
  const report = await run([good, bad]);
  expect(report).toMatchObject({ failed: [bad.messageId], samplesStored: 1, rejected: {} });
});

test('a message is not lost when SQS delivers it twice in one batch', async () => {
  const message = queueMessage(telemetry());
  const { run } = world();
  expect(await run([message, message])).toMatchObject({ failed: [], samplesStored: 1, duplicates: 1 });
});

test('rubbish of every kind ends in the dead letters and nothing throws', async () => {
  const { run, letters } = world();
  const payloads = [{}, [], 1, 'x', null, { ...telemetry(), samples: 5 }, telemetry({ samples: [] })];
  const messages = payloads.map((payload) => queueMessage(payload));
  messages.push({ messageId: 'e', body: JSON.stringify({ ...envelopeOf({}), topic: 'a/b' }) });
  const report = await run(messages);
  expect(report.failed).toEqual([]);
  expect(letters()).toHaveLength(messages.length);
});
