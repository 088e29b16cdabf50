import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Dice } from './dice.ts';
import { Faults } from './faults.ts';
import { FULL_FUZZ, FUZZ_SAMPLE, runFuzz } from './fuzz/fuzz.ts';
import { FULL_KILL, KILL_SAMPLE, runKill } from './kill/kill.ts';
import { FULL_LOAD, LOAD_SAMPLE, runLoad } from './load/load.ts';
import type { PartName, PartResult, Say } from './part.ts';
import { Subject } from './subject.ts';

export type Size = 'full' | 'sample';

type Run = (subject: Subject, dice: Dice, faults: Faults, say: Say) => Promise<PartResult>;

const RUNS: Readonly<Record<PartName, Readonly<Record<Size, Run>>>> = {
  fuzz: {
    full: (subject, dice, faults, say) => runFuzz(subject, dice, faults, FULL_FUZZ, say),
    sample: (subject, dice, faults, say) => runFuzz(subject, dice, faults, FUZZ_SAMPLE, say),
  },
  kill: {
    full: (subject, dice, faults, say) => runKill(subject, dice, faults, FULL_KILL, say),
    sample: (subject, dice, faults, say) => runKill(subject, dice, faults, KILL_SAMPLE, say),
  },
  load: {
    full: (subject, dice, faults, say) => runLoad(subject, dice, faults, FULL_LOAD, say),
    sample: (subject, dice, faults, say) => runLoad(subject, dice, faults, LOAD_SAMPLE, say),
  },
};

/** Runs one part against a platform of its own, in a directory that is removed afterwards. */
export async function runPart(part: PartName, size: Size, seed: number, say: Say): Promise<PartResult> {
  const directory = mkdtempSync(join(tmpdir(), `fleetwright-verify-${part}-`));
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
      ...(part === 'fuzz' && { publishesPerSecondPerConnection: Number.MAX_SAFE_INTEGER }),
    });
    return await RUNS[part][size](subject, dice, faults, say);
  } finally {
    await subject?.stop();
    rmSync(directory, { recursive: true, force: true });
  }
}
