import {
  DECISION_TOPIC,
  fieldTopic,
  type Sample,
  STORED_TOPIC,
  UPLOAD_TOPIC,
  type UploadMessage,
  type WriteRequest,
  writeTopic,
  writtenTopic,
} from '@fleetwright/contracts';
import { until } from '../../../edge-nucleus/src/testing/test-core.ts';
import { BuiltCore } from '../../build/testing/built-core.ts';
import type { LocalBus } from '../../shared/src/component.ts';
import { createLocalBus } from '../../shared/src/ipc/ipc-buses.ts';
import { systemClock } from '../../shared/src/system-clock.ts';
import { TestLog } from '../../shared/src/testing/test-log.ts';

/** The built component as a process under a nucleus, killed again and again while it decides. */

const RULES = 'com.fleetwright.LocalRules';
const PLANT = 'com.example.Plant';
const ROUNDS = 6;

const built = new BuiltCore();
const { core } = built;
afterAll(() => core.remove());

const may = (operation: string, ...resources: string[]) => ({ operations: [`aws.greengrass#${operation}`], resources });
const write = (value: boolean) => ({ source: 'plant', point: 'fan', value, validFor: 30_000, retryEvery: 200 });

/** Nobody hears an answer while the nucleus is away. */
function answer(bus: LocalBus, topic: string, message: object): void {
  bus.publish(topic, message).catch(() => {});
}

async function startCore(): Promise<LocalBus> {
  await core.start();
  const hot = {
    when: { series: 'plant_temperature', above: 80 },
    whenUnknown: 'hold',
    begin: [write(true)],
    end: [write(false)],
    limit: { begins: 1_000, per: 1_000 },
  };
  const components = {
    [RULES]: { version: '1.0.0', configurationUpdate: { merge: { rules: { hot } } } },
    [PLANT]: { version: '1.0.0' },
  };
  expect(await core.nucleus.deploy({ components })).toMatchObject({ status: 'SUCCESSFUL' });
  return createLocalBus(await core.client(PLANT), { clock: systemClock, log: new TestLog() });
}

test('six kills: every decision reaches the spool once, and the last one is what is written', async () => {
  await built.install('device-sdk', 'local-rules');
  core.plain(PLANT, '1.0.0', {
    accessControl: {
      'aws.greengrass.ipc.pubsub': {
        'plant:1': may('PublishToTopic', fieldTopic('plant'), writtenTopic('plant'), STORED_TOPIC),
        'plant:2': may('SubscribeToTopic', UPLOAD_TOPIC, DECISION_TOPIC, writeTopic('plant')),
      },
    },
  });
  const uploads = new Map<string, Sample>();
  const decided: { rule: string; state: string; latency: number }[] = [];
  let fan: boolean | undefined;
  const surround = async (bus: LocalBus): Promise<void> => {
    await bus.subscribe(UPLOAD_TOPIC, (message) => {
      const { samples, uploadId } = message as UploadMessage;
      const [sample] = samples as [Sample];
      expect(samples).toHaveLength(1);
      const isRepeated = uploads.has(uploadId);
      if (isRepeated) expect(sample).toEqual(uploads.get(uploadId));
      uploads.set(uploadId, sample);
      // Some answers get lost, so that there is something to repeat.
      if (isRepeated || Math.random() < 0.9) answer(bus, STORED_TOPIC, { version: 1, uploadId, ok: true });
    });
    await bus.subscribe(DECISION_TOPIC, (message) => void decided.push(message as never));
    await bus.subscribe(writeTopic('plant'), (message) => {
      const { requestId, value } = message as WriteRequest;
      // Half of the requests fail on their way to the field.
      const ok = Math.random() < 0.5;
      if (ok) fan = value as boolean;
      answer(bus, writtenTopic('plant'), { version: 1, requestId, ok, time: Date.now() });
    });
  };
  const put = (bus: LocalBus, value: number): Promise<void> => {
    const values = [{ series: 'plant_temperature', time: Date.now(), value, quality: 'good' }];
    return bus.publish(fieldTopic('plant'), { version: 1, source: 'plant', values });
  };

  let bus = await startCore();
  await surround(bus);
  await built.runs(RULES);
  for (let round = 0; round < ROUNDS; round++) {
    const starts = built.startsOf(RULES);
    const count = 10 + Math.floor(Math.random() * 10);
    for (let index = 0; index < count; index++) {
      await put(bus, index % 2 === 0 ? 90 : 20);
      await new Promise((resolve) => setTimeout(resolve, Math.random() * 40));
    }
    // In the midst of it, at once.
    expect(built.kill(RULES)).toBe(true);
    if (round % 2 === 1) {
      await core.stop();
      bus = await startCore();
      await surround(bus);
    }
    await built.runs(RULES, starts);
  }
  await put(bus, 20);
  await put(bus, 90);
  await until(() => fan === true, 40_000);
  await put(bus, 20);
  await until(() => fan === false, 40_000);
  const logged = (core.work(RULES, 'decisions/decisions.log') ?? '').matchAll(/"decision":\{"number":(\d+)/g);
  const last = Math.max(...[...logged].map(([, number]) => Number(number)));
  await until(() => uploads.size >= last, 60_000);

  const samples = [...uploads.values()];
  const numbers = samples.map(({ values }) => Number(values.decision)).sort((left, right) => left - right);
  expect(numbers).toEqual(Array.from({ length: numbers.length }, (_, index) => index + 1));
  // It begins and ends in turn, over all kills: no decision is missing between, and none is there twice.
  const states = numbers.map((number) => samples.find(({ values }) => values.decision === number)?.values.alarm_state);
  expect(states.every((state, index) => state === (index % 2 === 0 ? 'raised' : 'cleared'))).toBe(true);
  expect(states.length).toBeGreaterThan(ROUNDS * 4);
  expect(decided.length).toBeLessThanOrEqual(states.length);
  const latencies = decided.map(({ latency }) => latency).sort((left, right) => left - right);
  const at = (share: number): number => (latencies[Math.floor((latencies.length - 1) * share)] ?? 0) / 1_000;
  process.stdout.write(`message to command: p50 ${at(0.5)} ms, p99 ${at(0.99)} ms of ${latencies.length}\n`);
}, 170_000);
