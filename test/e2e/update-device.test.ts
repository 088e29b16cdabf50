import { createHash, verify } from 'node:crypto';
import { GetThingShadowCommand, IoTDataPlaneClient } from '@aws-sdk/client-iot-data-plane';
import { updateProofText } from '@fleetwright/contracts';
import { payloadOf, signingKey } from '../../device-client/src/update/testing/firmware-fixture.ts';
import { encodeVcdiff } from '../../device-client/src/update/testing/vcdiff-encoder.ts';
import { eventually } from '../support/eventually.ts';
import { startTestPlatform, type TestPlatform } from '../support/platform.ts';
import { firmwareImage, type UpdateDevice, UpdateDevices, type UpdateOrder } from '../support/update-devices.ts';

let platform: TestPlatform;
let devices: UpdateDevices;
let pump: UpdateDevice;
let data: IoTDataPlaneClient;
const first = firmwareImage('1.0.0', 'works');
const second = firmwareImage('2.0.0', 'works');

beforeAll(async () => {
  platform = await startTestPlatform();
  devices = await UpdateDevices.create(platform);
  data = new IoTDataPlaneClient(platform.settings);
  pump = await devices.start('UPD-0001', '1.0.0', first);
}, 180_000);

afterAll(async () => {
  await devices?.stop();
  data?.destroy();
  await platform?.stop();
}, 60_000);

const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');

async function reportedFirmware(thingName: string): Promise<{ version?: string; state?: string }> {
  const { payload } = await data.send(new GetThingShadowCommand({ thingName, shadowName: 'firmware' }));
  return JSON.parse(Buffer.from(payload ?? []).toString()).state.reported;
}

test('signed firmware is installed, runs, is confirmed, and is proven by the key of the device', async () => {
  const outcome = await devices.update(pump, {
    version: '2.0.0',
    image: second,
    manifest: { minimumVersion: '2.0.0' },
  });
  const running = { firmware: '2.0.0', slot: 'b', imageSha256: sha256(second) };
  expect(outcome).toMatchObject({ status: 'SUCCEEDED', details: { stage: 'confirmed', ...running } });
  expect(pump.boots()).toEqual(['1.0.0 a', '2.0.0 b']);
  const { jobId, nonce } = outcome;
  const text = updateProofText({ thingName: pump.thingName, jobId, nonce, ...running });
  const proof = Buffer.from(outcome.details.proof ?? '', 'base64');
  expect(verify('sha256', Buffer.from(text), pump.certificate().publicKey, proof)).toBe(true);
  await eventually('the shadow says so', async () => {
    const { state, version } = await reportedFirmware(pump.thingName);
    return state === 'running' && version === '2.0.0';
  });
}, 180_000);

const third = firmwareImage('3.0.0', 'works');
const flipped = Buffer.from(third);
flipped[40_000] = (flipped[40_000] ?? 0) ^ 1;
const stranger = signingKey('firmware-1');
const unknown = signingKey('firmware-9');

test.each<[string, UpdateOrder, string, string]>([
  ['a bad signature', { version: '3.0.0', image: third, signed: Buffer.from('else') }, 'REJECTED', 'SIGNATURE_INVALID'],
  [
    'a key of the right name that is another',
    { version: '3.0.0', image: third, key: stranger },
    'REJECTED',
    'SIGNATURE_INVALID',
  ],
  ['a key that is not trusted', { version: '3.0.0', image: third, key: unknown }, 'REJECTED', 'KEY_UNKNOWN'],
  [
    'another device type',
    { version: '3.0.0', image: third, manifest: { deviceTypes: ['valve'] } },
    'REJECTED',
    'WRONG_DEVICE_TYPE',
  ],
  [
    'another hardware',
    { version: '3.0.0', image: third, manifest: { hardwareRevisions: ['rev-a'] } },
    'REJECTED',
    'WRONG_HARDWARE',
  ],
  ['a version below the floor', { version: '1.0.0', image: first }, 'REJECTED', 'DOWNGRADE'],
  [
    'a manifest whose time is over',
    { version: '3.0.0', image: third, manifest: { issuedAt: 1, expiresAt: 2 } },
    'REJECTED',
    'EXPIRED',
  ],
  [
    'a truncated download',
    { version: '3.0.0', image: third, served: third.subarray(0, 50_000) },
    'FAILED',
    'DOWNLOAD_FAILED',
  ],
  ['a flipped bit', { version: '3.0.0', image: third, served: flipped }, 'FAILED', 'DOWNLOAD_FAILED'],
])(
  '%s leaves the device as it is',
  async (_what, order, status, reason) => {
    const outcome = await devices.update(pump, order);
    expect(outcome).toMatchObject({
      status,
      details: { reason, firmware: '2.0.0', slot: 'b', imageSha256: sha256(second) },
    });
    expect(pump.boots()).toEqual(['1.0.0 a', '2.0.0 b']);
  },
  150_000,
);

test('firmware that fails its self-test is given up, and the one before runs again', async () => {
  const outcome = await devices.update(pump, { version: '3.1.0', image: firmwareImage('3.1.0', 'fails') });
  expect(outcome).toMatchObject({
    status: 'FAILED',
    details: { reason: 'SELF_TEST_FAILED', stage: 'rolled-back', firmware: '2.0.0', slot: 'b' },
  });
  expect(outcome.details.detail).toContain('the pump does not answer');
  expect(pump.boots()).toEqual(['1.0.0 a', '2.0.0 b', '3.1.0 a', '2.0.0 b']);
}, 180_000);

test('firmware that does not stay up is given up after three starts', async () => {
  const outcome = await devices.update(pump, { version: '3.2.0', image: firmwareImage('3.2.0', 'crashes') });
  expect(outcome).toMatchObject({
    status: 'FAILED',
    details: { reason: 'BOOT_LOOP', stage: 'rolled-back', firmware: '2.0.0', slot: 'b' },
  });
  expect(pump.boots().at(-1)).toBe('2.0.0 b');
  expect(pump.log().match(/"version":"3\.2\.0","onTrial":true/g)).toHaveLength(3);
}, 180_000);

test('a delta makes the next firmware out of the one that runs, and nothing else is downloaded', async () => {
  const next = Buffer.concat([second, Buffer.from('// a line more\n')]);
  const delta = encodeVcdiff(second.length, [[{ copy: [0, second.length] }, { add: Buffer.from('// a line more\n') }]]);
  const outcome = await devices.update(pump, {
    version: '4.0.0',
    image: next,
    served: Buffer.alloc(0),
    delta,
    manifest: { deltas: [{ format: 'vcdiff', from: '2.0.0', fromSha256: sha256(second), ...payloadOf(delta) }] },
  });
  expect(outcome).toMatchObject({ status: 'SUCCEEDED', details: { firmware: '4.0.0', imageSha256: sha256(next) } });
}, 180_000);

test('firmware comes over MQTT where the device prefers that', async () => {
  const valve = await devices.start('UPD-0002', '1.0.0', first, 'stream');
  // What lies behind the URL would be refused.
  const served = Buffer.alloc(second.length);
  const outcome = await devices.update(valve, { version: '2.0.0', image: second, stream: true, served });
  expect(outcome).toMatchObject({ status: 'SUCCEEDED', details: { firmware: '2.0.0', slot: 'b' } });
}, 240_000);

test('a device whose power is cut again and again within an update ends with one firmware or the other, and says which', async () => {
  const meter = await devices.start('UPD-0003', '1.0.0', first);
  const jobId = await devices.order(meter, { version: '2.0.0', image: second });
  for (const milliseconds of [300, 1_500, 3_000, 4_500, 6_000]) {
    await new Promise((resolve) => setTimeout(resolve, milliseconds));
    await meter.kill();
    meter.launch();
  }
  const { details, status } = await devices.outcome(meter, jobId);
  // Three boots of a trial may be cut off before the device goes back: then that is the truth.
  const isNew = status === 'SUCCEEDED';
  expect(details).toMatchObject(
    isNew
      ? { firmware: '2.0.0', slot: 'b', imageSha256: sha256(second), stage: 'confirmed' }
      : { firmware: '1.0.0', slot: 'a', imageSha256: sha256(first), stage: 'rolled-back', reason: 'BOOT_LOOP' },
  );
  expect(meter.boots().at(-1)).toBe(isNew ? '2.0.0 b' : '1.0.0 a');
}, 240_000);
