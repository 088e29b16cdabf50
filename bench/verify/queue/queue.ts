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
import { runKills } from '../../../durable-queue/src/testing/run-kills.ts';
import type { Dice } from '../dice.ts';
import { group, type Invariant, type PartResult, type Say } from '../part.ts';

export interface QueueSize {
  readonly kills: number;
  readonly samples: number;
  /** Samples of one write */
  readonly group: number;
  /** ms that the last life has to drain everything */
  readonly patience: number;
  readonly disk: FullDiskSize;
}

export const FULL_QUEUE: QueueSize = { kills: 200, samples: 1_000_000, group: 200, patience: 900_000, disk: FULL_DISK };
export const QUEUE_SAMPLE: QueueSize = {
  kills: 3,
  samples: 5_000,
  group: 20,
  patience: 120_000,
  disk: FULL_DISK_SAMPLE,
};

/** ms from the first sign of a life to its kill */
const LIFE = [10, 700] as const;

/** Kills a process that fills and drains a durable queue, with every write synced, and counts what the world has seen. Then fills a disk. */
export async function runQueue(dice: Dice, say: Say, size: QueueSize): Promise<PartResult> {
  const directory = mkdtempSync(join(tmpdir(), 'fleetwright-queue-'));
  const began = performance.now();
  try {
    const { account, kills, tornTails } = await runKills({
      directory,
      sync: 'always',
      ...size,
      life: LIFE,
      draw: () => dice.draw(),
      onKill: (count, { stored }) => say(`kill ${count} of ${size.kills}: ${group(stored)} samples stored`),
    });
    say('filling a small disk several times over');
    const full = canMakeSmallDisk() ? runFullDisk(size.disk) : undefined;
    const none = (claim: string, kind: string): Invariant => {
      const found = account.wrong.filter((text) => text.startsWith(kind));
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
        `${tornTails} torn tails put behind the file that was being written`,
        full === undefined
          ? 'a full disk: skipped, for this system grants no mount namespace to make a small one in'
          : `a disk of ${size.disk.mebibytes} MiB filled with ${group(full.promised)} samples by processes that were killed while it was full (${size.disk.kills}), and drained by another`,
      ],
      figures: {
        kills,
        'samples promised': account.stored,
        'samples delivered again': account.duplicates,
        'samples marked as possible duplicates': account.marked,
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
          held: kills === size.kills,
          found: `${kills} of ${size.kills}`,
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
