import {
  DECISION_TOPIC,
  type DecisionMessage,
  fieldTopic,
  type WriteRequest,
  writeTopic,
  writtenTopic,
} from '@fleetwright/contracts';
import { until } from '../../../edge-nucleus/src/testing/test-core.ts';
import { BuiltCore } from '../../build/testing/built-core.ts';
import { createLocalBus } from '../../shared/src/ipc/ipc-buses.ts';
import { systemClock } from '../../shared/src/system-clock.ts';
import { TestLog } from '../../shared/src/testing/test-log.ts';

/**
 * How long a decision takes while other values flow. It prints: how long is the machine's business, that every decision is made is
 * the component's. `npm run bench -- local-rules` measures more closely.
 */

const RULES = 'com.fleetwright.LocalRules';
const PLANT = 'com.example.Plant';
const DECISIONS = 60;
/** Messages of 20 values between two that decide. */
const BETWEEN = 10;

const built = new BuiltCore();
const { core } = built;
afterAll(() => core.remove());

const may = (operation: string, ...resources: string[]) => ({ operations: [`aws.greengrass#${operation}`], resources });

test('every decision is made while other values flow', async () => {
  await built.install('device-sdk', 'local-rules');
  core.plain(PLANT, '1.0.0', {
    accessControl: {
      'aws.greengrass.ipc.pubsub': {
        'plant:1': may('PublishToTopic', fieldTopic('plant'), fieldTopic('other'), writtenTopic('plant')),
        'plant:2': may('SubscribeToTopic', DECISION_TOPIC, writeTopic('plant')),
      },
    },
  });
  await core.start();
  const write = (value: boolean) => [{ source: 'plant', point: 'fan', value }];
  const hot = {
    when: { series: 'plant_temperature', above: 80 },
    whenUnknown: 'hold',
    begin: write(true),
    end: write(false),
    limit: { begins: 1_000, per: 1_000 },
  };
  const components = {
    [RULES]: { version: '1.0.0', configurationUpdate: { merge: { rules: { hot } } } },
    [PLANT]: { version: '1.0.0' },
  };
  expect(await core.nucleus.deploy({ components })).toMatchObject({ status: 'SUCCESSFUL' });
  await built.runs(RULES);
  const bus = createLocalBus(await core.client(PLANT), { clock: systemClock, log: new TestLog() });
  const latencies: number[] = [];
  let commands = 0;
  await bus.subscribe(DECISION_TOPIC, (message) => void latencies.push((message as DecisionMessage).latency / 1_000));
  await bus.subscribe(writeTopic('plant'), (message) => {
    commands++;
    const { requestId } = message as WriteRequest;
    bus.publish(writtenTopic('plant'), { version: 1, requestId, ok: true, time: Date.now() }).catch(() => {});
  });
  const put = (source: string, series: string, value: number, count: number): Promise<void> => {
    const values = Array.from({ length: count }, (_, index) => ({
      series: count === 1 ? series : `${series}_${index}`,
      time: Date.now(),
      value,
      quality: 'good',
    }));
    return bus.publish(fieldTopic(source), { version: 1, source, values });
  };
  for (let index = 0; index < DECISIONS; index++) {
    const others = Array.from({ length: BETWEEN }, () => put('other', 'other', index, 20));
    await Promise.all([...others, put('plant', 'plant_temperature', index % 2 === 0 ? 90 : 20, 1)]);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  await until(() => latencies.length >= DECISIONS && commands >= DECISIONS, 30_000);
  const sorted = latencies.sort((left, right) => left - right);
  const at = (share: number): number => sorted[Math.floor((sorted.length - 1) * share)] ?? 0;
  process.stdout.write(`message to command under load: p50 ${at(0.5)} ms, p99 ${at(0.99)} ms, most ${at(1)} ms\n`);
  expect(latencies).toHaveLength(DECISIONS);
}, 120_000);
