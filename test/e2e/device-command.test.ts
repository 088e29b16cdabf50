import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import {
  type CommandOutcome,
  type CommandRequest,
  commandRequestSchema,
  commandTopic,
  type DeviceAddress,
  outcomeTopic,
} from '@fleetwright/contracts';
import type { MqttClient } from 'mqtt';
import type { Device } from '../../device-client/src/index.ts';
import { endCommands, fleetwright } from '../support/command.ts';
import { eventually } from '../support/eventually.ts';
import { startTestPlatform, type TestPlatform } from '../support/platform.ts';
import { connectRaw } from '../support/raw-device.ts';

// A device of MQTT.js that takes commands as the contract says, and what an operator sees of it.

let platform: TestPlatform;
let device: Device;
let client: MqttClient;
let address: DeviceAddress;
/** What the device does with a request: its answers, in order. */
let behave: (request: CommandRequest) => readonly Partial<CommandOutcome>[];
const requests: CommandRequest[] = [];

beforeAll(async () => {
  platform = await startTestPlatform();
  device = platform.device('COMMAND-0001');
  await device.start();
  await device.stop();
  const { configuration, thingName } = device.identity;
  address = { ...configuration, thingName };
  client = await connectRaw(platform.description, device.identity, thingName);
  client.on('message', (_topic, payload) => {
    const request = commandRequestSchema.parse(JSON.parse(payload.toString()));
    requests.push(request);
    const { commandId, nonce } = request;
    void (async () => {
      for (const answer of behave(request)) {
        const outcome = { version: 1, commandId, nonce, status: 'done', ...answer };
        await client.publishAsync(outcomeTopic(address), JSON.stringify(outcome), { qos: 1 });
      }
    })();
  });
  await client.subscribeAsync(commandTopic(address), { qos: 1 });
}, 120_000);
afterAll(async () => {
  client?.end(true);
  await endCommands();
  await platform?.stop();
});

function send(...args: string[]) {
  return fleetwright(
    'command',
    'send',
    'COMMAND-0001',
    ...args,
    '--json',
    '--data-dir',
    join(platform.directory, 'data'),
  ).result;
}

const outcomeOf = ({ stdout }: { stdout: string }) => JSON.parse(stdout.trim().split('\n').at(-1) as string);

test('a command reaches its device with nonce, time and deadline, and its outcome the operator', async () => {
  behave = () => [{ status: 'accepted' }, { status: 'done', detail: 'restarted' }];
  const result = await send('restart', '--parameters', '{"after":3}', '--deadline', '30');
  expect(result).toMatchObject({ exitCode: 0 });
  const request = requests.at(-1) as CommandRequest;
  expect(request).toMatchObject({ name: 'restart', parameters: { after: 3 } });
  expect(request.expiresAt - request.issuedAt).toBe(30_000);
  expect(outcomeOf(result)).toMatchObject({ commandId: request.commandId, status: 'done', detail: 'restarted' });
}, 60_000);

test('a command that fails says why and ends the command line with 1', async () => {
  behave = () => [{ status: 'failed', detail: 'no power' }];
  const result = await send('restart');
  expect(result.exitCode).toBe(1);
  expect(outcomeOf(result)).toMatchObject({ status: 'failed', detail: 'no power' });
}, 60_000);

test('a command that nobody answers, or only without its nonce, expires', async () => {
  behave = () => [
    { nonce: randomBytes(16).toString('hex') },
    { commandId: '0'.repeat(32) },
    { detail: 'x'.repeat(9_000) },
  ];
  const result = await send('restart', '--deadline', '2');
  expect(result.exitCode).toBe(1);
  expect(outcomeOf(result)).toMatchObject({ status: 'expired' });
}, 60_000);

test('a command to no device, and one that is malformed, are refused with what is wrong', async () => {
  const directory = join(platform.directory, 'data');
  const unknown = await fleetwright('command', 'send', 'COMMAND-9999', 'restart', '--data-dir', directory).result;
  expect(unknown).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('COMMAND-9999') });
  const malformed = await send('Restart!');
  expect(malformed).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('lower-case') });
}, 60_000);

test('an operator sets, reads and traces a twin', async () => {
  const directory = ['--data-dir', join(platform.directory, 'data')];
  const run = (...args: string[]) => fleetwright('twin', ...args, ...directory).result;
  const set = await run('set', 'COMMAND-0001', '{"sampleInterval":500}', '--shadow', 'config');
  expect(set).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('version 1') });
  const wrong = await run('set', 'COMMAND-0001', '{"sampleInterval":"fast"}', '--shadow', 'config');
  expect(wrong).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('sampleInterval') });
  const stale = await run('set', 'COMMAND-0001', '{"sampleInterval":5000}', '--shadow', 'config', '--if-version', '7');
  expect(stale).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('another version') });
  const got = await run('get', 'COMMAND-0001', '--shadow', 'config');
  expect(JSON.parse(got.stdout).state).toEqual({ desired: { sampleInterval: 500 }, delta: { sampleInterval: 500 } });
  const history = await eventually('the history', async () => {
    const told = await run('history', 'COMMAND-0001', '--shadow', 'config', '--json');
    return told.stdout.includes('"version":1') && told;
  });
  expect(
    history.stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line)),
  ).toMatchObject([{ version: 1, deleted: false, desired: { sampleInterval: 500 } }]);
}, 90_000);
