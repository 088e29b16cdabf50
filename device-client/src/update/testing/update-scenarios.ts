import { randomBytes } from 'node:crypto';
import type { FirmwareManifest, UpdateFailure } from '@fleetwright/contracts';
import { createFirstSlot } from '../slots/directory-slots.ts';
import { canonicalJson } from '../trust/canonical-json.ts';
import {
  digestOf,
  documentOf,
  ISSUED,
  keySetOf,
  manifestBytes,
  manifestOf,
  payloadOf,
  signBytes,
  signingKey,
} from './firmware-fixture.ts';
import { type CloudFaults, SimulatedCloud } from './simulated-cloud.ts';
import { type Behaviour, ROOT, type SimulatedDevice } from './simulated-device.ts';
import { SimulatedDisk } from './simulated-disk.ts';
import { StoppingMachine } from './stopping-machine.ts';
import { encodeVcdiff } from './vcdiff-encoder.ts';

const root = signingKey('root-1', 'ED25519');
const signer = signingKey('firmware-1');
const offline = signingKey('firmware-2', 'ED25519');
const KEYS = keySetOf(1, [root], [signer]);
/** The key set after a rotation: it trusts another key for firmware. */
const NEXT_KEYS = keySetOf(2, [root], [offline]);

/** The image that devices are made with, and the next: most of it is the same. */
export const OLD_IMAGE = randomBytes(9_000);
const CHANGE = randomBytes(600);
export const NEW_IMAGE = Buffer.concat([OLD_IMAGE.subarray(0, 5_000), CHANGE, OLD_IMAGE.subarray(5_200)]);
const DELTA = encodeVcdiff(OLD_IMAGE.length, [
  [{ copy: [0, 5_000] }, { add: CHANGE }],
  [{ copy: [5_200, OLD_IMAGE.length - 5_200] }],
]);
const WRONG_DELTA = encodeVcdiff(OLD_IMAGE.length, [
  [{ copy: [0, NEW_IMAGE.length - 1_000] }, { add: randomBytes(1_000) }],
]);

const deltaOf = (delta: Buffer): FirmwareManifest['deltas'] => [
  { format: 'vcdiff', from: '1.0.0', fromSha256: digestOf(OLD_IMAGE), ...payloadOf(delta) },
];

export interface UpdateScenario {
  readonly name: string;
  readonly behaviour?: Behaviour;
  readonly manifest?: Partial<FirmwareManifest>;
  readonly delta?: Buffer;
  readonly faults?: CloudFaults;
  /** Bytes of the disk. */
  readonly capacity?: number;
  /** Signs with the key that only the next key set trusts, which the job brings along. */
  readonly rotates?: boolean;
  /** What the device answers, and what boots by itself in the end. */
  readonly ends: 'succeeded' | 'rejected' | 'failed' | 'cancelled';
  readonly reason?: UpdateFailure;
}

const flipped =
  (name: string) =>
  (served: string, bytes: Buffer): Buffer => {
    if (served === name) bytes[100] = (bytes[100] ?? 0) ^ 0x10;
    return bytes;
  };

/** Every way that an update goes. */
export const UPDATE_SCENARIOS: readonly UpdateScenario[] = [
  { name: 'a whole image', ends: 'succeeded' },
  { name: 'a delta', delta: DELTA, ends: 'succeeded' },
  { name: 'a delta that arrives damaged', delta: DELTA, faults: { corrupt: flipped('delta-0') }, ends: 'succeeded' },
  { name: 'a delta that makes another image', delta: WRONG_DELTA, ends: 'succeeded' },
  { name: 'a URL that expires midway', faults: { expireAfter: 4 }, ends: 'succeeded' },
  { name: 'a connection that breaks off', faults: { breakAfter: 4 }, ends: 'succeeded' },
  { name: 'keys that change with it', rotates: true, ends: 'succeeded' },
  {
    name: 'an image that fails its self-test',
    behaviour: 'fails-its-test',
    ends: 'failed',
    reason: 'SELF_TEST_FAILED',
  },
  { name: 'a self-test that throws', behaviour: 'throws-in-its-test', ends: 'failed', reason: 'SELF_TEST_FAILED' },
  { name: 'an image that crashes', behaviour: 'crashes', ends: 'failed', reason: 'BOOT_LOOP' },
  {
    name: 'an image that arrives damaged',
    faults: { corrupt: flipped('image') },
    ends: 'failed',
    reason: 'DOWNLOAD_FAILED',
  },
  {
    name: 'an image that is shorter than it should be',
    faults: { corrupt: (name, bytes) => (name === 'image' ? bytes.subarray(0, 7_000) : bytes) },
    ends: 'failed',
    reason: 'DOWNLOAD_FAILED',
  },
  {
    name: 'a manifest for others',
    manifest: { deviceTypes: ['valve'] },
    ends: 'rejected',
    reason: 'WRONG_DEVICE_TYPE',
  },
  { name: 'a disk without room', capacity: 500_000, ends: 'rejected', reason: 'NO_SPACE' },
  { name: 'a job that is cancelled', faults: { cancelAfter: 4 }, ends: 'cancelled' },
];

/** A device with the old image, and a job that orders the new one as the scenario says. */
export async function prepareScenario(scenario: UpdateScenario): Promise<(draw: () => number) => SimulatedDevice> {
  const made = await deviceWithOldImage();
  if (scenario.capacity !== undefined) made.capacity = scenario.capacity;
  const manifest = manifestOf(NEW_IMAGE, '2.0.0', {
    ...(scenario.delta !== undefined && { deltas: deltaOf(scenario.delta) }),
    ...scenario.manifest,
  });
  const bytes = manifestBytes(manifest);
  const signatures = [signBytes(bytes, scenario.rotates === true ? offline : signer)];
  const next = Buffer.from(canonicalJson(NEXT_KEYS));
  const keySet = { keySet: next.toString('base64'), signatures: [signBytes(next, root)] };
  const files = new Map<string, Buffer>([
    ['manifest', bytes],
    ['image', NEW_IMAGE],
    ['delta-0', scenario.delta ?? Buffer.alloc(0)],
  ]);
  const document = (token: string) => ({
    ...documentOf(manifest, signatures, token),
    ...(scenario.rotates === true && { keySet }),
  });
  const behaviours = new Map<string, Behaviour>([
    [digestOf(OLD_IMAGE), 'works'],
    [digestOf(NEW_IMAGE), scenario.behaviour ?? 'works'],
  ]);
  return (draw) => ({
    disk: made.reboot('killed', new StoppingMachine(), draw),
    cloud: new SimulatedCloud(files, document, scenario.faults),
    keys: KEYS,
    now: ISSUED + 1_000,
    behaviours,
    draw,
  });
}

async function deviceWithOldImage(): Promise<SimulatedDisk> {
  const disk = new SimulatedDisk();
  const file = await disk.create('/factory.image');
  await file.write(OLD_IMAGE, 0);
  await createFirstSlot(disk, ROOT, '/factory.image', '1.0.0');
  await disk.remove('/factory.image');
  await disk.syncDirectory('');
  return disk;
}
