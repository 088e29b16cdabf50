import type { UploadMessage } from '@fleetwright/contracts';
import { STORED_TOPIC, UPLOAD_TOPIC } from '@fleetwright/contracts';
import * as z from 'zod';
import { settle } from '../testing/manual-clock.ts';
import { TestHost, type TestHostOptions } from '../testing/test-host.ts';
import { Uploader } from '../uploader.ts';

const hosts: TestHost<z.ZodObject>[] = [];
afterEach(() => {
  for (const host of hosts.splice(0)) host.remove();
});

function newHost(options: TestHostOptions = {}): TestHost<z.ZodObject> {
  const host = new TestHost(z.object({}), {}, options);
  hosts.push(host);
  return host;
}

const sample = (time: number) => ({ time, values: { level_mean: time / 2 } });
const given = (host: TestHost<z.ZodObject>) => host.bus.messages(UPLOAD_TOPIC) as UploadMessage[];
const times = (host: TestHost<z.ZodObject>) => given(host).map(({ samples }) => samples[0]?.time);

/** A spool that answers as told. */
function answerWith(host: TestHost<z.ZodObject>, ok: boolean | undefined): { answer: boolean | undefined } {
  const spool = { answer: ok };
  void host.local.subscribe(UPLOAD_TOPIC, (message) => {
    if (spool.answer === undefined) return;
    const { uploadId } = message as UploadMessage;
    void host.bus.publish(STORED_TOPIC, { version: 1, uploadId, ok: spool.answer, detail: 'because' });
  });
  return spool;
}

async function until(condition: () => boolean): Promise<void> {
  const deadline = Date.now() + 5_000;
  while (!condition()) {
    if (Date.now() > deadline) throw new Error('it did not come');
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

test('an upload is kept until the spool says that it has stored it, and given again with the same id', async () => {
  const host = newHost();
  const spool = answerWith(host, undefined);
  const uploader = await Uploader.open(host);
  await uploader.give('telemetry', 'normal', [sample(1)]);
  await host.clock.advance(10_000);
  const ids = new Set(given(host).map(({ uploadId }) => uploadId));
  expect(given(host).length).toBeGreaterThan(2);
  expect(ids.size).toBe(1);
  expect(uploader.stats).toMatchObject({ waiting: 1, stored: 0 });
  spool.answer = true;
  await host.clock.advance(60_000);
  expect(uploader.stats).toMatchObject({ waiting: 0, stored: 1 });
  const count = given(host).length;
  await host.clock.advance(600_000);
  expect(given(host)).toHaveLength(count);
  await uploader.close();
  expect(host.clock.pending).toBe(0);
});

test('repetitions become rarer, down to one a minute', async () => {
  const host = newHost({ random: () => 0 });
  const uploader = await Uploader.open(host);
  await uploader.give('telemetry', 'normal', [sample(1)]);
  await host.clock.advance(3_600_000);
  expect(given(host).length).toBeGreaterThan(55);
  expect(given(host).length).toBeLessThan(70);
  await uploader.close();
});

test('an upload that the spool refuses for good is counted and logged, and not given again', async () => {
  const host = newHost();
  answerWith(host, false);
  const uploader = await Uploader.open(host);
  await uploader.give('event', 'alarm', [sample(1)]);
  await host.clock.advance(600_000);
  expect(given(host)).toHaveLength(1);
  expect(uploader.stats).toMatchObject({ waiting: 0, refused: 1 });
  expect(host.log.messages('error')).toEqual(['the spool refuses an upload for good']);
  await uploader.close();
});

test('while the spool is silent, alarms do not wait behind what is less urgent, and what is not gives way', async () => {
  const host = newHost();
  const spool = answerWith(host, undefined);
  const uploader = await Uploader.open(host, { maxUploads: 10 });
  for (let time = 1; time <= 12; time++) await uploader.give('telemetry', 'bulk', [sample(time)]);
  await uploader.give('event', 'alarm', [sample(100)]);
  await settle();
  expect(times(host)).toContain(100);
  expect(uploader.stats).toMatchObject({ waiting: 10, dropped: 3 });
  spool.answer = true;
  await host.clock.advance(300_000);
  expect(uploader.stats).toMatchObject({ waiting: 0, stored: 10 });
  // The four oldest were handed out before the others came.
  expect([...new Set(times(host))]).toEqual([1, 2, 3, 4, 100, 8, 9, 10, 11, 12]);
  await uploader.close();
});

test('many samples become several messages, each small enough for nucleus lite', async () => {
  const host = newHost();
  answerWith(host, true);
  const uploader = await Uploader.open(host);
  await uploader.give(
    'telemetry',
    'normal',
    Array.from({ length: 1_000 }, (_, index) => sample(index)),
  );
  await host.clock.advance(60_000);
  expect(given(host).flatMap(({ samples }) => samples.map(({ time }) => time))).toEqual(
    Array.from({ length: 1_000 }, (_, index) => index),
  );
  for (const message of given(host)) expect(JSON.stringify(message).length).toBeLessThan(7_500);
  await uploader.close();
});

test('samples that no schema takes are left out, the others go', async () => {
  const host = newHost();
  answerWith(host, true);
  const uploader = await Uploader.open(host);
  await uploader.give('telemetry', 'normal', [{ time: 1, values: { a: Number.NaN } }, sample(2)]);
  await settle();
  expect(times(host)).toEqual([2]);
  expect(uploader.stats.refused).toBe(1);
  await uploader.close();
});

test('durable uploads are given by the next run, in order, until the spool has them', async () => {
  const first = newHost();
  const uploader = await Uploader.open(first, { durable: true });
  for (let time = 1; time <= 9; time++) await uploader.give('telemetry', 'normal', [sample(time)]);
  await until(() => given(first).length >= 4);
  await uploader.close();
  const next = newHost({ workDirectory: first.workDirectory });
  answerWith(next, true);
  const again = await Uploader.open(next, { durable: true });
  await until(() => again.stats.waiting === 0);
  expect(times(next)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
  expect(given(next)[0]?.uploadId).toBe(given(first)[0]?.uploadId);
  await again.close();
});

test('a connection with the nucleus that is away for a while costs nothing', async () => {
  const host = newHost();
  answerWith(host, true);
  const uploader = await Uploader.open(host);
  host.bus.down = true;
  await uploader.give('telemetry', 'normal', [sample(1)]);
  await host.clock.advance(5_000);
  host.bus.down = false;
  await host.clock.advance(60_000);
  expect(uploader.stats).toMatchObject({ waiting: 0, stored: 1 });
  await uploader.close();
});
