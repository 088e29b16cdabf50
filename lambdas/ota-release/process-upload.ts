import { verify } from 'node:crypto';
import {
  deltaFile,
  type FirmwareManifest,
  type FirmwarePayload,
  type FirmwareSignature,
  IMAGE_FILE,
  MANIFEST_FILE,
  MAX_MANIFEST_BYTES,
  type ReleaseRecord,
  releaseKey,
  type UploadRecord,
  uploadKey,
} from '@fleetwright/contracts';
import { FunctionError } from '../shared/errors.ts';
import { checkManifest, differenceOf, type RefusalReason } from './check-manifest.ts';
import type { ObjectVersion, ReleasePorts } from './ports.ts';

export type UploadOutcome = 'READY' | 'REFUSED' | 'SIGNING' | 'DONE_BEFORE';

export interface UploadSettings {
  readonly deviceTypes: ReadonlySet<string>;
}

/**
 * Makes a release of an upload, or says why not.
 *
 * INVARIANTS
 * - Nothing lies below the prefix that devices read before its digests were found to be those of its manifest.
 * - What is signed are bytes that were checked: copies are made of the very versions that were read.
 * - A version belongs to one manifest for good. The same upload, or the same manifest again, changes nothing.
 * - Every step may be done twice; only the last write makes the release ready.
 */
export async function processUpload(
  uploadId: string,
  manifestObject: ObjectVersion,
  settings: UploadSettings,
  ports: ReleasePorts,
): Promise<UploadOutcome> {
  const before = await ports.uploads.load(uploadId);
  if (before?.state.state === 'ready' || before?.state.state === 'refused') return 'DONE_BEFORE';
  const finish = (record: Omit<UploadRecord, 'uploadId' | 'changedAt'>) => keepUpload(uploadId, record, ports);
  const refuse = async (refusal: RefusalReason, more: Partial<UploadRecord> = {}): Promise<UploadOutcome> => {
    await finish({ state: 'refused', ...more, refusal });
    return 'REFUSED';
  };

  const bytes = await ports.read(manifestObject, MAX_MANIFEST_BYTES);
  if (bytes === undefined) return refuse({ code: 'FILE_MISSING', detail: `${MANIFEST_FILE} is gone` });
  const checked = checkManifest(bytes, settings.deviceTypes, ports.now());
  if (!checked.ok) return refuse(checked.refusal);
  const { manifest, sha256: manifestSha256 } = checked;
  const about = { version: manifest.version, manifestSha256 };

  const known = await ports.releases.load(manifest.version);
  if (known !== undefined && isTaken(known.state, manifestSha256)) {
    return refuse({ code: 'VERSION_TAKEN', detail: `${manifest.version} is another release already` }, about);
  }
  if (known?.state.state === 'ready') {
    await finish({ state: 'ready', ...about });
    return 'READY';
  }

  const wrongBase = await baseProblem(manifest, ports);
  if (wrongBase !== undefined) return refuse(wrongBase, about);
  const files = await checkFiles(uploadId, manifest, ports);
  if ('code' in files) return refuse(files, about);
  if (!(await claimVersion(manifest, manifestSha256, ports))) {
    return refuse({ code: 'VERSION_TAKEN', detail: `${manifest.version} is another release already` }, about);
  }

  const place = (file: string) => releaseKey(manifest.version, manifestSha256, file);
  for (const [file, object] of files) await ports.copy(object, place(file));
  const released = await ports.copy(manifestObject, place(MANIFEST_FILE));
  let signature: FirmwareSignature | undefined;
  try {
    signature = await ports.signer.sign(released, manifestSha256);
  } catch (error) {
    if (!(error instanceof FunctionError) || error.code !== 'SIGNING_FAILED') throw error;
    await abandon(manifest.version, manifestSha256, ports);
    return refuse({ code: 'SIGNING_FAILED', detail: error.message }, about);
  }
  if (signature === undefined) {
    await finish({ state: 'signing', ...about });
    return 'SIGNING';
  }
  if (!verify('sha256', bytes, await ports.signer.publicKeyPem(), Buffer.from(signature.signature, 'base64'))) {
    await abandon(manifest.version, manifestSha256, ports);
    return refuse({ code: 'SIGNATURE_INVALID', detail: 'the signature does not verify with the public key' }, about);
  }
  await makeReady(manifest.version, signature, ports);
  await finish({ state: 'ready', ...about });
  return 'READY';
}

/** A delta must begin at the image that the release it names has. */
async function baseProblem(manifest: FirmwareManifest, ports: ReleasePorts): Promise<RefusalReason | undefined> {
  for (const { from, fromSha256 } of manifest.deltas) {
    const base = await ports.releases.load(from);
    if (base?.state.state !== 'ready') return { code: 'BASE_UNKNOWN', detail: `${from} was never released` };
    if (base.state.image.sha256 !== fromSha256) {
      return { code: 'BASE_MISMATCH', detail: `the delta begins at another image than that of ${from}` };
    }
  }
  return undefined;
}

async function checkFiles(
  uploadId: string,
  manifest: FirmwareManifest,
  ports: ReleasePorts,
): Promise<Map<string, ObjectVersion> | RefusalReason> {
  const wanted: [string, FirmwarePayload][] = [
    [IMAGE_FILE, manifest.image],
    ...manifest.deltas.map((delta): [string, FirmwarePayload] => [deltaFile(delta.from), delta]),
  ];
  const files = new Map<string, ObjectVersion>();
  for (const [file, payload] of wanted) {
    const found = await ports.measure(uploadKey(uploadId, file), payload.chunkSize);
    if (found === undefined) return { code: 'FILE_MISSING', detail: `${file} was not uploaded before the manifest` };
    const difference = differenceOf(file, payload, found.measured);
    if (difference !== undefined) return difference;
    files.set(file, found.object);
  }
  return files;
}

/** @returns false when another manifest has the version */
async function claimVersion(
  manifest: FirmwareManifest,
  manifestSha256: string,
  { releases, now }: ReleasePorts,
): Promise<boolean> {
  const { deltas, deviceTypes, expiresAt, hardwareRevisions, image, installableFrom, issuedAt } = manifest;
  const state: ReleaseRecord = {
    version: manifest.version,
    state: 'signing',
    manifestSha256,
    minimumVersion: manifest.minimumVersion,
    ...(installableFrom !== undefined && { installableFrom }),
    deviceTypes,
    hardwareRevisions,
    issuedAt,
    expiresAt,
    image: { size: image.size, sha256: image.sha256 },
    deltas: deltas.map(({ from, size }) => ({ from, size })),
    signatures: [],
    changedAt: now(),
  };
  const before = await releases.load(manifest.version);
  if (before !== undefined && before.state.state !== 'abandoned') return !isTaken(before.state, manifestSha256);
  const revision = before?.revision ?? 0;
  if (await releases.save(manifest.version, revision, { state, outbox: [], revision: revision + 1 })) return true;
  const other = await releases.load(manifest.version);
  return other !== undefined && !isTaken(other.state, manifestSha256);
}

/** Whether a version is another manifest's. */
function isTaken({ manifestSha256, state }: ReleaseRecord, wanted: string): boolean {
  return state !== 'abandoned' && manifestSha256 !== wanted;
}

/** Gives a version back that could not be signed. */
async function abandon(version: string, manifestSha256: string, { now, releases }: ReleasePorts): Promise<void> {
  const claimed = await releases.load(version);
  if (claimed?.state.state !== 'signing' || claimed.state.manifestSha256 !== manifestSha256) return;
  const state: ReleaseRecord = { ...claimed.state, state: 'abandoned', changedAt: now() };
  await releases.save(version, claimed.revision, { state, outbox: [], revision: claimed.revision + 1 });
}

/** Whoever signs first is the one: signatures of the same bytes differ each time (FIPS 186-5, ECDSA). */
async function makeReady(
  version: string,
  signature: FirmwareSignature,
  { releases, now }: ReleasePorts,
): Promise<void> {
  const claimed = await releases.load(version);
  if (claimed?.state.state !== 'signing') return;
  const state: ReleaseRecord = { ...claimed.state, state: 'ready', signatures: [signature], changedAt: now() };
  await releases.save(version, claimed.revision, { state, outbox: [], revision: claimed.revision + 1 });
  if ((await releases.load(version))?.state.state !== 'ready') {
    throw new FunctionError('STATE_CONTENDED', `the release ${version} could not be made ready`);
  }
}

/** What is over stays as it is. */
async function keepUpload(
  uploadId: string,
  record: Omit<UploadRecord, 'uploadId' | 'changedAt'>,
  { now, uploads }: ReleasePorts,
): Promise<void> {
  const before = await uploads.load(uploadId);
  if (before !== undefined && before.state.state !== 'signing') return;
  const revision = before?.revision ?? 0;
  const state: UploadRecord = { uploadId, ...record, changedAt: now() };
  if (await uploads.save(uploadId, revision, { state, outbox: [], revision: revision + 1 })) return;
  throw new FunctionError('STATE_CONTENDED', `another invocation changed the upload ${uploadId}`);
}
