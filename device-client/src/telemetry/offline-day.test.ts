import { rmSync } from 'node:fs';
import type { TelemetryMessage } from '@fleetwright/contracts';
import { CONNECTION_BYTES_PER_SECOND, CONNECTION_PUBLISHES_PER_SECOND } from './publish-limiter.ts';
import { TelemetryFeature } from './telemetry-feature.ts';
import { running, testContext } from './testing/feature-context.ts';
import type { Received } from './testing/simulated-link.ts';

const DAY = 86_400_000;
const MINUTE = 60_000;
/** ms between two samples */
const INTERVAL = 2_000;
/** ms into the day at which the process dies and starts again */
const RESTART = 9 * 3_600_000;

/** The most that any second holds, wherever it begins. */
function busiestSecond(received: readonly Received[]): { messages: number; bytes: number } {
  let from = 0;
  let bytes = 0;
  const most = { messages: 0, bytes: 0 };
  for (const [index, { at, payload, topic }] of received.entries()) {
    bytes += payload.length + topic.length;
    for (let first = received[from] as Received; first.at <= at - 1000; first = received[from] as Received) {
      bytes -= first.payload.length + first.topic.length;
      from++;
    }
    most.messages = Math.max(most.messages, index - from + 1);
    most.bytes = Math.max(most.bytes, bytes);
  }
  return most;
}

test('a day without a connection is sent afterwards: complete, in order, within limits, alarms first', async () => {
  const context = testContext();
  const { clock, link, state } = context;
  const options = { sync: 'never', backlogSamplesPerMessage: 20, maxBytes: 256 * 1024 * 1024 } as const;
  let feature = await running(new TelemetryFeature(options), context);
  const began = clock.now();
  const alarms: number[] = [];
  let samples = 0;
  for (let minute = 0; minute * MINUTE < DAY; minute++) {
    const puts: Promise<void>[] = [];
    for (let each = 0; each < MINUTE; each += INTERVAL) {
      const time = began + minute * MINUTE + each;
      const values = { temperature: 20 + Math.sin(samples / 900), text: 'x'.repeat(samples % 200) };
      puts.push(feature.put('telemetry', { time, values }));
      samples++;
    }
    if (minute % 180 === 0) {
      const time = began + minute * MINUTE;
      alarms.push(time);
      puts.push(feature.put('event', { time, values: { alarm: 'high' } }, { priority: 'alarm' }));
    }
    await Promise.all(puts);
    await clock.pass(MINUTE);
    if (minute * MINUTE === RESTART) {
      await feature.stop();
      feature = await running(new TelemetryFeature(options), { ...context, bootId: 8 });
    }
  }
  expect(link.received).toHaveLength(0);
  expect(feature.stats.waiting).toBe(samples + alarms.length);

  const reconnected = clock.now();
  link.connect();
  // The connection comes and goes while the backlog is sent.
  for (let step = 0; feature.stats.waiting > 0 && step < 5_000; step++) {
    await clock.pass(100);
    await new Promise((resolve) => setTimeout(resolve, 1));
    if (step % 100 === 99) link.disconnect();
    if (step % 100 === 4 && !link.connected) link.connect();
  }
  expect(feature.stats.waiting).toBe(0);
  await feature.stop();
  rmSync(state.path, { recursive: true, force: true });

  const contents = new Map<string, string>();
  const first: { lane: string; message: TelemetryMessage }[] = [];
  for (const { payload, topic } of link.received) {
    const message = JSON.parse(payload.toString()) as TelemetryMessage;
    const lane = topic.split('/').at(-1) as string;
    const key = `${lane} ${message.bootId} ${message.sequence}`;
    const known = contents.get(key);
    if (known === undefined) first.push({ lane, message });
    else expect(payload.toString()).toBe(known);
    contents.set(key, payload.toString());
  }
  const timesOf = (wanted: string) =>
    first.filter(({ lane }) => lane === wanted).flatMap(({ message }) => message.samples.map(({ time }) => time));
  expect(timesOf('telemetry')).toEqual(Array.from({ length: samples }, (_, index) => began + index * INTERVAL));
  expect(timesOf('event')).toEqual(alarms);
  expect(first.slice(0, alarms.length).every(({ lane }) => lane === 'event')).toBe(true);
  const sequences = (boot: number) =>
    first
      .filter(({ lane, message }) => lane === 'telemetry' && message.bootId === boot)
      .map(({ message }) => message.sequence);
  for (const boot of [7, 8]) expect(sequences(boot)).toEqual(sequences(boot).map((_, index) => index + 1));

  const most = busiestSecond(link.received);
  expect(most.messages).toBeLessThanOrEqual(CONNECTION_PUBLISHES_PER_SECOND);
  expect(most.bytes).toBeLessThanOrEqual(CONNECTION_BYTES_PER_SECOND);
  // And not needlessly slow: more than half of what the connection allows.
  const seconds = ((link.received.at(-1) as Received).at - reconnected) / 1000;
  expect(link.received.length / seconds).toBeGreaterThan(CONNECTION_PUBLISHES_PER_SECOND / 2);
}, 120_000);
