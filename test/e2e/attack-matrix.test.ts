import { CreateJobCommand, IoTClient } from '@aws-sdk/client-iot';
import {
  GetThingShadowCommand,
  IoTDataPlaneClient,
  ListNamedShadowsForThingCommand,
  ListRetainedMessagesCommand,
  PublishCommand,
  UpdateThingShadowCommand,
} from '@aws-sdk/client-iot-data-plane';
import { channelTopic, type DeviceAddress, type PlatformNames, platformNames } from '@fleetwright/contracts';
import type { MqttClient } from 'mqtt';
import type { Device } from '../../device-client/src/index.ts';
import { type Attack, attackMatrix, topicsOf } from '../support/attack-matrix.ts';
import { eventually } from '../support/eventually.ts';
import { startTestPlatform, type TestPlatform } from '../support/platform.ts';
import { connectRaw } from '../support/raw-device.ts';

// Every device of the platform, with the policy that the platform deploys, against every other one.

const SERIAL_NUMBERS = ['MATRIX-0001', 'MATRIX-0002', 'MATRIX-0003'];
const NOT_AUTHORIZED = 0x87;
/** Would change a shadow, if it got to one. */
const MARK = JSON.stringify({ state: { desired: { attack: true } } });

let platform: TestPlatform;
let data: IoTDataPlaneClient;
let iot: IoTClient;
let names: PlatformNames;
const devices = new Map<string, Device>();

beforeAll(async () => {
  platform = await startTestPlatform();
  data = new IoTDataPlaneClient(platform.settings);
  iot = new IoTClient(platform.settings);
  for (const serialNumber of SERIAL_NUMBERS) {
    const device = platform.device(serialNumber);
    await device.start();
    await device.stop();
    devices.set(serialNumber, device);
  }
  const root = addressOf(SERIAL_NUMBERS[0] as string).topicRoot;
  names = platformNames(root.slice(0, root.lastIndexOf('-')), root.slice(root.lastIndexOf('-') + 1));
}, 120_000);
afterAll(async () => {
  data?.destroy();
  iot?.destroy();
  await platform?.stop();
});

function deviceOf(serialNumber: string): Device {
  const device = devices.get(serialNumber);
  if (device === undefined) throw new Error(`no device ${serialNumber}`);
  return device;
}

function addressOf(serialNumber: string): DeviceAddress {
  const { configuration, thingName } = deviceOf(serialNumber).identity;
  return { ...configuration, thingName };
}

function connect(serialNumber: string, options: object = {}): Promise<MqttClient> {
  const { identity } = deviceOf(serialNumber);
  return connectRaw(platform.description, identity, identity.thingName, options);
}

/** Which of the filters are granted. */
async function granted(client: MqttClient, filters: readonly string[]): Promise<string[]> {
  const taken: string[] = [];
  for (const filter of filters) {
    const grants = await client.subscribeAsync(filter, { qos: 1 }).catch(() => []);
    if (grants.some(({ qos }) => qos < 0x80)) taken.push(filter);
  }
  return taken;
}

/** Makes messages on the topics of a device, as its services and applications would. */
async function traffic({ victim, surface }: Attack<string>): Promise<void> {
  const address = addressOf(victim);
  const { thingName } = address;
  if (surface === 'shadow') {
    const payload = Buffer.from(JSON.stringify({ state: { desired: { [Math.random()]: 1 } } }));
    for (const shadowName of [undefined, 'config']) {
      await data.send(new UpdateThingShadowCommand({ thingName, shadowName, payload }));
    }
  } else if (surface === 'jobs') {
    const target = `arn:aws:iot:${platform.settings.region}:${platform.description.accountId}:thing/${thingName}`;
    const jobId = `job-${Math.random().toString(36).slice(2)}`;
    await iot.send(new CreateJobCommand({ jobId, targets: [target], document: '{}' })).catch(onlyNotBuilt);
  } else {
    const { answers } = topicsOf('ordinary topics', address, names);
    for (const topic of answers) await data.send(new PublishCommand({ topic, payload: Buffer.from('{}') }));
  }
}

function onlyNotBuilt(error: unknown): void {
  if ((error as { name?: unknown }).name !== 'NotImplemented') throw error;
}

const ATTEMPTS: Readonly<Record<Attack<string>['way'], (attack: Attack<string>) => Promise<void>>> = {
  async publish({ attacker, victim, surface }) {
    const client = await connect(attacker);
    const { requests, answers } = topicsOf(surface, addressOf(victim), names);
    for (const topic of [...requests, ...answers]) {
      const refusal = await client.publishAsync(topic, MARK, { qos: 1 }).catch((error: unknown) => error);
      expect([topic, refusal]).toEqual([topic, expect.objectContaining({ code: NOT_AUTHORIZED })]);
    }
    client.end(true);
  },

  async subscribe({ attacker, victim, surface }) {
    const client = await connect(attacker);
    expect(await granted(client, topicsOf(surface, addressOf(victim), names).filters)).toEqual([]);
    client.end(true);
  },

  async receive(attack) {
    const { attacker, victim, surface } = attack;
    const client = await connect(attacker);
    const heard: string[] = [];
    client.on('message', (topic) => heard.push(topic));
    // With all that it is granted, its own topics among them.
    for (const owner of [attacker, victim]) await granted(client, topicsOf(surface, addressOf(owner), names).filters);
    await granted(client, [channelTopic(addressOf(attacker), 'event').replace(/event$/, '#')]);
    await traffic(attack);
    const control = channelTopic(addressOf(attacker), 'health').replace(/health$/, 'command');
    await data.send(new PublishCommand({ topic: control, qos: 1, payload: Buffer.from('{}') }));
    await eventually('its own message', async () => heard.includes(control));
    expect(heard.filter((topic) => topic.includes(addressOf(victim).thingName))).toEqual([]);
    client.end(true);
  },

  async will({ attacker, victim, surface }) {
    const { requests, answers } = topicsOf(surface, addressOf(victim), names);
    for (const topic of [...requests, ...answers]) {
      const will = { topic, payload: Buffer.from(MARK), qos: 1 as const, retain: false };
      await expect(connect(attacker, { will })).rejects.toThrow();
    }
  },

  async retained({ attacker, victim, surface }) {
    const client = await connect(attacker);
    const { answers, requests } = topicsOf(surface, addressOf(victim), names);
    for (const topic of [...requests, ...answers]) {
      const refusal = await client.publishAsync(topic, MARK, { qos: 1, retain: true }).catch((error: unknown) => error);
      expect([topic, refusal]).toEqual([topic, expect.objectContaining({ code: NOT_AUTHORIZED })]);
    }
    client.end(true);
    const { retainedTopics = [] } = await data.send(new ListRetainedMessagesCommand({}));
    expect(retainedTopics).toEqual([]);
  },
};

test('a device may publish to its own topics, leave a last will there and receive its own messages', async () => {
  const [own] = SERIAL_NUMBERS as [string];
  const will = { topic: channelTopic(addressOf(own), 'event'), payload: Buffer.from('{}'), qos: 1, retain: false };
  const client = await connect(own, { will });
  const received: string[] = [];
  client.on('message', (topic) => received.push(topic));
  const filter = channelTopic(addressOf(own), 'event').replace(/event$/, '#');
  expect(await granted(client, [filter])).toEqual([filter]);
  await client.publishAsync(channelTopic(addressOf(own), 'event'), MARK, { qos: 1 });
  await eventually('its own event', async () => received.length > 0);
  client.end(true);
});

test.each(attackMatrix(SERIAL_NUMBERS))('$attacker gets nowhere by $way at $surface of $victim', async (attack) => {
  await ATTEMPTS[attack.way](attack);
});

test('a retained message of a device does not come to another that asks for its topic', async () => {
  const [attacker, victim] = SERIAL_NUMBERS as [string, string];
  const topic = channelTopic(addressOf(victim), 'event').replace(/event$/, 'command');
  await data.send(new PublishCommand({ topic, payload: Buffer.from('secret'), retain: true }));
  const client = await connect(attacker);
  const heard: string[] = [];
  client.on('message', (name) => heard.push(name));
  expect(await granted(client, [topic])).toEqual([]);
  await new Promise((resolve) => setTimeout(resolve, 500));
  expect(heard).toEqual([]);
  client.end(true);
  await data.send(new PublishCommand({ topic, retain: true }));
});

test('none of it left a trace in a shadow', async () => {
  for (const serialNumber of SERIAL_NUMBERS) {
    const { thingName } = addressOf(serialNumber);
    const { results } = await data.send(new ListNamedShadowsForThingCommand({ thingName }));
    // `config` was made by the traffic of the applications, `presence` by the platform.
    expect(results?.filter((name) => name !== 'presence')).toEqual(['config']);
    for (const shadowName of [undefined, 'config', 'presence']) {
      const { payload } = await data.send(new GetThingShadowCommand({ thingName, shadowName }));
      expect(Buffer.from(payload ?? []).toString()).not.toContain('attack');
    }
  }
});
