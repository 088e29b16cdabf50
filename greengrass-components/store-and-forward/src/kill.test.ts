import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TelemetryMessage } from '@fleetwright/contracts';
import { until } from '../../../edge-nucleus/src/testing/test-core.ts';
import { BuiltCore } from '../../build/testing/built-core.ts';
import { createLocalBus } from '../../shared/src/ipc/ipc-buses.ts';
import { systemClock } from '../../shared/src/system-clock.ts';
import { TestLog } from '../../shared/src/testing/test-log.ts';
import { Uploader } from '../../shared/src/uploader.ts';

/**
 * The built component as a process under a nucleus, killed again and again while another component uploads; the nucleus
 * dies in between, and the cloud is away.
 */

const SPOOL = 'com.fleetwright.StoreAndForward';
const GIVER = 'com.example.Giver';
const ROUNDS = 10;
const PER_ROUND = 25;

const built = new BuiltCore();
const { core } = built;
const workDirectory = mkdtempSync(join(tmpdir(), 'fleetwright-giver-'));
afterAll(async () => {
  await core.remove();
  rmSync(workDirectory, { recursive: true, force: true });
});

async function openUploader(): Promise<Uploader> {
  const log = new TestLog();
  const local = createLocalBus(await core.client(GIVER), { clock: systemClock, log });
  return Uploader.open({ local, log, workDirectory, clock: systemClock, random: Math.random }, { durable: true });
}

async function startCore(): Promise<void> {
  await core.start();
  const components = {
    [SPOOL]: { version: '1.0.0', configurationUpdate: { merge: { site: 'lakeside', rate: { messages: 100 } } } },
    [GIVER]: { version: '1.0.0' },
  };
  expect(await core.nucleus.deploy({ components })).toMatchObject({ status: 'SUCCESSFUL' });
}

test('ten kills, five deaths of the nucleus and an outage: nothing is lost, and nothing stored twice', async () => {
  await built.install('device-sdk', 'store-and-forward');
  core.plain(GIVER, '1.0.0', {
    accessControl: {
      'aws.greengrass.ipc.pubsub': {
        'giver:1': { operations: ['aws.greengrass#PublishToTopic'], resources: ['fleetwright/edge/upload'] },
        'giver:2': { operations: ['aws.greengrass#SubscribeToTopic'], resources: ['fleetwright/edge/stored'] },
      },
    },
  });
  await startCore();
  await built.runs(SPOOL);
  let uploader = await openUploader();
  let given = 0;
  let killed = 0;
  for (let round = 0; round < ROUNDS; round++) {
    core.connection.connected = round % 3 !== 1;
    const starts = built.startsOf(SPOOL);
    for (let part = 0; part < PER_ROUND; part++) {
      const priority = part % 5 === 0 ? 'alarm' : 'normal';
      await uploader.give('telemetry', priority, [{ time: ++given, values: { round } }]);
      if (part === Math.floor(Math.random() * PER_ROUND) && killed === round && built.kill(SPOOL)) killed++;
    }
    if (killed === round && built.kill(SPOOL)) killed++;
    // A third failure within the hour would leave it broken: every other time the nucleus goes too, with its spooler.
    if (round % 2 === 1) {
      await uploader.close();
      await core.stop();
      await startCore();
      uploader = await openUploader();
    }
    await built.runs(SPOOL, starts);
  }
  core.connection.connect();
  expect(killed).toBe(ROUNDS);

  const messages = () =>
    core.connection.published
      .filter(({ topic }) => topic.endsWith('/telemetry'))
      .map(({ payload }) => ({ text: payload, ...(JSON.parse(payload) as TelemetryMessage) }));
  const times = () => new Set(messages().flatMap(({ samples }) => samples.map(({ time }) => time)));
  await until(() => uploader.stats.waiting === 0 && times().size === given, 60_000);
  await uploader.close();

  const contents = new Map<string, string>();
  for (const { bootId, sequence, text } of messages()) {
    const known = contents.get(`${bootId}.${sequence}`) ?? text;
    expect(text).toBe(known);
    contents.set(`${bootId}.${sequence}`, known);
  }
  const samples = [...contents.values()].flatMap((text) => (JSON.parse(text) as TelemetryMessage).samples);
  expect(samples.length).toBe(given);
}, 170_000);
