import { randomBytes } from 'node:crypto';
import { payloadOf } from '../testing/firmware-fixture.ts';
import { JumpingClock } from '../testing/jumping-clock.ts';
import { SimulatedDisk } from '../testing/simulated-disk.ts';
import { StoppingMachine } from '../testing/stopping-machine.ts';
import {
  type DownloadOptions,
  downloadPayload,
  MAX_DAMAGED_ARRIVALS,
  MAX_FRUITLESS_ATTEMPTS,
} from './download-payload.ts';
import { type PayloadSource, SourceError } from './payload-source.ts';

const image = randomBytes(50_000);
const payload = payloadOf(image);

interface Asked {
  readonly ranges: [number, number][];
  renewed: number;
}

function optionsOf(disk: SimulatedDisk, source: PayloadSource, asked: Asked): DownloadOptions {
  return {
    disk,
    directory: '/state',
    name: 'image.part',
    payload,
    source: () => ({
      read(from, to, signal) {
        asked.ranges.push([from, to]);
        return source.read(from, to, signal);
      },
    }),
    renew: async () => {
      asked.renewed++;
    },
    onProgress: () => {},
    clock: new JumpingClock(0),
    random: () => 0.5,
    signal: new AbortController().signal,
  };
}

/** Serves the bytes, until `most` of them in one answer; then does what `then` says. */
function serving(bytes: Buffer, most = Number.POSITIVE_INFINITY, then: () => void = () => {}): PayloadSource {
  return {
    async *read(from, to) {
      for (let at = from; at < to; at += 1_000) {
        if (at - from >= most) return then();
        yield bytes.subarray(at, Math.min(to, at + 1_000));
      }
    },
  };
}

let disk: SimulatedDisk;
let asked: Asked;
beforeEach(() => {
  disk = new SimulatedDisk();
  asked = { ranges: [], renewed: 0 };
});
const download = (source: PayloadSource) => downloadPayload(optionsOf(disk, source, asked));
const written = () => disk.content('/state/image.part');

test('a download that goes well is one request', async () => {
  await download(serving(image));
  expect(written()?.equals(image)).toBe(true);
  expect(asked).toEqual({ ranges: [[0, 50_000]], renewed: 0 });
});

test('a download that breaks off goes on behind the last whole chunk, with a new URL', async () => {
  let refusals = 1;
  const source = serving(image, 20_000, () => {
    if (refusals-- > 0) throw new SourceError('EXPIRED', 'status 403');
  });
  await download(source);
  expect(written()?.equals(image)).toBe(true);
  expect(asked.ranges.slice(0, 2)).toEqual([
    [0, 50_000],
    [16_384, 50_000],
  ]);
  expect(asked.renewed).toBeGreaterThan(0);
});

test('what a crash has left is verified by its bytes: only chunks that are not whole are asked for', async () => {
  await download(serving(image));
  const damaged = Buffer.from(image);
  damaged.fill(0, 9_000, 9_100);
  damaged.fill(0, 30_000, 30_001);
  disk.overwrite('/state/image.part', damaged);
  asked.ranges.length = 0;
  await download(serving(image));
  expect(asked.ranges).toEqual([
    [8_192, 12_288],
    [28_672, 32_768],
  ]);
  expect(written()?.equals(image)).toBe(true);
});

test('a file that is longer than the image is cut', async () => {
  await download(serving(image));
  disk.overwrite('/state/image.part', Buffer.concat([image, Buffer.from('more')]));
  await download(serving(image));
  expect(written()?.equals(image)).toBe(true);
});

test('a chunk that arrives damaged is asked for again', async () => {
  let bad = true;
  const flipped = Buffer.from(image);
  flipped[20_000] = (flipped[20_000] ?? 0) ^ 1;
  await download({
    read(from, to, signal) {
      const bytes = bad ? flipped : image;
      bad = false;
      return serving(bytes).read(from, to, signal);
    },
  });
  expect(asked.ranges[1]).toEqual([16_384, 50_000]);
  expect(written()?.equals(image)).toBe(true);
});

test('a chunk that arrives damaged each time ends the download', async () => {
  const flipped = Buffer.from(image);
  flipped[20_000] = (flipped[20_000] ?? 0) ^ 1;
  await expect(download(serving(flipped))).rejects.toMatchObject({ code: 'DOWNLOAD_FAILED' });
  expect(asked.ranges).toHaveLength(MAX_DAMAGED_ARRIVALS);
});

test('a server that never answers ends the download after some patience, and each attempt asks for a new URL', async () => {
  const silent: PayloadSource = {
    // biome-ignore lint/correctness/useYield: it has nothing to give
    async *read() {
      throw new SourceError('UNREACHABLE', 'ECONNREFUSED');
    },
  };
  await expect(download(silent)).rejects.toMatchObject({ code: 'DOWNLOAD_FAILED', message: 'ECONNREFUSED' });
  expect(asked).toMatchObject({ renewed: MAX_FRUITLESS_ATTEMPTS - 1 });
});

test('patience begins anew with each chunk that comes', async () => {
  await download(serving(image, 5_000, () => {}));
  expect(asked.ranges.length).toBeGreaterThan(MAX_FRUITLESS_ATTEMPTS);
  expect(written()?.equals(image)).toBe(true);
});

test('a whole that is another than the manifest says is refused, though every chunk fits', async () => {
  const wrong = { ...payload, sha256: '0'.repeat(64) };
  const options = { ...optionsOf(disk, serving(image), asked), payload: wrong };
  await expect(downloadPayload(options)).rejects.toMatchObject({ code: 'DIGEST_MISMATCH' });
});

test('a download that is stopped ends with the reason, and the next goes on', async () => {
  const abort = new AbortController();
  const source = serving(image, 20_000, () => abort.abort(new Error('stopping')));
  const options = { ...optionsOf(disk, source, asked), signal: abort.signal };
  await expect(downloadPayload(options)).rejects.toThrow('stopping');
  disk = disk.reboot('killed', new StoppingMachine(), () => 0);
  await download(serving(image));
  expect(asked.ranges.at(-1)).toEqual([16_384, 50_000]);
});

test('a full disk is told as such', async () => {
  disk.capacity = 30_000;
  await expect(download(serving(image))).rejects.toThrow('ENOSPC');
});
