import { createSign, generateKeyPairSync } from 'node:crypto';
import {
  deltaFile,
  type FirmwareManifest,
  IMAGE_FILE,
  MANIFEST_FILE,
  type ReleaseRecord,
  releaseKey,
  type UploadRecord,
  uploadKey,
} from '@fleetwright/contracts';
import { canonicalJson } from '../shared/canonical-json.ts';
import { FunctionError } from '../shared/errors.ts';
import type { Tracked } from '../shared/tracked-state.ts';
import { pemKeyIdOf } from './key-id.ts';
import { measurePayload } from './measure-payload.ts';
import type { ReleasePorts } from './ports.ts';
import { processUpload } from './process-upload.ts';

const NOW = 1_800_000_000_000;
const settings = { deviceTypes: new Set(['pump-station']) };
const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const publicKeyPem = publicKey.export({ type: 'spki', format: 'pem' }).toString();

async function* parts(bytes: Buffer, size = 700): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

function table<T>() {
  const items = new Map<string, Tracked<T, never>>();
  return {
    items,
    load: async (key: string) => items.get(key),
    async save(key: string, expected: number, tracked: Tracked<T, never>) {
      if ((items.get(key)?.revision ?? 0) !== expected) return false;
      items.set(key, tracked);
      return true;
    },
  };
}

/** A bucket with versions, tables with revisions, and a key that really signs. */
class World {
  readonly objects = new Map<string, Buffer[]>();
  readonly uploads = table<UploadRecord>();
  readonly releases = table<ReleaseRecord>();
  /** Answers of the signer, before it signs. */
  pending = 0;
  refuses = false;
  forges = false;
  signed = 0;

  put(key: string, bytes: Buffer): { key: string; versionId: string } {
    const versions = this.objects.get(key) ?? [];
    this.objects.set(key, [...versions, bytes]);
    return { key, versionId: String(versions.length) };
  }

  get(key: string, versionId?: string): Buffer | undefined {
    const versions = this.objects.get(key) ?? [];
    return versions[versionId === undefined ? versions.length - 1 : Number(versionId)];
  }

  readonly ports: ReleasePorts = {
    uploads: this.uploads,
    releases: this.releases,
    now: () => NOW,
    read: async ({ key, versionId }) => this.get(key, versionId),
    measure: async (key, chunkSize) => {
      const bytes = this.get(key);
      if (bytes === undefined) return undefined;
      const versionId = String((this.objects.get(key)?.length ?? 1) - 1);
      return { object: { key, versionId }, measured: await measurePayload(parts(bytes), chunkSize) };
    },
    copy: async ({ key, versionId }, toKey) => this.put(toKey, this.get(key, versionId) as Buffer),
    signer: {
      publicKeyPem: async () => publicKeyPem,
      sign: async ({ key, versionId }) => {
        if (this.refuses) throw new FunctionError('SIGNING_FAILED', 'the certificate expired');
        if (this.pending-- > 0) return undefined;
        this.signed++;
        const bytes = this.forges ? Buffer.from('another') : (this.get(key, versionId) as Buffer);
        const signature = createSign('sha256').update(bytes).sign(privateKey).toString('base64');
        return { keyId: pemKeyIdOf(publicKeyPem), algorithm: 'ECDSA_P256_SHA256', signature };
      },
    },
  };

  async upload(uploadId: string, manifest: object, files: Record<string, Buffer>, bytes = canonicalJson(manifest)) {
    for (const [file, content] of Object.entries(files)) this.put(uploadKey(uploadId, file), content);
    return this.run(uploadId, this.put(uploadKey(uploadId, MANIFEST_FILE), bytes));
  }

  run(uploadId: string, object = { key: uploadKey(uploadId, MANIFEST_FILE), versionId: '0' }) {
    return processUpload(uploadId, object, settings, this.ports);
  }

  refusal(uploadId: string) {
    return this.uploads.items.get(uploadId)?.state.refusal?.code;
  }
}

const image = Buffer.from('firmware '.repeat(1_000));

async function manifestOf(over: Partial<FirmwareManifest> = {}): Promise<FirmwareManifest> {
  const chunkSize = 4_096;
  return {
    format: 1,
    version: '1.1.0',
    minimumVersion: '1.0.0',
    deviceTypes: ['pump-station'],
    hardwareRevisions: ['rev-a'],
    issuedAt: NOW - 1_000,
    expiresAt: NOW + 86_400_000,
    image: { chunkSize, ...(await measurePayload(parts(image), chunkSize)), chunks: await chunksOf(image) },
    deltas: [],
    ...over,
  };
}

async function chunksOf(bytes: Buffer): Promise<string[]> {
  return [...(await measurePayload(parts(bytes), 4_096)).chunks];
}

test('chunks are measured alike however the bytes arrive', async () => {
  const one = await measurePayload(parts(image, 1), 4_096);
  expect(await measurePayload(parts(image, 9_000), 4_096)).toEqual(one);
  expect(one.chunks).toHaveLength(3);
  // CRC-32 of "123456789" is cbf43926 (its check value in every catalogue of CRCs).
  expect((await measurePayload(parts(Buffer.from('123456789'), 4), 4_096)).chunks).toEqual(['cbf43926']);
});

test('an upload becomes a release whose signature verifies over the canonical manifest', async () => {
  const world = new World();
  const manifest = await manifestOf();
  expect(await world.upload('u1', manifest, { [IMAGE_FILE]: image })).toBe('READY');
  const release = world.releases.items.get('1.1.0')?.state as ReleaseRecord;
  expect(release).toMatchObject({ state: 'ready', minimumVersion: '1.0.0', image: { sha256: manifest.image.sha256 } });
  expect(world.get(releaseKey('1.1.0', release.manifestSha256, MANIFEST_FILE))).toEqual(canonicalJson(manifest));
  expect(world.get(releaseKey('1.1.0', release.manifestSha256, IMAGE_FILE))).toEqual(image);
  expect(release.signatures).toHaveLength(1);
});

test('a notification that comes again changes nothing and signs nothing', async () => {
  const world = new World();
  await world.upload('u1', await manifestOf(), { [IMAGE_FILE]: image });
  const before = JSON.stringify([...world.releases.items]);
  expect(await world.run('u1')).toBe('DONE_BEFORE');
  expect([world.signed, JSON.stringify([...world.releases.items])]).toEqual([1, before]);
});

test('the same manifest in another upload is the same release', async () => {
  const world = new World();
  await world.upload('u1', await manifestOf(), { [IMAGE_FILE]: image });
  expect(await world.upload('u2', await manifestOf(), { [IMAGE_FILE]: image })).toBe('READY');
  expect(world.signed).toBe(1);
});

test('a signature that takes its time is asked for again', async () => {
  const world = new World();
  world.pending = 2;
  expect(await world.upload('u1', await manifestOf(), { [IMAGE_FILE]: image })).toBe('SIGNING');
  expect(await world.run('u1')).toBe('SIGNING');
  expect(await world.run('u1')).toBe('READY');
});

test('two invocations at once make one release', async () => {
  const world = new World();
  const manifest = await manifestOf();
  world.put(uploadKey('u1', IMAGE_FILE), image);
  world.put(uploadKey('u1', MANIFEST_FILE), canonicalJson(manifest));
  await Promise.allSettled([world.run('u1'), world.run('u1')]);
  // What lost goes back to the queue, and comes again.
  await world.run('u1');
  expect(world.releases.items.get('1.1.0')?.state).toMatchObject({ state: 'ready' });
  expect(world.releases.items.get('1.1.0')?.state.signatures).toHaveLength(1);
  expect(world.uploads.items.get('u1')?.state.state).toBe('ready');
});

test('an image that is replaced after it was checked is not what is released', async () => {
  const world = new World();
  const { copy } = world.ports;
  const swapped: ReleasePorts = {
    ...world.ports,
    copy(object, toKey) {
      world.put(uploadKey('u1', IMAGE_FILE), Buffer.from('evil'));
      return copy(object, toKey);
    },
  };
  world.put(uploadKey('u1', IMAGE_FILE), image);
  const object = world.put(uploadKey('u1', MANIFEST_FILE), canonicalJson(await manifestOf()));
  expect(await processUpload('u1', object, settings, swapped)).toBe('READY');
  const manifestSha256 = world.releases.items.get('1.1.0')?.state.manifestSha256 ?? '';
  expect(world.get(releaseKey('1.1.0', manifestSha256, IMAGE_FILE))).toEqual(image);
});

const flipped = Buffer.from(image);
flipped[100] = (flipped[100] as number) ^ 1;

test.each<
  [
    string,
    string,
    (manifest: FirmwareManifest) => { manifest?: object; files?: Record<string, Buffer>; bytes?: Buffer },
  ]
>([
  ['no image', 'FILE_MISSING', () => ({ files: {} })],
  ['a flipped bit', 'DIGEST_MISMATCH', () => ({ files: { [IMAGE_FILE]: flipped } })],
  ['a cut image', 'SIZE_MISMATCH', () => ({ files: { [IMAGE_FILE]: image.subarray(0, 8_900) } })],
  [
    'a wrong checksum',
    'CHUNK_MISMATCH',
    (manifest) => ({
      manifest: { ...manifest, image: { ...manifest.image, chunks: ['0', '1', '2'].map((n) => n.repeat(8)) } },
    }),
  ],
  ['no JSON', 'MANIFEST_INVALID', () => ({ bytes: Buffer.from('{') })],
  ['an unknown member', 'MANIFEST_INVALID', (manifest) => ({ manifest: { ...manifest, more: 1 } })],
  [
    'a member twice',
    'NOT_CANONICAL',
    (manifest) => ({ bytes: Buffer.from(canonicalJson(manifest).toString().replace('{', '{"format":1,')) }),
  ],
  ['spaces', 'NOT_CANONICAL', (manifest) => ({ bytes: Buffer.from(JSON.stringify(manifest, null, 1)) })],
  [
    'a foreign device type',
    'UNKNOWN_DEVICE_TYPE',
    (manifest) => ({ manifest: { ...manifest, deviceTypes: ['toaster'] } }),
  ],
  ['an expired manifest', 'EXPIRED', (manifest) => ({ manifest: { ...manifest, issuedAt: 0, expiresAt: NOW } })],
  ['too many bytes', 'MANIFEST_TOO_LARGE', () => ({ bytes: Buffer.alloc(262_145, 32) })],
])('%s is refused as %s, and nothing is signed or released', async (_what, code, change) => {
  const world = new World();
  const manifest = await manifestOf();
  const { bytes, files = { [IMAGE_FILE]: image }, manifest: changed = manifest } = change(manifest);
  expect(await world.upload('u1', changed, files, bytes)).toBe('REFUSED');
  expect([world.refusal('u1'), world.signed, world.releases.items.size]).toEqual([code, 0, 0]);
  expect([...world.objects.keys()].filter((key) => key.startsWith('releases/'))).toEqual([]);
});

test('a version belongs to one manifest for good', async () => {
  const world = new World();
  await world.upload('u1', await manifestOf(), { [IMAGE_FILE]: image });
  const other = await manifestOf({ hardwareRevisions: ['rev-b'] });
  expect(await world.upload('u2', other, { [IMAGE_FILE]: image })).toBe('REFUSED');
  expect(world.refusal('u2')).toBe('VERSION_TAKEN');
  expect(world.releases.items.get('1.1.0')?.state.hardwareRevisions).toEqual(['rev-a']);
});

test.each([
  ['that nobody signs', 'SIGNING_FAILED', { refuses: true }],
  ['whose signature is of something else', 'SIGNATURE_INVALID', { forges: true }],
])('a manifest %s is no release', async (_what, code, faults) => {
  const world = Object.assign(new World(), faults);
  expect(await world.upload('u1', await manifestOf(), { [IMAGE_FILE]: image })).toBe('REFUSED');
  expect([world.refusal('u1'), world.releases.items.get('1.1.0')?.state.state]).toEqual([code, 'abandoned']);
  // … and its version is free again.
  Object.assign(world, { refuses: false, forges: false });
  const other = await manifestOf({ hardwareRevisions: ['rev-b'] });
  expect(await world.upload('u2', other, { [IMAGE_FILE]: image })).toBe('READY');
});

test('a delta begins at the image that was released', async () => {
  const world = new World();
  const first = await manifestOf();
  await world.upload('u1', first, { [IMAGE_FILE]: image });
  const bytes = Buffer.from('delta');
  const delta = {
    format: 'vcdiff' as const,
    from: '1.1.0',
    fromSha256: first.image.sha256,
    chunkSize: 4_096,
    ...(await measurePayload(parts(bytes), 4_096)),
    chunks: await chunksOf(bytes),
  };
  const files = { [IMAGE_FILE]: image, [deltaFile('1.1.0')]: bytes };
  const next = (over: object) => manifestOf({ version: '1.2.0', deltas: [{ ...delta, ...over }] });
  expect(await world.upload('u2', await next({ from: '1.0.5' }), files)).toBe('REFUSED');
  expect(world.refusal('u2')).toBe('BASE_UNKNOWN');
  expect(await world.upload('u3', await next({ fromSha256: 'a'.repeat(64) }), files)).toBe('REFUSED');
  expect(world.refusal('u3')).toBe('BASE_MISMATCH');
  expect(await world.upload('u4', await next({}), files)).toBe('READY');
  expect(world.releases.items.get('1.2.0')?.state.deltas).toEqual([{ from: '1.1.0', size: 5 }]);
});
