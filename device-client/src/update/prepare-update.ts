import {
  compareFirmware,
  type FirmwareManifest,
  type FirmwareVersion,
  firmwareManifestSchema,
  MAX_MANIFEST_BYTES,
  type UpdateDocument,
} from '@fleetwright/contracts';
import type { DeviceClock } from '../clock.ts';
import type { DeviceLog } from '../feature.ts';
import { fetchPatiently } from './download/download-payload.ts';
import type { Http } from './download/http.ts';
import { fetchWhole } from './download/http-source.ts';
import type { UpdateEvent } from './plan-update.ts';
import type { BootStatus, SlotImage, SlotSystem } from './slots/slot-system.ts';
import { checkManifest } from './trust/check-manifest.ts';
import type { TrustedKeys } from './trust/trusted-keys.ts';
import { UpdateError } from './update-error.ts';
import type { UpdateFiles } from './update-files.ts';
import type { UpdateState } from './update-state.ts';

/** What the steps that need a job's run are given. */
export interface UpdateJob {
  /** As the cloud described it last. */
  document(): UpdateDocument;
  /** Asks for new URLs, and waits for a connection. */
  renew(): Promise<void>;
  /** Aborts when the update is to be given up, or the agent stops. */
  readonly signal: AbortSignal;
}

export interface PrepareOptions {
  readonly files: UpdateFiles;
  readonly keys: TrustedKeys;
  readonly slots: SlotSystem;
  readonly http: Http;
  readonly deviceType: string;
  readonly hardwareRevision: string;
  /** Bytes of image and delta together up to which a delta is used. */
  readonly deltaMemory: number;
  readonly clock: DeviceClock;
  readonly random: () => number;
  readonly log: DeviceLog;
}

/** bytes that a disk keeps beside what an update needs */
const SPARE_BYTES = 1_048_576;

/**
 * Decides whether and how an update is done: keys, manifest, compatibility, anti-rollback, room. Nothing of the firmware has
 * been asked for when it answers.
 * @throws UpdateError
 */
export async function prepareUpdate(options: PrepareOptions, job: UpdateJob, state: UpdateState): Promise<UpdateEvent> {
  const { clock, files, keys, log, slots } = options;
  const document = job.document();
  if (document.keySet !== undefined) {
    const rotation = await keys.take(document.keySet);
    if (rotation.kind === 'refused') throw new UpdateError(rotation.reason, rotation.detail);
    if (rotation.kind === 'rotated') log.info('newer keys are trusted', { serial: rotation.keySet.serial });
  }
  const bytes = await fetchManifest(options, job);
  const boot = await slots.status();
  const verdict = checkManifest(bytes, document, keys.current, {
    deviceType: options.deviceType,
    hardwareRevision: options.hardwareRevision,
    running: boot.image,
    floor: floorOf(state, boot),
    now: Math.max(clock.now(), state.knownTime),
  });
  if (!verdict.ok) throw new UpdateError(verdict.reason, verdict.detail);
  const { manifest } = verdict;
  const image = imageOf(manifest);
  if (boot.confirmed && boot.image?.sha256 === image.sha256) {
    return { kind: 'present', minimumVersion: image.minimumVersion, sha256: image.sha256 };
  }
  const delta = usableDelta(manifest, document, boot.image, options.deltaMemory);
  await requireRoom(options, image, delta === undefined ? 0 : (manifest.deltas[delta]?.size ?? 0));
  const manifestSha256 = await files.keepManifest(bytes);
  return {
    kind: 'accepted',
    target: { manifestSha256, ...image, slot: boot.other },
    way: delta === undefined ? 'image' : 'delta',
    time: manifest.issuedAt,
  };
}

/** The manifest that has been verified: from disk, or fetched anew where a crash has taken it. @throws UpdateError */
export async function verifiedManifest(
  options: PrepareOptions,
  job: UpdateJob,
  digest: string,
): Promise<FirmwareManifest> {
  const { files } = options;
  let bytes = await files.manifest(digest);
  if (bytes === undefined) {
    bytes = await fetchManifest(options, job);
    if ((await files.keepManifest(bytes)) !== digest) {
      throw new UpdateError('MANIFEST_INVALID', 'the manifest is another one than was verified before');
    }
  }
  return firmwareManifestSchema.parse(JSON.parse(bytes.toString('utf8')));
}

export function imageOf({ image, minimumVersion, version }: FirmwareManifest): SlotImage {
  return { version, minimumVersion, sha256: image.sha256, size: image.size };
}

/** Index of the delta that makes the new image out of the running one, where the job offers it. */
export function usableDelta(
  { deltas, image }: FirmwareManifest,
  document: UpdateDocument,
  running: SlotImage | undefined,
  memory: number,
): number | undefined {
  const index = deltas.findIndex(({ from, fromSha256 }) => from === running?.version && fromSha256 === running.sha256);
  const delta = deltas[index];
  if (delta === undefined || running === undefined || document.deltas[index]?.from !== delta.from) return undefined;
  // Of a delta that is no smaller than the image, nothing is gained.
  return delta.size < image.size && running.size + delta.size <= memory ? index : undefined;
}

function fetchManifest({ clock, http, random }: PrepareOptions, job: UpdateJob): Promise<Buffer> {
  return fetchPatiently(() => fetchWhole(http, job.document().manifest.url, MAX_MANIFEST_BYTES, job.signal), {
    clock,
    random,
    renew: () => job.renew(),
    signal: job.signal,
  });
}

/** What the state says, and what the running image says, in case the state is an old one. */
function floorOf({ floor }: UpdateState, { confirmed, image }: BootStatus): FirmwareVersion | undefined {
  if (image === undefined || !confirmed) return floor;
  return floor !== undefined && compareFirmware(floor, image.minimumVersion) > 0 ? floor : image.minimumVersion;
}

async function requireRoom({ files, slots }: PrepareOptions, image: SlotImage, deltaSize: number): Promise<void> {
  await files.disk.makeDirectory(files.directory);
  const free = await files.disk.freeBytes(files.directory);
  const needed = image.size + deltaSize + (await slots.spaceToWrite(image)) + SPARE_BYTES;
  if (free >= needed) return;
  throw new UpdateError('NO_SPACE', `the update needs ${needed} bytes of disk, ${free} are free`);
}
