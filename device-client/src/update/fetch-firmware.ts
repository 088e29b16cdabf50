import type { FirmwareManifest } from '@fleetwright/contracts';
import { reasonOf } from '../errors.ts';
import { applyDelta } from './delta/apply-delta.ts';
import { measureFile, readFileIfThere, removeIfThere, writeAll } from './disk/disk.ts';
import { downloadPayload } from './download/download-payload.ts';
import { httpSource } from './download/http-source.ts';
import type { PayloadSource } from './download/payload-source.ts';
import { type PrepareOptions, type UpdateJob, usableDelta, verifiedManifest } from './prepare-update.ts';
import { UpdateError } from './update-error.ts';
import { DELTA_FILE, IMAGE_FILE, sha256 } from './update-files.ts';
import type { UpdateTarget } from './update-state.ts';

export interface FetchOptions extends PrepareOptions {
  /** Files over MQTT, where the job offers a stream. */
  readonly streamed: ((streamId: string, fileId: number, size: number) => PayloadSource) | undefined;
  readonly prefer: 'http' | 'stream';
  onProgress(percent: number): void;
}

/** Fruitless attempts after which the other transport is tried. */
const ATTEMPTS_EACH = 2;

/** Brings the image to disk, whole and verified. @throws UpdateError, the disk's error, the signal's reason */
export async function fetchFirmware(
  options: FetchOptions,
  job: UpdateJob,
  target: UpdateTarget,
  way: 'delta' | 'image',
): Promise<void> {
  const manifest = await verifiedManifest(options, job, target.manifestSha256);
  if (way === 'delta') await fetchDelta(options, job, manifest);
  else await fetchPayload(options, job, IMAGE_FILE, manifest.image, 0, () => job.document().image.url);
}

function fetchPayload(
  options: FetchOptions,
  job: UpdateJob,
  name: string,
  payload: FirmwareManifest['image'],
  fileId: number,
  url: () => string | undefined,
): Promise<void> {
  const { clock, files, http, onProgress, prefer, random, streamed } = options;
  const source = (attempt: number): PayloadSource => {
    const sources: PayloadSource[] = [];
    const [current, stream] = [url(), job.document().stream];
    if (current !== undefined) sources.push(httpSource(http, current, payload.size));
    if (stream !== undefined && streamed !== undefined) sources.push(streamed(stream.streamId, fileId, payload.size));
    if (prefer === 'stream') sources.reverse();
    const chosen = sources[Math.floor(attempt / ATTEMPTS_EACH) % Math.max(1, sources.length)];
    if (chosen === undefined) throw new UpdateError('DOWNLOAD_FAILED', `the job offers no ${name}`);
    return chosen;
  };
  return downloadPayload({
    disk: files.disk,
    directory: files.directory,
    name,
    payload,
    source,
    renew: () => job.renew(),
    onProgress,
    clock,
    random,
    signal: job.signal,
  });
}

async function fetchDelta(options: FetchOptions, job: UpdateJob, manifest: FirmwareManifest): Promise<void> {
  const { deltaMemory, files, slots } = options;
  const { disk } = files;
  const { image } = await slots.status();
  const index = usableDelta(manifest, job.document(), image, deltaMemory);
  const delta = index === undefined ? undefined : manifest.deltas[index];
  if (index === undefined || delta === undefined) throw new UpdateError('DOWNLOAD_FAILED', 'no delta fits any more');
  await fetchPayload(options, job, DELTA_FILE, delta, index + 1, () => job.document().deltas[index]?.url);
  const source = await slots.readRunning(deltaMemory);
  if (source === undefined || sha256(source) !== delta.fromSha256) {
    throw new UpdateError('DIGEST_MISMATCH', 'the running image is not the one that the delta is for');
  }
  const bytes = await readFileIfThere(disk, files.deltaPath, delta.size);
  if (bytes === undefined) throw new UpdateError('DOWNLOAD_FAILED', 'the delta is gone');
  await removeIfThere(disk, files.imagePath);
  const file = await disk.create(files.imagePath);
  try {
    let at = 0;
    for (const window of applyDelta(bytes, source, manifest.image.size)) {
      await writeAll(file, window, at);
      at += window.length;
      job.signal.throwIfAborted();
    }
    await file.sync();
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new UpdateError('DIGEST_MISMATCH', `the delta cannot be applied: ${reasonOf(error)}`, { cause: error });
  } finally {
    await file.close();
  }
  await disk.syncDirectory(files.directory);
  if ((await measureFile(disk, files.imagePath))?.sha256 !== manifest.image.sha256) {
    throw new UpdateError('DIGEST_MISMATCH', 'the delta does not make the image that was signed');
  }
  await removeIfThere(disk, files.deltaPath);
}
