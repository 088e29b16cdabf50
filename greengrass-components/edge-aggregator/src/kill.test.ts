import { ANOMALY_TOPIC, fieldTopic, STORED_TOPIC, UPLOAD_TOPIC, type UploadMessage } from '@fleetwright/contracts';
import { until } from '../../../edge-nucleus/src/testing/test-core.ts';
import { BuiltCore } from '../../build/testing/built-core.ts';
import type { LocalBus } from '../../shared/src/component.ts';
import { createLocalBus } from '../../shared/src/ipc/ipc-buses.ts';
import { systemClock } from '../../shared/src/system-clock.ts';
import { TestLog } from '../../shared/src/testing/test-log.ts';

/** The built component as a process under a nucleus, killed again and again while values come. */

const AGGREGATOR = 'com.fleetwright.EdgeAggregator';
const PLANT = 'com.example.Plant';
const ROUNDS = 6;
/** ms, as configured below, and time for a busy machine to keep it */
const JOURNAL_DELAY = 50;
const MARGIN = 1_000;

const built = new BuiltCore();
const { core } = built;
afterAll(() => core.remove());

const may = (operation: string, ...resources: string[]) => ({ operations: [`aws.greengrass#${operation}`], resources });

async function startCore(): Promise<LocalBus> {
  await core.start();
  const merge = {
    journal: { delay: JOURNAL_DELAY, checkpointBytes: 65_536 },
  };
  const window = { by: 'time', length: 2_000 };
  const components = {
    [AGGREGATOR]: {
      version: '1.0.0',
      configurationUpdate: { merge: { ...merge, defaults: { window, lateness: 0, percentiles: [50] } } },
    },
    [PLANT]: { version: '1.0.0' },
  };
  expect(await core.nucleus.deploy({ components })).toMatchObject({ status: 'SUCCESSFUL' });
  return createLocalBus(await core.client(PLANT), { clock: systemClock, log: new TestLog() });
}

test('six kills: what had been on disk is counted once, and an upload that comes twice is the same', async () => {
  await built.install('device-sdk', 'edge-aggregator');
  core.plain(PLANT, '1.0.0', {
    accessControl: {
      'aws.greengrass.ipc.pubsub': {
        'plant:1': may('PublishToTopic', fieldTopic('plant'), ANOMALY_TOPIC, STORED_TOPIC),
        'plant:2': may('SubscribeToTopic', UPLOAD_TOPIC),
      },
    },
  });
  const uploads = new Map<string, string>();
  const told = new Map<string, number>();
  const spool = (bus: LocalBus): Promise<unknown> =>
    bus.subscribe(UPLOAD_TOPIC, (message) => {
      const { samples, uploadId } = message as UploadMessage;
      const text = JSON.stringify(samples);
      if (uploads.has(uploadId)) {
        expect(text).toBe(uploads.get(uploadId));
      } else {
        uploads.set(uploadId, text);
        for (const { values } of samples) {
          for (const [name, value] of Object.entries(values)) {
            const series = /^(.*)_(?:count|anomalies|late)$/.exec(name)?.[1];
            const counted = name.endsWith('_anomalies') ? `${series}!` : `${series}`;
            if (series !== undefined) told.set(counted, (told.get(counted) ?? 0) + Number(value));
          }
        }
      }
      // Half of the answers get lost, so that there is something to repeat.
      if (Math.random() < 0.5) bus.publish(STORED_TOPIC, { version: 1, uploadId, ok: true }).catch(() => {});
    });

  let bus = await startCore();
  await spool(bus);
  await built.runs(AGGREGATOR);
  let sent = 0;
  let anomalies = 0;
  for (let round = 0; round < ROUNDS; round++) {
    for (let burst = 0; burst < 20; burst++) {
      const time = Date.now();
      const values = Array.from({ length: 10 }, () => ({ series: 'plant_flow', time, value: ++sent, quality: 'good' }));
      await bus.publish(fieldTopic('plant'), { version: 1, source: 'plant', values });
      if (burst % 5 === 0) {
        anomalies++;
        const anomaly = { version: 1, series: 'plant_flow', time, value: 1, score: 1, explanation: '' };
        await bus.publish(ANOMALY_TOPIC, { ...anomaly, expected: { low: 0, high: 0 } });
      }
      await new Promise((resolve) => setTimeout(resolve, 10 + Math.random() * 60));
    }
    // What came so long before a kill is promised. Nothing comes while there is nobody.
    await new Promise((resolve) => setTimeout(resolve, JOURNAL_DELAY + MARGIN));
    const starts = built.startsOf(AGGREGATOR);
    expect(built.kill(AGGREGATOR)).toBe(true);
    // A third failure within the hour would leave it broken: every other time the nucleus goes too.
    if (round % 2 === 1) {
      await core.stop();
      bus = await startCore();
      await spool(bus);
    }
    await built.runs(AGGREGATOR, starts);
  }
  await until(() => (told.get('plant_flow') ?? 0) >= sent && (told.get('plant_flow!') ?? 0) >= anomalies, 40_000);
  expect(told.get('plant_flow')).toBe(sent);
  expect(told.get('plant_flow!')).toBe(anomalies);
}, 170_000);
