import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import {
  type DeviceIdentity,
  issueDeviceIdentity,
  testServerIdentity,
} from '../../local-cloud/src/broker/testing/device-identities.ts';
import { RawClient } from '../../local-cloud/src/broker/testing/raw-client.ts';

const PROGRAM = fileURLToPath(new URL('../../local-cloud/src/broker/testing/broker-process.ts', import.meta.url));
/** Kills of one run; a longer run sets it higher. */
const KILLS = Number(process.env.BROKER_KILLS ?? 3);

let directory: string;
let ca: string;
let device: DeviceIdentity;
let broker: ChildProcess;
let port: number;

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'fleetwright-broker-'));
  const { server } = await testServerIdentity();
  device = await issueDeviceIdentity('device');
  ca = server.caCertificatePem;
  const setting = { identity: server, certificateIds: [device.certificateId] };
  writeFileSync(join(directory, 'broker.json'), JSON.stringify(setting), { mode: 0o600 });
});
afterAll(() => {
  broker.kill('SIGKILL');
  rmSync(directory, { recursive: true, force: true });
});

async function startBroker(): Promise<void> {
  broker = spawn(process.execPath, ['--import', 'tsx', PROGRAM, directory], { stdio: ['ignore', 'pipe', 'inherit'] });
  const lines = createInterface({ input: broker.stdout as NodeJS.ReadableStream });
  const [line] = (await once(lines, 'line')) as [string];
  port = (JSON.parse(line) as { port: number }).port;
}

async function killBroker(): Promise<void> {
  broker.kill('SIGKILL');
  await once(broker, 'exit');
}

async function connect(clientId: string, clean: boolean): Promise<RawClient> {
  const client = await RawClient.open({ port, ca, cert: device.certificatePem, key: device.privateKeyPem });
  await client.connect(clientId, { clean });
  return client;
}

/** Publishes until `enough` are acknowledged, kills the broker then, and returns what was acknowledged before. */
async function publishUntilKilled(round: number, enough: number): Promise<string[]> {
  const publisher = await connect('publisher', true);
  const payloads = new Map<number, string>();
  let next = 1;
  const send = (): void => {
    const payload = `${round}:${next}`;
    payloads.set(next, payload);
    publisher.publish('t', payload, next, undefined, false);
    next++;
  };
  const acknowledged: string[] = [];
  for (let window = 0; window < 50; window++) send();
  while (acknowledged.length < enough) {
    const { messageId } = await publisher.next('puback');
    acknowledged.push(payloads.get(messageId as number) as string);
    send();
  }
  publisher.publish('kept', `retained in round ${round}`, 60_000, undefined, true);
  for (;;) {
    const { messageId } = await publisher.next('puback');
    if (messageId === 60_000) break;
    acknowledged.push(payloads.get(messageId as number) as string);
  }
  await killBroker();
  return acknowledged;
}

test(
  `no acknowledged message of an absent client and no retained one is lost in ${KILLS} kills`,
  async () => {
    await startBroker();
    const first = await connect('subscriber', false);
    await first.subscribe(1, 't');
    first.close();
    for (let round = 1; round <= KILLS; round++) {
      const acknowledged = await publishUntilKilled(round, 150);
      await startBroker();
      const subscriber = await connect('subscriber', false);
      const received = new Set<string>();
      while (!acknowledged.every((payload) => received.has(payload))) {
        const { messageId, payload } = await subscriber.next('publish');
        received.add(String(payload));
        subscriber.send({ cmd: 'puback', messageId: messageId as number });
      }
      const reader = await connect('reader', true);
      await reader.subscribe(1, 'kept');
      expect(String((await reader.next('publish')).payload)).toBe(`retained in round ${round}`);
      subscriber.close();
      reader.close();
    }
  },
  60_000 + KILLS * 20_000,
);
