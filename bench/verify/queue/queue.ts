import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  canMakeSmallDisk,
  FULL_DISK,
  FULL_DISK_SAMPLE,
  type FullDiskOutcome,
  type FullDiskSize,
  runFullDisk,
} from '../../../durable-queue/src/testing/run-full-disk.ts';
import {
  type KillRun,
  LAGGING_CHANNELS,
  PROMPT_CHANNELS,
  runKills,
} from '../../../durable-queue/src/testing/run-kills.ts';
import type { Dice } from '../dice.ts';
import { group, type Invariant, type PartResult, type Say } from '../part.ts';

const MIB = 1024 * 1024;
/** More than all the samples need: nothing is dropped for lack of it. bytes */
const ROOM = 512 * MIB;

export interface QueueSize {
  readonly kills: number;
  readonly samples: number;
  /** Samples of one write */
  readonly group: number;
  /** ms that the last life has to drain everything */
  readonly patience: number;
  /** The same once more with one channel that is taken only in the end, in so little space that segments must be compacted. bytes */
  readonly lagging: Pick<KillRun, 'kills' | 'samples' | 'maxBytes'>;
  readonly disk: FullDiskSize;
}

export const FULL_QUEUE: QueueSize = {
  kills: 200,
  samples: 1_000_000,
  group: 200,
  patience: 900_000,
  lagging: { kills: 40, samples: 200_000, maxBytes: 4 * MIB },
  disk: FULL_DISK,
};
export const QUEUE_SAMPLE: QueueSize = {
  kills: 3,
  samples: 5_000,
  group: 20,
  patience: 120_000,
  lagging: { kills: 2, samples: 5_000, maxBytes: MIB / 8 },
  disk: FULL_DISK_SAMPLE,
};

/** ms from the first sign of a life to its kill */
const LIFE = [10, 700] as const;

/** Kills a process that fills and drains a durable queue, with every write synced, and counts what the world has seen. Then fills a disk. */
export async function runQueue(dice: Dice, say: Say, size: QueueSize): Promise<PartResult> {
  const directory = mkdtempSync(join(tmpdir(), 'fleetwright-queue-'));
  const began = performance.now();
  try {
    const run = (name: string, wanted: Pick<KillRun, 'channels' | 'kills' | 'samples' | 'maxBytes'>) =>
      runKills({
        ...wanted,
        directory: join(directory, name),
        sync: 'always',
        group: size.group,
        patience: size.patience,
        life: LIFE,
        draw: () => dice.draw(),
        onKill: (count, { stored }) =>
          say(`${name}: kill ${count} of ${wanted.kills}: ${group(stored)} samples stored`),
      });
    const { account, kills, tornTails } = await run('prompt', { ...size, channels: PROMPT_CHANNELS, maxBytes: ROOM });
    const lagging = await run('lagging', { ...size.lagging, channels: LAGGING_CHANNELS });
    const wrong = [...account.wrong, ...lagging.account.wrong];
    say('filling a small disk several times over');
    const full = canMakeSmallDisk() ? runFullDisk(size.disk) : undefined;
    const none = (claim: string, kind: string): Invariant => {
      const found = wrong.filter((text) => text.startsWith(kind));
      return {
        claim,
        held: found.length === 0,
        found: found.length === 0 ? 'no exception' : found.slice(0, 3).join('; '),
      };
    };
    return {
      part: 'queue',
      seed: dice.seed,
      seconds: Math.round((performance.now() - began) / 1000),
      tried: [
        `${kills} kills with SIGKILL of a process that puts and takes on four channels of three priorities, fsync always`,
        `${lagging.kills} kills more with a channel that is taken only in the end, beside one with ${group(size.lagging.samples)} samples, in ${group(size.lagging.maxBytes)} bytes: ${lagging.account.compactions} compactions`,
        `${tornTails + lagging.tornTails} torn tails put behind the file that was being written`,
        full === undefined
          ? 'a full disk: skipped, for this system grants no mount namespace to make a small one in'
          : `a disk of ${size.disk.mebibytes} MiB filled with ${group(full.promised)} samples by processes that were killed while it was full (${size.disk.kills}), and drained by another`,
      ],
      figures: {
        kills: kills + lagging.kills,
        'samples promised': account.stored + lagging.account.stored,
        'samples delivered again': account.duplicates + lagging.account.duplicates,
        'samples marked as possible duplicates': account.marked + lagging.account.marked,
        compactions: lagging.account.compactions,
        ...(full !== undefined && { 'samples dropped on the full disk, counted': full.dropped }),
      },
      invariants: [
        {
          claim: 'the whole number of samples was stored',
          held: account.stored >= size.samples,
          found: `${group(account.stored)} of ${group(size.samples)}`,
        },
        {
          claim: 'every kill struck a process at work',
          held: kills === size.kills && lagging.kills === size.lagging.kills,
          found: `${kills + lagging.kills} of ${size.kills + size.lagging.kills}`,
        },
        {
          claim: 'what a channel leaves behind is compacted',
          held: lagging.account.compactions > 0,
          found: `${lagging.account.compactions} times`,
        },
        none('every promised sample is delivered', 'lost'),
        none('each channel is delivered in order, over restarts too', 'out of order'),
        none('what is delivered again is marked', 'not marked'),
        none('nothing is delivered that was not put', 'invented'),
        none('nothing is dropped while there is room', 'dropped'),
        none('the last process drains the queue', 'the last'),
        ...(full === undefined ? [] : [onFullDisk(full)]),
      ],
    };
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

function onFullDisk({ delivered, promised, wrong }: FullDiskOutcome): Invariant {
  const found =
    wrong.length === 0
      ? `${group(delivered)} of ${group(promised)} delivered, the others counted`
      : wrong.slice(0, 3).join('; ');
  return {
    claim: 'a full disk takes the oldest of the least urgent, counts every one, and takes no alarm',
    held: wrong.length === 0,
    found,
  };
}
