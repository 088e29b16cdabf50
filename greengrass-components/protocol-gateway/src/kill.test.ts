import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import {
  ALL_FIELD_TOPICS,
  ALL_WRITTEN_TOPICS,
  type FieldMessage,
  fieldMessageSchema,
  type WriteAnswer,
  writeAnswerSchema,
  writeTopic,
} from '../../../contracts/src/index.ts';
import { until } from '../../../edge-nucleus/src/testing/test-core.ts';
import { BuiltCore } from '../../build/testing/built-core.ts';
import type { LocalBus } from '../../shared/src/component.ts';
import { createLocalBus } from '../../shared/src/ipc/ipc-buses.ts';
import { systemClock } from '../../shared/src/system-clock.ts';
import { TestLog } from '../../shared/src/testing/test-log.ts';
import { createSimulatedPlant, plantSources, type SimulatedPlant } from '../../simulated-plant/src/index.ts';

/** The built component under a nucleus, with the plant at its other end. */

const GATEWAY = 'com.fleetwright.ProtocolGateway';
const HEARER = 'com.example.Hearer';
const built = new BuiltCore();
const { core } = built;
const messages: FieldMessage[] = [];
const answers: WriteAnswer[] = [];
let plant: SimulatedPlant;
let bus: LocalBus;

const heard = (series: string) => messages.flatMap(({ values }) => values).filter((value) => value.series === series);

function deploy(merge: object, reset: string[] = []): Promise<{ status: string }> {
  const components = {
    [HEARER]: { version: '1.0.0' },
    [GATEWAY]: { version: '1.0.0', configurationUpdate: { merge, reset } },
  };
  return core.nucleus.deploy({ components });
}

beforeAll(async () => {
  plant = await createSimulatedPlant({ clock: systemClock, seed: 5 });
  await built.install('device-sdk', 'protocol-gateway');
  core.plain(HEARER, '1.0.0', {
    accessControl: {
      'aws.greengrass.ipc.pubsub': {
        'hearer:1': { operations: ['aws.greengrass#PublishToTopic'], resources: ['fleetwright/edge/write/*'] },
        'hearer:2': {
          operations: ['aws.greengrass#SubscribeToTopic'],
          resources: [ALL_FIELD_TOPICS, ALL_WRITTEN_TOPICS],
        },
      },
    },
  });
  await core.start();
  expect(await deploy({ sources: plantSources(plant.ports) })).toMatchObject({ status: 'SUCCESSFUL' });
  await built.runs(GATEWAY);
  bus = createLocalBus(await core.client(HEARER), { clock: systemClock, log: new TestLog() });
  await bus.subscribe(ALL_FIELD_TOPICS, (message) => messages.push(fieldMessageSchema.parse(message)));
  await bus.subscribe(ALL_WRITTEN_TOPICS, (message) => answers.push(writeAnswerSchema.parse(message)));
}, 90_000);
afterAll(async () => {
  await core.remove();
  await plant.close();
});

async function write(source: string, point: string, value: number | boolean): Promise<WriteAnswer> {
  const requestId = randomBytes(16).toString('hex');
  const request = { version: 1, requestId, point, value, expiresAt: Date.now() + 5_000 };
  await bus.publish(writeTopic(source), request);
  await until(() => answers.some((answer) => answer.requestId === requestId));
  return answers.find((answer) => answer.requestId === requestId) as WriteAnswer;
}

test('the built component reads the plant and writes to it, as its recipe allows', async () => {
  const series = ['pump_1_flow', 'pump_3_running', 'tank_level', 'ambient_temperature', 'quality_ph'];
  await until(() => series.every((name) => heard(name).length > 0), 20_000);
  expect(await write('pump-3', 'running', true)).toMatchObject({ ok: true });
  expect(plant.reading.pumps[3].running).toBe(true);
  expect(await write('pump-3', 'setpoint', 9_999)).toMatchObject({ ok: false });
}, 40_000);

test('a deployment merges one source, and reset takes it away', async () => {
  const { tank } = plantSources(plant.ports);
  expect(await deploy({ sources: { copy: tank } })).toMatchObject({ status: 'SUCCESSFUL' });
  await until(() => heard('copy_level').length > 0);
  expect(await deploy({}, ['/sources/copy'])).toMatchObject({ status: 'SUCCESSFUL' });
  // The deployment has succeeded when the nucleus has the configuration; the component hears of it then.
  let detail: string | undefined;
  for (let round = 0; round < 50 && detail !== 'there is no source copy'; round++) {
    ({ detail } = await write('copy', 'level', 1));
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  expect(detail).toBe('there is no source copy');
  expect(built.startsOf(GATEWAY)).toBe(1);
}, 60_000);

test('a deployment that no source could live with fails, and the sources go on', async () => {
  const bad = { sources: { 'pump-1': { unit: 999 } } };
  expect(await deploy(bad)).not.toMatchObject({ status: 'SUCCESSFUL' });
  messages.length = 0;
  await until(() => heard('pump_1_flow').length > 0);
}, 60_000);

test('after a kill -9 it reads and writes as before', async () => {
  const starts = built.startsOf(GATEWAY);
  expect(built.kill(GATEWAY)).toBe(true);
  await built.runs(GATEWAY, starts);
  messages.length = 0;
  await until(() => heard('pump_2_flow').length > 0 && heard('tank_level').length > 0, 20_000);
  expect(await write('pump-3', 'running', false)).toMatchObject({ ok: true });
  expect(plant.reading.pumps[3].running).toBe(false);
}, 60_000);
