import { join } from 'node:path';
import { IoTDataPlaneClient, UpdateThingShadowCommand } from '@aws-sdk/client-iot-data-plane';
import { SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import type { IngestEnvelope } from '@fleetwright/contracts';
import type { HotStore } from '../../cli/hot-store/hot-store.ts';
import type { Device } from '../../device-client/src/index.ts';
import { editedAssembly } from '../support/assembly.ts';
import { fleetwright } from '../support/command.ts';
import { configuredAssembly } from '../support/configured-assembly.ts';
import { eventually } from '../support/eventually.ts';
import { startTestPlatform, type TestPlatform, temporaryDirectory } from '../support/platform.ts';

const HOUR = 3_600_000;

/** What every variant of the hot store must do, by the same test through the same port. */
describe.each(['timestream', 'lake'])('the hot store %s', (kind) => {
  let platform: TestPlatform;
  let store: HotStore;
  let device: Device;
  let thingName: string;
  let here: string[];
  /** Beginning of an hour, so that what lies in it is in one bucket. */
  const past = Math.floor((Date.now() - 3 * HOUR) / HOUR) * HOUR;

  beforeAll(async () => {
    const directory = temporaryDirectory();
    const assembly = configuredAssembly(join(directory, 'cdk.out'), {
      hotStore: kind,
      lake: { bufferSeconds: 1, keepDays: 30 },
    });
    // What is gathered for a minute is gathered for a second.
    const hurried = editedAssembly(assembly, 'hurried', 'telemetry', ({ Resources }) => {
      for (const { Properties, Type } of Object.values(Resources)) {
        if (Type === 'AWS::Lambda::EventSourceMapping') Properties.MaximumBatchingWindowInSeconds = 1;
      }
    });
    platform = await startTestPlatform({ directory, assembly: hurried });
    store = platform.ledger.store;
    here = ['--data-dir', join(directory, 'data')];
    device = platform.device('HOT-0001');
    await device.start();
    thingName = device.identity.thingName;
  }, 120_000);
  afterAll(() => platform?.stop(), 60_000);

  const samples = () => store.countSamples(Date.now());

  test('is what the stage says it is', () => {
    expect(store.kind).toBe(kind);
    expect(platform.outputs.HotStoreKind).toBe(kind);
  });

  test('answers samples, events and health of a device; a sample against its schema is a dead letter', async () => {
    const before = await platform.ledger.read();
    const time = Date.now() - 1_000;
    device.publish('telemetry', { time: time - 1, values: { temperature: 20, pressure: 4.5 } });
    device.publish('telemetry', { time, values: { temperature: 21.5, running: true, mode: 'auto' } });
    device.publish('telemetry', { time: time + 1, values: { temperature: 5_000 } });
    device.publish('event', { time, values: { door: 'open' } });
    await device.flush();
    await device.publishHealth({ time, battery: 99.5, signal: -70, memoryFree: 1_000_000, firmware: '1.0.0' });
    const [letter] = await platform.deadLetters(1);
    expect(letter?.rejections).toEqual([
      { reason: 'SCHEMA_VIOLATION', samples: [0], detail: 'temperature is 5000 °C, above 400 °C' },
    ]);
    const after = await eventually(
      'samples and health',
      async () => {
        const now = await platform.ledger.read();
        return now.telemetryRows === before.telemetryRows + 3 && now.healthMessages === before.healthMessages + 1;
      },
      30_000,
    );
    expect(after).toBe(true);
    const sample = await store.latestSample(thingName);
    expect(Date.parse(`${sample?.time.slice(0, 23).replace(' ', 'T')}Z`)).toBe(time);
    expect(sample?.values).toEqual({ temperature: '21.5', running: 'true', mode: 'auto' });
    const health = await store.latestHealth(thingName);
    expect(health?.values).toEqual({
      battery_permille: '995',
      signal_dbm: '-70',
      memory_free_bytes: '1000000',
      firmware: '1.0.0',
    });
    expect(await store.latestSample('nobody')).toBeUndefined();
    const { stdout } = await fleetwright('device', 'show', 'HOT-0001', '--json', ...here).result;
    expect(JSON.parse(stdout)).toMatchObject({ sample, health });
  }, 60_000);

  test('counts a sample once, however often it is delivered', async () => {
    const before = await samples();
    const payload = { version: 1, bootId: 77, sequence: 1, samples: [{ time: Date.now(), values: { rpm: 1400 } }] };
    const envelope: IngestEnvelope = {
      topic: `fleetwright-dev/north/pump-station/${thingName}/telemetry`,
      payload: Buffer.from(JSON.stringify(payload)).toString('base64'),
      clientId: thingName,
      principal: 'a'.repeat(64),
      receivedAt: Date.now(),
      traceId: 'none',
    };
    const queues = new SQSClient(platform.settings);
    const deliver = () =>
      queues.send(
        new SendMessageCommand({ QueueUrl: platform.outputs.IngestQueueUrl, MessageBody: JSON.stringify(envelope) }),
      );
    await deliver();
    await eventually('the sample', async () => (await samples()) === before + 1, 30_000);
    await deliver();
    if (kind === 'lake') {
      const copies = 'SELECT count(*) FROM telemetry WHERE boot_id = 77 AND rpm = 1400';
      await eventually('its copy', async () => (await store.query(copies)).rows[0]?.[0] === '2', 30_000);
    } else {
      await device.publish('telemetry', { time: Date.now(), values: { rpm: 1 } });
      await device.flush();
      await eventually('a later sample', async () => (await samples()) > before + 1, 30_000);
    }
    queues.destroy();
    expect(await samples()).toBe(before + (kind === 'lake' ? 1 : 2));
  }, 60_000);

  test('keeps every version of a twin, the newest first', async () => {
    const data = new IoTDataPlaneClient(platform.settings);
    const note = `it's "long" ${'x'.repeat(2_000)}`;
    for (const state of [{ desired: { sampleInterval: 100 } }, { reported: { sampleInterval: 100, note } }]) {
      const payload = Buffer.from(JSON.stringify({ state }));
      await data.send(new UpdateThingShadowCommand({ thingName, shadowName: 'config', payload }));
    }
    data.destroy();
    const versions = await eventually(
      'two versions',
      async () => {
        const found = await store.twinHistory(thingName, 'config', 10);
        return found.length === 2 && found;
      },
      30_000,
    );
    expect(versions).toMatchObject([
      { version: 2, deleted: false, desired: { sampleInterval: 100 }, reported: { sampleInterval: 100, note } },
      { version: 1, deleted: false, desired: { sampleInterval: 100 } },
    ]);
    expect(versions[0]?.time).toMatch(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/);
    expect(await store.twinHistory(thingName, 'config', 1)).toMatchObject([{ version: 2 }]);
    const { stdout } = await fleetwright('twin', 'history', 'HOT-0001', '--shadow', 'config', '--json', ...here).result;
    expect(
      stdout
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line)),
    ).toEqual(versions);
  }, 60_000);

  test('rolls up what came hours late, and again when more of it comes', async () => {
    const wanted = { rollup: '1h', measure: 'temperature', thingName, from: past, to: past + HOUR } as const;
    const minutes = { ...wanted, rollup: '1m' } as const;
    const madeBeforehand = async () => {
      if (kind === 'lake') return true;
      const table = `"${platform.outputs.DatabaseName}"."${platform.outputs.HourTableName}"`;
      const { rows } = await store.query(`SELECT count(*) FROM ${table} WHERE temperature_count > 0`);
      return Number(rows[0]?.[0]) > 0;
    };
    device.publish('telemetry', { time: past + 60_000, values: { temperature: 10 } });
    device.publish('telemetry', { time: past + 61_000, values: { temperature: 20 } });
    await device.flush();
    await eventually(
      'the hour',
      async () => (await madeBeforehand()) && (await store.rollup(wanted)).rows[0]?.[5] === '2',
      60_000,
    );
    const [hour] = (await store.rollup(wanted)).rows;
    expect(hour?.[0]?.slice(0, 19)).toBe(new Date(past).toISOString().slice(0, 19).replace('T', ' '));
    expect(hour?.slice(1).map(String)).toEqual([thingName, '10.0', '20.0', '15.0', '2']);

    device.publish('telemetry', { time: past + 3_000_000, values: { temperature: 30 } });
    await device.flush();
    await eventually('the hour again', async () => (await store.rollup(wanted)).rows[0]?.[5] === '3', 60_000);
    expect((await store.rollup(wanted)).rows[0]?.slice(2)).toEqual(['10.0', '30.0', '20.0', '3']);
    await eventually('both minutes', async () => (await store.rollup(minutes)).rows.length === 2, 60_000);
    expect((await store.rollup(minutes)).rows.map((row) => row[5])).toEqual(['2', '1']);
    await expect(store.rollup({ ...wanted, measure: 'no_such_measure' })).rejects.toThrow();
  }, 150_000);

  test('lets its lake be asked', async () => {
    const query = 'SELECT count(*) AS samples FROM telemetry';
    await eventually(
      'rows in the lake',
      async () => {
        const { stdout } = await fleetwright('query', '--lake', '--json', ...here, query).result;
        return Number(JSON.parse(stdout || '{}').samples) >= 3;
      },
      60_000,
    );
  }, 90_000);
});
