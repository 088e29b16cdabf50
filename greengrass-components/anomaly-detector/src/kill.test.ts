import { join } from 'node:path';
import {
  ANOMALY_TOPIC,
  type AnomalyMessage,
  fieldTopic,
  STORED_TOPIC,
  UPLOAD_TOPIC,
  type UploadMessage,
} from '@fleetwright/contracts';
import { until } from '../../../edge-nucleus/src/testing/test-core.ts';
import { BuiltCore } from '../../build/testing/built-core.ts';
import type { LocalBus } from '../../shared/src/component.ts';
import { createLocalBus } from '../../shared/src/ipc/ipc-buses.ts';
import { systemClock } from '../../shared/src/system-clock.ts';
import { TestLog } from '../../shared/src/testing/test-log.ts';
import { COUNT } from './detector/series-state.ts';
import { StateFile } from './state-file.ts';

/** The built component as a process under a nucleus, killed with `SIGKILL`. */

const DETECTOR = 'com.fleetwright.AnomalyDetector';
const PLANT = 'com.example.Plant';
const LEARNT = 400;

const built = new BuiltCore();
const { core } = built;
afterAll(() => core.remove());

const may = (operation: string, ...resources: string[]) => ({ operations: [`aws.greengrass#${operation}`], resources });

async function startCore(): Promise<LocalBus> {
  await built.install('device-sdk', 'anomaly-detector');
  core.plain(PLANT, '1.0.0', {
    accessControl: {
      'aws.greengrass.ipc.pubsub': {
        'plant:1': may('PublishToTopic', fieldTopic('plant'), STORED_TOPIC),
        'plant:2': may('SubscribeToTopic', ANOMALY_TOPIC, UPLOAD_TOPIC),
      },
    },
  });
  await core.start();
  const components = {
    [DETECTOR]: { version: '1.0.0', configurationUpdate: { merge: { saveInterval: 5_000 } } },
    [PLANT]: { version: '1.0.0' },
  };
  expect(await core.nucleus.deploy({ components })).toMatchObject({ status: 'SUCCESSFUL' });
  return createLocalBus(await core.client(PLANT), { clock: systemClock, log: new TestLog() });
}

test('after a kill it still knows what is usual, and repeats the upload of an anomaly until the spool has it', async () => {
  const bus = await startCore();
  const anomalies: AnomalyMessage[] = [];
  const uploads: UploadMessage[] = [];
  let spoolAnswers = false;
  await bus.subscribe(ANOMALY_TOPIC, (message) => void anomalies.push(message as AnomalyMessage));
  await bus.subscribe(UPLOAD_TOPIC, (message) => {
    uploads.push(message as UploadMessage);
    const { uploadId } = message as UploadMessage;
    if (spoolAnswers) bus.publish(STORED_TOPIC, { version: 1, uploadId, ok: true }).catch(() => {});
  });
  let time = Date.UTC(2026, 0, 5);
  const give = (values: number[]) => {
    const from = time;
    time += values.length * 1_000;
    const read = values.map((value, index) => ({
      series: 'plant_flow',
      time: from + (index + 1) * 1_000,
      value,
      quality: 'good',
    }));
    return bus.publish(fieldTopic('plant'), { version: 1, source: 'plant', values: read });
  };
  const kill = async (): Promise<void> => {
    const starts = built.startsOf(DETECTOR);
    expect(built.kill(DETECTOR)).toBe(true);
    await built.runs(DETECTOR, starts);
  };
  await built.runs(DETECTOR);
  for (let record = 0; record < LEARNT; record += 20) {
    await give(Array.from({ length: 20 }, (_, index) => 10 + Math.sin((record + index) * 1.7)));
  }
  const file = new StateFile(join(core.root, 'work', DETECTOR, 'series.state'));
  await until(() => file.read()?.state[COUNT] === LEARNT, 30_000);
  expect(anomalies).toEqual([]);
  await kill();

  // Without what it had learnt it would say nothing of the first 150 values.
  await give([60]);
  await until(() => anomalies.length > 0 && uploads.length > 0, 20_000);
  expect(anomalies).toMatchObject([{ series: 'plant_flow', time, value: 60 }]);
  const [given] = uploads;
  uploads.length = 0;
  await kill();

  spoolAnswers = true;
  await until(() => uploads.length > 0, 20_000);
  await new Promise((resolve) => setTimeout(resolve, 2_000));
  const repeated = uploads.length;
  for (const upload of uploads) expect(upload).toEqual(given);
  // The answer has ended it: the next repetition would have come within 4 s.
  await new Promise((resolve) => setTimeout(resolve, 5_000));
  expect(uploads).toHaveLength(repeated);
  expect(anomalies).toHaveLength(1);
}, 120_000);
