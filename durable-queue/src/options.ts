import { randomBytes } from 'node:crypto';
import { type QueueClock, systemClock } from './clock.ts';
import { QueueError } from './errors.ts';
import type { FileSystem } from './file-system.ts';
import { nodeFileSystem } from './node-file-system.ts';
import { type ProcessPort, thisProcess } from './process-port.ts';
import type { QueueReport } from './report.ts';

/**
 * - `always`: `put` resolves after an fsync, which all items share that came meanwhile. Survives a power cut.
 * - `interval`: `put` resolves when the system has the bytes; an fsync follows within `syncInterval`. Survives `kill -9`;
 *   a power cut loses what came after the last fsync.
 * - `never`: the system writes when it likes. Survives `kill -9`.
 */
export type SyncPolicy = 'always' | 'interval' | 'never';

export interface QueueOptions {
  /** Absolute; made if missing. It belongs to the queue alone. */
  readonly directory: string;
  /** @default 'always' */
  readonly sync?: SyncPolicy;
  /** ms between two fsyncs of policy `interval`. @default 1000 */
  readonly syncInterval?: number;
  /**
   * ms within which acknowledgements are written down: those that come meanwhile share a write. A crash repeats what was
   * acknowledged since, marked. With 0 each `ack` waits for its write.
   * @default 200
   */
  readonly acknowledgeInterval?: number;
  /** Bytes of all files; while a segment is compacted, half a segment more. @default 64 MiB */
  readonly maxBytes?: number;
  /** ms after which an item is dropped. @default none */
  readonly maxAge?: number;
  /** Bytes of one file: the unit in which old items are dropped. @default a sixteenth of `maxBytes`, at most 1 MiB */
  readonly segmentBytes?: number;
  /** Bytes of one item. @default 128 KiB, AWS IoT's limit of a message, or what fits */
  readonly maxItemBytes?: number;
  /** Bytes accepted and not yet written, for each priority. @default 1 MiB */
  readonly maxBufferedBytes?: number;
  /** Channels with a backlog. @default 256 */
  readonly maxChannels?: number;
  /**
   * Batches of one channel handed out at once. With 1 a channel's order holds even when a delivery fails. With more, a
   * release takes back the later batches of the channel too.
   * @default 1
   */
  readonly maxLeases?: number;
  /** What gives way when the queue or the disk is full. @default 'drop-oldest' (of the lowest priority first) */
  readonly whenFull?: 'drop-oldest' | 'refuse';
  /** Hears of everything that was dropped, damaged or failed. */
  readonly onReport?: (report: QueueReport) => void;
  readonly clock?: QueueClock;
  readonly fileSystem?: FileSystem;
  readonly process?: ProcessPort;
  /** Even draw of 32 bits, which marks files as different. */
  readonly random?: () => number;
}

export type Settings = Required<QueueOptions>;

const MIB = 1024 * 1024;
const LEAST_SEGMENT_BYTES = 256;
const DEFAULT_ITEM_BYTES = 128 * 1024;
const SEGMENTS_OF_MAX = 4;

/** @throws QueueError `INPUT_INVALID` */
export function settle(options: QueueOptions): Settings {
  const maxBytes = options.maxBytes ?? 64 * MIB;
  const segmentBytes = options.segmentBytes ?? Math.max(LEAST_SEGMENT_BYTES, Math.min(MIB, Math.floor(maxBytes / 16)));
  const settings: Settings = {
    sync: 'always',
    syncInterval: 1000,
    acknowledgeInterval: 200,
    maxAge: Number.POSITIVE_INFINITY,
    maxBufferedBytes: MIB,
    maxItemBytes: Math.min(DEFAULT_ITEM_BYTES, segmentBytes),
    maxChannels: 256,
    maxLeases: 1,
    whenFull: 'drop-oldest',
    onReport: () => {},
    clock: systemClock,
    fileSystem: nodeFileSystem,
    process: thisProcess,
    random: () => randomBytes(4).readUInt32LE(),
    ...Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)),
    directory: options.directory,
    maxBytes,
    segmentBytes,
  };
  const { acknowledgeInterval, maxAge, maxBufferedBytes, maxChannels, maxItemBytes, maxLeases, syncInterval } =
    settings;
  const rules: readonly [boolean, string][] = [
    [typeof settings.directory === 'string' && settings.directory !== '', 'directory must be a path'],
    [
      ['always', 'interval', 'never'].includes(settings.sync),
      `sync must be always, interval or never, received ${settings.sync}`,
    ],
    [
      ['drop-oldest', 'refuse'].includes(settings.whenFull),
      `whenFull must be drop-oldest or refuse, received ${settings.whenFull}`,
    ],
    [
      isCount(segmentBytes, LEAST_SEGMENT_BYTES),
      `segmentBytes must be at least ${LEAST_SEGMENT_BYTES}, received ${segmentBytes}`,
    ],
    [
      isCount(maxBytes, 1) && maxBytes >= SEGMENTS_OF_MAX * segmentBytes,
      `maxBytes must be at least ${SEGMENTS_OF_MAX} × segmentBytes (${segmentBytes}), received ${maxBytes}`,
    ],
    [
      isCount(maxItemBytes, 1) && maxItemBytes <= segmentBytes,
      `maxItemBytes must be 1 to segmentBytes (${segmentBytes}), received ${maxItemBytes}`,
    ],
    [isCount(maxBufferedBytes, 1), `maxBufferedBytes must be a whole number above 0, received ${maxBufferedBytes}`],
    [isCount(maxChannels, 1), `maxChannels must be a whole number above 0, received ${maxChannels}`],
    [isCount(maxLeases, 1), `maxLeases must be a whole number above 0, received ${maxLeases}`],
    [maxAge > 0, `maxAge must be above 0, received ${maxAge}`],
    [acknowledgeInterval >= 0, `acknowledgeInterval must be 0 or more, received ${acknowledgeInterval}`],
    [syncInterval > 0, `syncInterval must be above 0, received ${syncInterval}`],
  ];
  const broken = rules.filter(([held]) => !held).map(([, text]) => text);
  if (broken.length > 0) throw new QueueError('INPUT_INVALID', broken.join('; '));
  return settings;
}

function isCount(value: number, least: number): boolean {
  return Number.isSafeInteger(value) && value >= least;
}
