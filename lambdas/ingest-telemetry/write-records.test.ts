import { buildBatches, type RecordBatch } from './build-records.ts';
import type { TimeBounds } from './check-times.ts';
import { readMessage } from './read-message.ts';
import { fromThing, NOW, queueMessage, telemetry } from './testing/queue-messages.ts';
import { type StorePort, writeRecords } from './write-records.ts';

const bounds: TimeBounds = { oldest: NOW - 3_600_000, newest: NOW + 900_000, lateAfter: 300_000 };

function batchesOf(count: number, time = NOW): readonly RecordBatch[] {
  const messages = Array.from({ length: count }, (_, n) => {
    const payload = telemetry({ sequence: n + 1, samples: [{ time, values: { a: n } }] });
    const reading = readMessage(
      queueMessage(payload, fromThing('fleetwright-dev-pump-station-PS-0001')),
      'fleetwright-dev',
    );
    if (!reading.ok) throw new Error(reading.rejection.detail);
    return reading.received;
  });
  return buildBatches(messages, () => true);
}

function failure(name: string, fields: object = {}): Error {
  return Object.assign(new Error(`${name} happened`), { name, ...fields });
}

function ports(milliseconds = 30_000) {
  const pauses: number[] = [];
  let left = milliseconds;
  return {
    pauses,
    random: () => 0.5,
    remaining: () => left,
    async pause(pause: number) {
      pauses.push(pause);
      left -= pause;
    },
  };
}

function storeOf(...answers: (Error | undefined)[]): StorePort & { batches: RecordBatch[] } {
  const batches: RecordBatch[] = [];
  return {
    batches,
    async write(batch) {
      batches.push(batch);
      const answer = answers.shift();
      if (answer !== undefined) throw answer;
    },
  };
}

test.each([
  failure('ThrottlingException'),
  failure('InternalServerException'),
  failure('Unknown', { $metadata: { httpStatusCode: 503 } }),
  failure('Error', { code: 'ECONNRESET' }),
])('%s is retried, later each time', async (error) => {
  const own = ports();
  const outcome = await writeRecords(batchesOf(3), 4, bounds, storeOf(error, error), own);
  expect(outcome).toMatchObject({ stored: 3, retries: 2, rejections: [] });
  expect(own.pauses).toEqual([25, 50]);
});

test('what is not written when time runs out is left to the queue', async () => {
  const store: StorePort = { write: () => Promise.reject(failure('ThrottlingException')) };
  const batches = batchesOf(2);
  const outcome = await writeRecords(batches, 4, bounds, store, ports(6_000));
  expect(outcome.stored).toBe(0);
  expect([...outcome.unfinished]).toEqual(batches[0]?.origins.map(({ received }) => received.messageId));
});

test('rejected records are told apart, and the others of their batch are stored', async () => {
  const rejected = failure('RejectedRecordsException', {
    RejectedRecords: [
      { RecordIndex: 0, Reason: 'same key, other values', ExistingVersion: 1 },
      { RecordIndex: 2, Reason: 'measure type differs' },
    ],
  });
  const batches = batchesOf(4);
  const outcome = await writeRecords(batches, 4, bounds, storeOf(rejected), ports());
  expect(outcome.stored).toBe(2);
  const ids = batches[0]?.origins.map(({ received }) => received.messageId) ?? [];
  expect(outcome.rejections).toEqual([
    { messageId: ids[0], sample: 0, reason: 'CONFLICTING_RECORD', detail: 'same key, other values' },
    { messageId: ids[2], sample: 0, reason: 'STORE_REJECTED', detail: 'measure type differs' },
  ]);
});

test.each([
  [bounds.oldest - 1, 'TIME_TOO_OLD'],
  [bounds.newest + 1, 'TIME_IN_FUTURE'],
])('a rejected record outside the retention says so', async (time, reason) => {
  const rejected = failure('RejectedRecordsException', { RejectedRecords: [{ RecordIndex: 0, Reason: 'time' }] });
  const outcome = await writeRecords(batchesOf(1, time), 4, bounds, storeOf(rejected), ports());
  expect(outcome.rejections).toMatchObject([{ reason }]);
});

test('one record that makes a request invalid is found, and the others are stored', async () => {
  const store: StorePort = {
    async write({ origins }) {
      if (origins.some(({ received }) => received.message.sequence === 6)) throw failure('ValidationException');
    },
  };
  const batches = batchesOf(10);
  const outcome = await writeRecords(batches, 4, bounds, store, ports());
  expect(outcome.stored).toBe(9);
  expect(outcome.rejections).toMatchObject([
    { messageId: batches[0]?.origins[5]?.received.messageId, reason: 'STORE_REJECTED', sample: 0 },
  ]);
});

test('a missing permission fails the invocation with AWS own words', async () => {
  const text = 'User: arn:aws:sts::123456789012:assumed-role/r/s is not authorized to perform: timestream:WriteRecords';
  const denied = Object.assign(new Error(text), { name: 'AccessDeniedException', $metadata: { httpStatusCode: 403 } });
  await expect(writeRecords(batchesOf(1), 4, bounds, storeOf(denied), ports())).rejects.toMatchObject({
    code: 'STORE_REFUSED',
    message: expect.stringContaining(text),
    cause: denied,
  });
});

test('no more requests are under way than allowed', async () => {
  let open = 0;
  let most = 0;
  const store: StorePort = {
    async write() {
      most = Math.max(most, ++open);
      await new Promise((resolve) => setImmediate(resolve));
      open--;
    },
  };
  await writeRecords(batchesOf(1_000), 3, bounds, store, ports());
  expect(most).toBe(3);
});
