import type { FirmwarePayload } from '@fleetwright/contracts';
import { backoffDelay } from '../../backoff.ts';
import { type DeviceClock, sleep } from '../../clock.ts';
import { reasonOf } from '../../errors.ts';
import type { Disk } from '../disk/disk.ts';
import { UpdateError } from '../update-error.ts';
import { ChunkedFile } from './chunked-file.ts';
import { type PayloadSource, SourceError } from './payload-source.ts';

export interface DownloadOptions {
  readonly disk: Disk;
  readonly directory: string;
  /** Of the file, which may hold what an earlier run has brought. */
  readonly name: string;
  readonly payload: FirmwarePayload;
  /** Where it comes from; `attempt` counts the attempts that brought nothing since something came. */
  source(attempt: number): PayloadSource;
  /** Asks for new URLs, and waits for a connection; called before another attempt. */
  renew(): Promise<void>;
  onProgress(percent: number): void;
  readonly clock: DeviceClock;
  /** Even draw in [0, 1). */
  readonly random: () => number;
  readonly signal: AbortSignal;
}

/** Attempts without one whole chunk after which a download has failed. */
export const MAX_FRUITLESS_ATTEMPTS = 8;
/** Times that one chunk may arrive damaged. */
export const MAX_DAMAGED_ARRIVALS = 3;
const BACKOFF = { base: 1_000, cap: 120_000 };

/**
 * Brings a file to disk, chunk by chunk, going on with what is there, and verifies it as a whole.
 * @throws UpdateError `DOWNLOAD_FAILED`, `DIGEST_MISMATCH`; the disk's error; whatever `renew` throws; the signal's reason
 */
export async function downloadPayload(options: DownloadOptions): Promise<void> {
  const { payload, signal } = options;
  const file = await ChunkedFile.open(options.disk, options.directory, options.name, payload);
  try {
    const damaged = new Map<number, number>();
    for (let attempt = 0; file.missing() !== undefined; ) {
      const before = file.bytes;
      const problem = await fetchMissing(options, file, attempt, damaged);
      signal.throwIfAborted();
      if (problem === undefined) continue;
      attempt = file.bytes > before ? 0 : attempt + 1;
      if (attempt >= MAX_FRUITLESS_ATTEMPTS || (problem.code === 'DIFFERENT' && attempt > 1)) {
        throw new UpdateError('DOWNLOAD_FAILED', problem.message, { cause: problem });
      }
      await sleep(options.clock, backoffDelay(BACKOFF, attempt, options.random()), signal);
      signal.throwIfAborted();
      await options.renew();
    }
    await file.sync();
    if ((await file.sha256()) !== payload.sha256) {
      throw new UpdateError('DIGEST_MISMATCH', 'every chunk is as the manifest says, but the whole is not');
    }
  } finally {
    await file.close();
  }
}

/** One request for the first run of chunks that are missing. @returns why it ended before it was done */
async function fetchMissing(
  { onProgress, payload, signal, source }: DownloadOptions,
  file: ChunkedFile,
  attempt: number,
  damaged: Map<number, number>,
): Promise<SourceError | undefined> {
  const run = file.missing();
  if (run === undefined) return undefined;
  let chunk = run.first;
  let writer = file.writer(chunk);
  // Ends the request when it is left in the middle.
  const request = new AbortController();
  try {
    const incoming = source(attempt).read(
      file.start(run.first),
      file.end(run.last),
      AbortSignal.any([signal, request.signal]),
    );
    for await (const bytes of incoming) {
      for (let rest = bytes; rest.length > 0 && chunk <= run.last; ) {
        const taken = rest.subarray(0, writer.room());
        await writer.write(taken);
        rest = rest.subarray(taken.length);
        if (writer.room() > 0) break;
        if (!writer.finish()) return damage(chunk, damaged);
        onProgress(Math.floor((100 * file.bytes) / payload.size));
        chunk++;
        if (chunk <= run.last) writer = file.writer(chunk);
      }
    }
  } catch (error) {
    if (error instanceof SourceError) return error;
    throw error;
  } finally {
    request.abort();
  }
  return chunk > run.last ? undefined : new SourceError('UNREACHABLE', `only chunks before ${chunk} came`);
}

function damage(chunk: number, damaged: Map<number, number>): SourceError {
  const times = (damaged.get(chunk) ?? 0) + 1;
  damaged.set(chunk, times);
  const message = `chunk ${chunk} arrived damaged ${times} times (CRC-32)`;
  if (times >= MAX_DAMAGED_ARRIVALS) throw new UpdateError('DOWNLOAD_FAILED', message);
  return new SourceError('UNREACHABLE', message);
}

/** A small file, with the same patience. @throws UpdateError `DOWNLOAD_FAILED`; as {@link downloadPayload} */
export async function fetchPatiently(
  fetchOnce: () => Promise<Buffer>,
  { clock, random, renew, signal }: Pick<DownloadOptions, 'clock' | 'random' | 'renew' | 'signal'>,
): Promise<Buffer> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await fetchOnce();
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof SourceError)) throw error;
      if (attempt >= MAX_FRUITLESS_ATTEMPTS || error.code === 'DIFFERENT') {
        throw new UpdateError('DOWNLOAD_FAILED', reasonOf(error), { cause: error });
      }
    }
    await sleep(clock, backoffDelay(BACKOFF, attempt, random()), signal);
    signal.throwIfAborted();
    await renew();
  }
}
