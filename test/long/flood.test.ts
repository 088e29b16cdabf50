import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { channelTopic } from '@fleetwright/contracts';
import type { MqttClient } from 'mqtt';
import type { Device } from '../../device-client/src/index.ts';
import { configuredAssembly } from '../support/configured-assembly.ts';
import { eventually } from '../support/eventually.ts';
import { startTestPlatform, type TestPlatform, temporaryDirectory } from '../support/platform.ts';
import { connectRaw } from '../support/raw-device.ts';

/** Cloud-side metrics are judged when their five minutes are over, on the wall clock as on AWS. */
const WINDOW = 300_000;
/** More than twice a limit, so that one of the two windows that it may fall into is violated. */
const MESSAGES = 450;
const FAILURES = 10;

let directory: string;
let platform: TestPlatform;

beforeAll(async () => {
  directory = temporaryDirectory();
  const assembly = configuredAssembly(join(directory, 'cdk.out'), {
    // What no other run has on, to see it deployed.
    observability: { monthlyBudget: 100 },
    alarms: { emails: ['operator@example.com'] },
    security: {
      audit: { ownAccountSettings: true, frequency: 'WEEKLY' },
      logging: { ownAccountSettings: true, level: 'WARN' },
      detect: {
        customMetrics: [{ name: 'open-doors', above: 2 }],
        sourceIpRanges: ['127.0.0.0/8', '::1/128'],
        messagesSent: 200,
        authorizationFailures: 3,
        connectionAttempts: null,
        disconnects: null,
      },
      quarantine: { automatic: true, behaviors: ['messages-sent', 'authorization-failures'] },
    },
  });
  platform = await startTestPlatform({ directory, assembly });
}, 120_000);
afterAll(async () => {
  await platform?.stop();
  rmSync(directory, { recursive: true, force: true });
});

function connect(device: Device): Promise<MqttClient> {
  return connectRaw(platform.description, device.identity, device.identity.thingName);
}

function eventTopic(device: Device, thingName = device.identity.thingName): string {
  return channelTopic({ ...device.identity.configuration, thingName }, 'event');
}

function message(sequence: number): string {
  const samples = [{ time: Date.now(), values: { v: sequence } }];
  return JSON.stringify({ version: 1, bootId: 9, sequence, samples });
}

async function provisioned(serialNumber: string): Promise<Device> {
  const device = platform.device(serialNumber);
  await device.start();
  await device.stop();
  return device;
}

async function canPublish(device: Device): Promise<boolean> {
  let client: MqttClient | undefined;
  try {
    client = await connect(device);
    await client.publishAsync(eventTopic(device), message(10_000), { qos: 1 });
    return true;
  } catch {
    return false;
  } finally {
    client?.end(true);
  }
}

test(
  'a device that floods, and one that keeps trying what it may not, are cut off; one that behaves is not',
  async () => {
    const [flooding, prying, good] = await Promise.all(['FLOOD-0001', 'PRY-0001', 'GOOD-0001'].map(provisioned));
    const flood = await connect(flooding as Device);
    const quiet = await connect(good as Device);
    for (let sequence = 1; sequence <= MESSAGES; sequence++) {
      await flood.publishAsync(eventTopic(flooding as Device), message(sequence), { qos: 1 });
      // AWS IoT refuses more than 100 publishes a second of one connection, and refused ones are not counted.
      await new Promise((resolve) => setTimeout(resolve, 11));
    }
    const pry = await connect(prying as Device);
    for (let attempt = 0; attempt < FAILURES; attempt++) {
      const foreign = eventTopic(prying as Device, good?.identity.thingName);
      await expect(pry.publishAsync(foreign, message(1), { qos: 1 })).rejects.toThrow();
    }
    await quiet.publishAsync(eventTopic(good as Device), message(1), { qos: 1 });
    await eventually('both devices to be cut off', async () => !flood.connected && !pry.connected, WINDOW + 30_000);
    for (const device of [flooding, prying] as Device[]) {
      await eventually('the policy to take effect', async () => !(await canPublish(device)));
      expect(await canPublish(device)).toBe(false);
    }
    expect(quiet.connected).toBe(true);
    quiet.end(true);
    expect(await canPublish(good as Device)).toBe(true);
  },
  WINDOW + 120_000,
);
