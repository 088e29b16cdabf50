import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Dice } from './dice.ts';
import { Faults } from './faults.ts';
import { FULL_FUZZ, FUZZ_SAMPLE, runFuzz } from './fuzz/fuzz.ts';
import { FULL_KILL, KILL_SAMPLE, runKill } from './kill/kill.ts';
import { FULL_LOAD, LOAD_SAMPLE, runLoad } from './load/load.ts';
import type { PartName, PartResult, Say } from './part.ts';
import { FULL_QUEUE, QUEUE_SAMPLE, runQueue } from './queue/queue.ts';
import type { Setting } from './setting.ts';
import { Subject } from './subject.ts';

export type Size = 'full' | 'sample';

/** The queue needs no platform. */
type PlatformPart = Exclude<PartName, 'queue'>;

const RUNS: Readonly<Record<PlatformPart, Readonly<Record<Size, (setting: Setting) => Promise<PartResult>>>>> = {
  fuzz: {
    full: (setting) => runFuzz(setting, FULL_FUZZ),
    sample: (setting) => runFuzz(setting, FUZZ_SAMPLE),
  },
  kill: {
    full: (setting) => runKill(setting, FULL_KILL),
    sample: (setting) => runKill(setting, KILL_SAMPLE),
  },
  load: {
    full: (setting) => runLoad(setting, FULL_LOAD),
    sample: (setting) => runLoad(setting, LOAD_SAMPLE),
  },
};

const QUEUE_SIZES = { full: FULL_QUEUE, sample: QUEUE_SAMPLE } as const;

/** A part that could not go on has broken an invariant of its own: what it found so far is lost, but not why. */
async function ranToItsEnd(part: PlatformPart, size: Size, setting: Setting): Promise<PartResult> {
  const began = performance.now();
  try {
    return await RUNS[part][size](setting);
  } catch (error) {
    const reason = error instanceof Error ? (error.stack ?? error.message) : String(error);
    const found = [setting.subject.ended, reason, ...setting.faults.describe()].filter((text) => text !== undefined);
    return {
      part,
      seed: setting.dice.seed,
      seconds: Math.round((performance.now() - began) / 1000),
      tried: [],
      figures: {},
      invariants: [{ claim: 'the run comes to its end', held: false, found: found.join('; ') }],
    };
  }
}

/** Runs parts, one after the other, against a platform of their own in a directory that is removed afterwards. */
export async function runParts(
  names: readonly PartName[],
  size: Size,
  seed: number,
  say: Say = () => {},
): Promise<PartResult[]> {
  const parts = names.filter((name) => name !== 'queue');
  const own = names.includes('queue') ? [await runQueue(new Dice(seed), say, QUEUE_SIZES[size])] : [];
  if (parts.length === 0) return own;
  const directory = mkdtempSync(join(tmpdir(), 'fleetwright-verify-'));
  mkdirSync(join(directory, 'devices'));
  const dice = new Dice(seed);
  const faults = new Faults();
  let subject: Subject | undefined;
  try {
    say('starting the platform');
    subject = await Subject.launch({
      directory,
      dice,
      onWarning: faults.onWarning,
      // Rubbish is thrown faster than AWS lets one connection publish.
      ...(names.includes('fuzz') && { publishesPerSecondPerConnection: Number.MAX_SAFE_INTEGER }),
    });
    const results: PartResult[] = own;
    for (const part of parts) results.push(await ranToItsEnd(part, size, { subject, dice, faults, say }));
    return results;
  } finally {
    await subject?.stop();
    rmSync(directory, { recursive: true, force: true });
  }
}
