import type { TelemetryMessage } from '@fleetwright/contracts';
import { ChannelPublisher } from './channel-publisher.ts';

/** A clock on which every wait is over at once. */
const immediate = {
  now: () => 0,
  after: (_milliseconds: number, task: () => void) => {
    const handle = setImmediate(task);
    return { cancel: () => clearImmediate(handle) };
  },
};

function publisher(send: (topic: string, payload: string) => Promise<void>, options: object = {}) {
  const acknowledged: TelemetryMessage[] = [];
  const made = new ChannelPublisher({
    topic: 't',
    bootId: 7,
    send,
    clock: immediate,
    random: () => 0.5,
    onAcknowledged: (message) => acknowledged.push(message),
    ...options,
  });
  return { made, acknowledged };
}

const sample = (time: number) => ({ time, values: { v: time } });

test('a failed message is sent again with the same bytes until it is acknowledged', async () => {
  const sent: string[] = [];
  const { made, acknowledged } = publisher(async (_topic, payload) => {
    sent.push(payload);
    if (sent.length < 3) throw new Error('offline');
  });
  made.add(sample(1));
  await made.flush();
  expect(new Set(sent).size).toBe(1);
  expect(sent).toHaveLength(3);
  expect(acknowledged).toEqual([{ version: 1, bootId: 7, sequence: 1, samples: [sample(1)] }]);
});

test('sequence numbers grow by one, and samples are grouped up to the configured number', async () => {
  const { made, acknowledged } = publisher(async () => {}, { samplesPerMessage: 2 });
  for (let time = 1; time <= 5; time++) made.add(sample(time));
  await made.flush();
  expect(acknowledged.map(({ sequence, samples }) => [sequence, samples.map(({ time }) => time)])).toEqual([
    [1, [1, 2]],
    [2, [3, 4]],
    [3, [5]],
  ]);
});

test('never more messages are in flight than allowed, and a full queue refuses the producer', async () => {
  const release: (() => void)[] = [];
  const { made } = publisher(() => new Promise((resolve) => release.push(resolve)), { inFlight: 2, capacity: 3 });
  for (let time = 1; time <= 5; time++) made.add(sample(time));
  expect(release).toHaveLength(2);
  expect(() => made.add(sample(6))).toThrow(expect.objectContaining({ code: 'QUEUE_FULL' }));
  const done = made.flush();
  while (made.unacknowledgedMessages > 0) {
    release.shift()?.();
    await new Promise((resolve) => setImmediate(resolve));
  }
  await done;
  expect(made.pendingSamples).toBe(0);
});

test('stop gives up what is not acknowledged', async () => {
  const { made, acknowledged } = publisher(() => Promise.reject(new Error('offline')));
  made.add(sample(1));
  const flushed = made.flush();
  made.stop();
  await flushed;
  expect(acknowledged).toEqual([]);
});

test('what waits for its next attempt goes out at once when the connection is new', async () => {
  const clock = { now: () => 0, after: () => ({ cancel: () => {} }) };
  let attempts = 0;
  const send = async (): Promise<void> => {
    if (++attempts === 1) throw new Error('offline');
  };
  const { made, acknowledged } = publisher(send, { clock });
  made.add(sample(1));
  await new Promise((resolve) => setImmediate(resolve));
  expect([attempts, acknowledged.length]).toEqual([1, 0]);
  made.retryNow();
  await made.flush();
  expect([attempts, acknowledged.length]).toEqual([2, 1]);
});
