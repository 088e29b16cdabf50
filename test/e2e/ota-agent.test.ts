import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { signedKeySetSchema, type TrustedKeySet, trustedKeySetSchema } from '@fleetwright/contracts';
import { editedAssembly, synthesizedAssembly } from '../support/assembly.ts';
import { endCommands, fleetwright } from '../support/command.ts';
import { startTestPlatform, type TestPlatform, temporaryDirectory } from '../support/platform.ts';
import { firmwareImage, type UpdateDevice, UpdateDevices } from '../support/update-devices.ts';

const HARDWARE = 'rev-b';
const FAST = ['--hardware', HARDWARE, '--soak', '1s', '--retries', '0', '--waves', '100'];
const factory = firmwareImage('1.0.0', 'works');

let platform: TestPlatform;
let devices: UpdateDevices;
let trustedKeys: TrustedKeySet;
const fleet: UpdateDevice[] = [];

const ota = (...args: string[]) => fleetwright('ota', ...args, '--data-dir', join(platform.directory, 'data')).result;

async function publish(version: string, image: Buffer, ...args: string[]): Promise<{ id: string; said: string }> {
  const file = join(platform.directory, `${version}.bin`);
  writeFileSync(file, image);
  const { exitCode, stderr, stdout } = await ota('publish', version, file, ...FAST, ...args);
  expect([exitCode, stderr]).toEqual([0, expect.stringContaining(`released ${version}`)]);
  return { id: stdout.trim(), said: stderr };
}

async function ended(campaignId: string) {
  await ota('status', campaignId, '--wait');
  return JSON.parse((await ota('status', campaignId, '--json')).stdout);
}

beforeAll(async () => {
  const directory = temporaryDirectory();
  const assembly = editedAssembly(await synthesizedAssembly(directory), 'hurried', 'ota', ({ Resources }) => {
    for (const { Properties, Type } of Object.values(Resources)) {
      if (Type !== 'AWS::Lambda::Function') continue;
      const { Variables } = Properties.Environment as { Variables: Record<string, unknown> };
      if ('POLL_SECONDS' in Variables) Variables.POLL_SECONDS = '1';
    }
  });
  platform = await startTestPlatform({ directory, assembly });
  devices = await UpdateDevices.create(platform);
  const root = join(directory, 'root.pem');
  const keySet = join(directory, 'keys.json');
  await fleetwright('ota', 'keys', 'root', '--out', root).result;
  const made = await ota('keys', 'set', '--root', root, '--out', keySet, '--publish');
  expect(made.exitCode).toBe(0);
  const signed = signedKeySetSchema.parse(JSON.parse(readFileSync(keySet, 'utf8')));
  trustedKeys = trustedKeySetSchema.parse(JSON.parse(Buffer.from(signed.keySet, 'base64').toString('utf8')));
  for (const serial of ['AGT-0001', 'AGT-0002']) {
    fleet.push(await devices.start(serial, '1.0.0', factory, 'http', trustedKeys));
  }
}, 240_000);

afterAll(async () => {
  await endCommands();
  await devices?.stop();
  await platform?.stop();
}, 60_000);

test('real agents take a release by delta, run it, prove it, and the campaign succeeds', async () => {
  await publish('1.0.0', factory, '--no-campaign');
  const next = Buffer.concat([firmwareImage('1.1.0', 'works').subarray(0, 400), factory.subarray(400)]);
  const { id, said } = await publish('1.1.0', next, '--from', '1.0.0');
  expect(said).toMatch(/delta from 1\.0\.0: \d+ bytes/);
  const campaign = await ended(id);
  expect([campaign.status, campaign.reason, campaign.devices]).toEqual([
    'succeeded',
    undefined,
    fleet.map(({ thingName }) => expect.objectContaining({ thingName, proof: 'valid', firmware: '1.1.0', slot: 'b' })),
  ]);
  for (const device of fleet) expect(device.boots()).toEqual(['1.0.0 a', '1.1.0 b']);
}, 240_000);

test('firmware that fails its self-test ends with the canary, which runs what it ran before', async () => {
  const { id } = await publish('1.2.0', firmwareImage('1.2.0', 'fails'));
  const campaign = await ended(id);
  expect(campaign).toMatchObject({ status: 'stopped', reason: 'ABORT_THRESHOLD' });
  const failed = campaign.devices.filter(({ outcome }: { outcome: string }) => outcome === 'failed');
  expect(failed).toEqual([
    expect.objectContaining({ reason: 'SELF_TEST_FAILED', firmware: '1.1.0', proof: 'valid', wave: 0 }),
  ]);
  const tried = fleet.filter((device) => device.boots().some((boot) => boot.startsWith('1.2.0')));
  expect(tried.map(({ thingName }) => thingName)).toEqual([failed[0].thingName]);
  expect(tried[0]?.boots().at(-1)).toBe('1.1.0 b');
}, 240_000);
