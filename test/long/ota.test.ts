import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { decode } from '@ably/vcdiff-decoder';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { AddThingToThingGroupCommand, CreateThingGroupCommand, IoTClient } from '@aws-sdk/client-iot';
import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { GetQueueAttributesCommand, SQSClient } from '@aws-sdk/client-sqs';
import {
  type CampaignRecord,
  type DeviceUpdate,
  deltaFile,
  firmwareManifestSchema,
  IMAGE_FILE,
  MANIFEST_FILE,
  releaseKey,
  uploadKey,
} from '@fleetwright/contracts';
import { canonicalJson } from '../../cli/ota/canonical-json.ts';
import { describePayload } from '../../cli/ota/describe-payload.ts';
import { FirmwareTables } from '../../cli/ota/firmware-tables.ts';
import { editedAssembly, synthesizedAssembly } from '../support/assembly.ts';
import { endCommands, fleetwright } from '../support/command.ts';
import { eventually } from '../support/eventually.ts';
import { startTestPlatform, type TestPlatform, temporaryDirectory } from '../support/platform.ts';
import { BROKEN, UpdateDevice } from '../support/update-device.ts';

const IMAGE_BYTES = 200_000;

let platform: TestPlatform;
let outputs: Record<string, string>;
let tables: FirmwareTables;
let dynamo: DynamoDBClient;
let s3: S3Client;
const devices = new Map<string, UpdateDevice>();

function imageOf(version: string, beginning = 'GOOD'): Buffer {
  const image = Buffer.alloc(IMAGE_BYTES);
  for (let at = 0; at < image.length; at += 4) image.writeUInt32LE(Math.imul(at, 2_654_435_761) >>> 0, at);
  image.write(`${beginning} ${version}`);
  return image;
}

async function ota(...args: string[]): Promise<{ exitCode: number | null; stdout: string; stderr: string }> {
  return fleetwright('ota', ...args, '--data-dir', join(platform.directory, 'data')).result;
}

async function publish(version: string, image: Buffer, ...args: string[]): Promise<string> {
  const file = join(platform.directory, `${version}.bin`);
  writeFileSync(file, image);
  const { exitCode, stderr, stdout } = await ota('publish', version, file, '--hardware', 'rev-a', ...args);
  expect([exitCode, stderr]).toEqual([0, expect.stringContaining(`released ${version}`)]);
  return stdout.trim();
}

async function statusOf(campaignId: string): Promise<CampaignRecord & { devices: DeviceUpdate[] }> {
  const { stdout } = await ota('status', campaignId, '--json');
  return JSON.parse(stdout);
}

const FAST = ['--soak', '1s', '--retries', '0', '--canary-at-least', '1', '--canary-percent', '1', '--waves', '100'];

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
  const stack = platform.description.stacks.find(({ stackName }) => stackName.endsWith('-ota'));
  outputs = { ...stack?.outputs };
  dynamo = new DynamoDBClient(platform.settings);
  s3 = new S3Client({ ...platform.settings, forcePathStyle: true });
  tables = new FirmwareTables(dynamo, outputs as never);
  for (const [serial, hardwareRevision] of [
    ['OTA-0001', 'rev-a'],
    ['OTA-0002', 'rev-a'],
    ['OTA-0003', 'rev-a'],
    ['OTA-0004', 'rev-b'],
  ] as const) {
    const device = platform.device(serial);
    await device.start();
    await device.stop();
    const updating = new UpdateDevice(device, platform.description, { firmware: '1.0.0', hardwareRevision });
    await updating.connect();
    devices.set(serial, updating);
  }
}, 180_000);

afterAll(async () => {
  await endCommands();
  for (const device of devices.values()) device.end();
  dynamo?.destroy();
  s3?.destroy();
  await platform?.stop();
});

test('a root key vouches for the key that the stage signs with', async () => {
  const root = join(platform.directory, 'root.pem');
  expect((await fleetwright('ota', 'keys', 'root', '--out', root).result).exitCode).toBe(0);
  const again = await fleetwright('ota', 'keys', 'root', '--out', root).result;
  expect(again.exitCode).toBe(1);
  const out = join(platform.directory, 'keys.json');
  const made = await ota('keys', 'set', '--root', root, '--out', out, '--publish');
  expect([made.exitCode, made.stderr]).toEqual([0, expect.stringContaining('published')]);
  expect(await tables.keySet()).toEqual(JSON.parse(readFileSync(out, 'utf8')));
}, 60_000);

test('good firmware goes to the canary first, then to all that it is for, each with a proof', async () => {
  const campaignId = await publish('1.1.0', imageOf('1.1.0'), ...FAST);
  const waited = await ota('status', campaignId, '--wait');
  const campaign = await statusOf(campaignId);
  expect([waited.exitCode, campaign.status, campaign.waves.map(({ size, phase }) => [size, phase])]).toEqual([
    0,
    'succeeded',
    [
      [1, 'passed'],
      [2, 'passed'],
    ],
  ]);
  const updated = campaign.devices.filter(({ outcome }) => outcome === 'succeeded');
  expect(updated.map(({ proof, firmware }) => [proof, firmware])).toEqual(Array(3).fill(['valid', '1.1.0']));
  expect(campaign.devices.find(({ outcome }) => outcome === 'excluded')).toMatchObject({ reason: 'WRONG_HARDWARE' });
  expect(devices.get('OTA-0004')?.updates).toEqual([]);
  // The canary was done, soak and all, before anybody else was asked.
  const issued = [...devices.values()].flatMap((device) => device.updates.map(({ issuedAt }) => issuedAt)).sort();
  expect((issued[1] as number) - (issued[0] as number)).toBeGreaterThanOrEqual(1_000);
}, 240_000);

test('bad firmware is stopped at the canary by the abort threshold, and nobody else gets it', async () => {
  const campaignId = await publish('1.2.0', imageOf('1.2.0', BROKEN), '--from', '1.1.0', ...FAST);
  const waited = await ota('status', campaignId, '--wait');
  expect(waited.exitCode).toBe(1);
  const campaign = await statusOf(campaignId);
  expect(campaign).toMatchObject({ status: 'stopped', reason: 'ABORT_THRESHOLD' });
  expect(campaign.devices.filter(({ outcome }) => outcome === 'failed')).toEqual([
    expect.objectContaining({ reason: 'SELF_TEST_FAILED', wave: 0, proof: 'valid', firmware: '1.1.0' }),
  ]);
  expect(campaign.devices.filter(({ outcome }) => outcome === 'waiting')).toHaveLength(2);
  const asked = [...devices.values()].filter(({ updates }) =>
    updates.some(({ firmwareVersion }) => firmwareVersion === '1.2.0'),
  );
  expect(asked).toHaveLength(1);
  expect([...devices.values()].map(({ firmware }) => firmware)).toEqual(['1.1.0', '1.1.0', '1.1.0', '1.0.0']);
}, 240_000);

test('the delta of a release makes its image of the one it begins at', async () => {
  const get = async (version: string, file: string) => {
    const release = await tables.release(version);
    const Key = releaseKey(version, release?.manifestSha256 as string, file);
    const { GetObjectCommand } = await import('@aws-sdk/client-s3');
    const { Body } = await s3.send(new GetObjectCommand({ Bucket: outputs.FirmwareBucketName, Key }));
    return Buffer.from((await Body?.transformToByteArray()) ?? []);
  };
  const delta = await get('1.2.0', deltaFile('1.1.0'));
  expect(Buffer.from(decode(delta, await get('1.1.0', IMAGE_FILE)))).toEqual(await get('1.2.0', IMAGE_FILE));
  expect(delta.length).toBeLessThan(IMAGE_BYTES / 100);
  const manifest = await get('1.2.0', MANIFEST_FILE);
  expect(canonicalJson(firmwareManifestSchema.parse(JSON.parse(manifest.toString())))).toEqual(manifest);
});

test('a campaign is paused, resumed and aborted, and says of each device what became of it', async () => {
  const iot = new IoTClient(platform.settings);
  const friend = devices.get('OTA-0002') as UpdateDevice;
  await iot.send(new CreateThingGroupCommand({ thingGroupName: 'friends' }));
  await iot.send(new AddThingToThingGroupCommand({ thingGroupName: 'friends', thingName: friend.thingName }));
  iot.destroy();
  let letGo = (): void => {};
  friend.held = new Promise((resolve) => {
    letGo = resolve;
  });
  const campaignId = await publish('1.3.0', imageOf('1.3.0'), ...FAST, '--canary-group', 'friends', '--soak', '1h');
  const asked = async () => friend.updates.some(({ firmwareVersion }) => firmwareVersion === '1.3.0');
  await eventually('the canary of the group is asked', asked, 90_000);
  const wave = async () => (await tables.campaign(campaignId))?.waves[0];
  expect((await ota('pause', campaignId)).stderr).toContain('is paused');
  letGo();
  // Whoever has begun ends, and is seen to, while the campaign stands still.
  await eventually('the canary ends', async () => (await wave())?.counts.succeeded === 1, 90_000);
  expect((await wave())?.phase).toBe('closing');
  expect((await ota('resume', campaignId)).stderr).toContain('is running');
  await eventually('the canary soaks', async () => (await wave())?.phase === 'soaking', 90_000);
  expect((await ota('abort', campaignId)).stderr).toContain('is aborted');
  const again = await ota('resume', campaignId);
  expect([again.exitCode, again.stderr]).toEqual([1, expect.stringContaining('is aborted')]);
  const canary = (await tables.devices(campaignId)).find(({ wave }) => wave === 0);
  const { stdout } = await ota('history', canary?.thingName as string, '--json');
  const history: DeviceUpdate[] = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  expect(history[0]).toMatchObject({ campaignId, version: '1.3.0', outcome: 'succeeded', proof: 'valid' });
  expect(history.at(-1)).toMatchObject({ version: '1.1.0', outcome: 'succeeded' });
}, 240_000);

test('a success with a proof of something else is a failure', async () => {
  for (const device of devices.values()) device.forgesProofs = true;
  const campaignId = await publish('1.4.0', imageOf('1.4.0'), ...FAST);
  await ota('status', campaignId, '--wait');
  const campaign = await statusOf(campaignId);
  expect(campaign).toMatchObject({ status: 'stopped', reason: 'ABORT_THRESHOLD' });
  expect(campaign.devices.filter(({ outcome }) => outcome === 'failed')).toEqual([
    expect.objectContaining({ reason: 'PROOF_INVALID' }),
  ]);
  for (const device of devices.values()) device.forgesProofs = false;
}, 240_000);

test.each([
  ['an image that is not the manifest’s', 'DIGEST_MISMATCH', { flip: true }],
  ['a version that is taken', 'VERSION_TAKEN', { version: '1.1.0' }],
  ['a device type of another stage', 'UNKNOWN_DEVICE_TYPE', { deviceTypes: ['toaster'] }],
  ['bytes that are not canonical', 'NOT_CANONICAL', { pretty: true }],
])(
  '%s is refused, and nothing is signed',
  async (_what, code, { flip, pretty, ...over }: Record<string, unknown>) => {
    const image = imageOf('9.0.0');
    const now = Date.now();
    const manifest = {
      format: 1,
      version: '9.0.0',
      minimumVersion: '0.0.0',
      deviceTypes: ['pump-station'],
      hardwareRevisions: ['rev-a'],
      issuedAt: now,
      expiresAt: now + 3_600_000,
      image: describePayload(image),
      deltas: [],
      ...over,
    };
    if (flip === true) image[5] = (image[5] as number) ^ 1;
    const uploadId = `by-hand-${code.toLowerCase().replaceAll('_', '-')}`;
    const put = (file: string, Body: Buffer) =>
      s3.send(new PutObjectCommand({ Bucket: outputs.FirmwareBucketName, Key: uploadKey(uploadId, file), Body }));
    await put(IMAGE_FILE, image);
    await put(
      MANIFEST_FILE,
      pretty === true ? Buffer.from(JSON.stringify(manifest, null, 2)) : canonicalJson(manifest),
    );
    const upload = await eventually('the refusal', () => tables.upload(uploadId), 60_000);
    expect(upload).toMatchObject({ state: 'refused', refusal: { code } });
    expect(await tables.release('9.0.0')).toBeUndefined();
  },
  60_000,
);

test('nothing of it ended in a dead-letter queue', async () => {
  const sqs = new SQSClient(platform.settings);
  for (const name of ['ReleaseFailedQueueUrl', 'CampaignFailedQueueUrl']) {
    const { Attributes } = await sqs.send(
      new GetQueueAttributesCommand({ QueueUrl: outputs[name], AttributeNames: ['ApproximateNumberOfMessages'] }),
    );
    expect([name, Attributes?.ApproximateNumberOfMessages]).toEqual([name, '0']);
  }
  sqs.destroy();
});
