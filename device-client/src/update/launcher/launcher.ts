import { backoffDelay } from '../../backoff.ts';
import { type DeviceClock, sleep } from '../../clock.ts';
import { reasonOf } from '../../errors.ts';
import type { DeviceLog } from '../../feature.ts';
import type { Disk } from '../disk/disk.ts';
import { SlotLayout } from '../slots/slot-layout.ts';
import { type BootChoice, chooseBoot } from './choose-boot.ts';
import { REBOOT_EXIT_CODE, slotVariables } from './slot-environment.ts';

/** A program that runs. */
export interface RunningProgram {
  /** Resolves when it has ended: its exit code, or the name of the signal that ended it. Never rejects. */
  readonly ended: Promise<number | string>;
  kill(signal: 'SIGTERM' | 'SIGKILL'): void;
}

export interface LauncherOptions {
  readonly disk: Disk;
  readonly root: string;
  /** Argument vector; `{image}` stands for the path of the slot's image, which is the last argument where it stands nowhere. */
  readonly command: readonly string[];
  start(command: readonly string[], variables: Readonly<Record<string, string>>): RunningProgram;
  /** ms in which a program on trial must confirm itself, else it is stopped: the watchdog. @default 600000 */
  readonly trialTime?: number;
  readonly clock: DeviceClock;
  /** Even draw in [0, 1). */
  readonly random: () => number;
  readonly log: DeviceLog;
  readonly signal: AbortSignal;
}

const TRIAL_TIME = 600_000;
/** ms that a program has between being asked to end and being killed */
const KILL_AFTER = 10_000;
/** ms between two starts of a program that ends by itself */
const RESTART = { base: 500, cap: 30_000 };
/** ms after which a program has stayed up */
const STAYED_UP = 60_000;

/**
 * Starts the program of the slot that is to boot, again and again: a boot loader with a boot counter and a watchdog, in user
 * space. A program that ends with {@link REBOOT_EXIT_CODE} is followed by whatever is to boot then; one that ends with 0 and
 * is not on trial (any more) ends the launcher; any other end is a crash.
 *
 * @returns the exit code for the launcher's own process
 * @throws DeviceError `STATE_UNUSABLE` when nothing boots
 */
export async function launch(options: LauncherOptions): Promise<number> {
  const { clock, log, random, signal } = options;
  let crashes = 0;
  while (!signal.aborted) {
    const choice = await chooseBoot(options.disk, options.root);
    log.info('booting', { slot: choice.slot, version: choice.image.version, onTrial: choice.onTrial });
    const since = clock.now();
    const end = await boot(options, choice);
    if (signal.aborted) break;
    log.info('the program ended', { slot: choice.slot, end });
    if (end === REBOOT_EXIT_CODE) {
      crashes = 0;
      continue;
    }
    if (end === 0 && (!choice.onTrial || (await isConfirmed(options, choice)))) return 0;
    if (clock.now() - since >= STAYED_UP) crashes = 0;
    await sleep(clock, RESTART.base + backoffDelay(RESTART, crashes++, random()), signal);
  }
  return 0;
}

async function boot(options: LauncherOptions, choice: BootChoice): Promise<number | string> {
  const { clock, log, root, signal } = options;
  const program = options.start(commandFor(options.command, choice.path), slotVariables(choice.slot, root));
  const ended = new AbortController();
  const stop = (): void => {
    program.kill('SIGTERM');
    void sleep(clock, KILL_AFTER, ended.signal).then(() => {
      if (!ended.signal.aborted) program.kill('SIGKILL');
    });
  };
  signal.addEventListener('abort', stop, { once: true });
  if (signal.aborted) stop();
  if (choice.onTrial) {
    void sleep(clock, options.trialTime ?? TRIAL_TIME, ended.signal).then(async () => {
      if (ended.signal.aborted || (await isConfirmed(options, choice))) return;
      log.warn('the program on trial did not confirm itself in time', { slot: choice.slot });
      if (!ended.signal.aborted) stop();
    });
  }
  try {
    return await program.ended;
  } finally {
    ended.abort();
    signal.removeEventListener('abort', stop);
  }
}

async function isConfirmed({ disk, log, root }: LauncherOptions, { slot }: BootChoice): Promise<boolean> {
  try {
    return (await new SlotLayout(disk, root).current()) === slot;
  } catch (error) {
    log.error('cannot see which slot is confirmed', { reason: reasonOf(error) });
    return false;
  }
}

function commandFor(command: readonly string[], image: string): string[] {
  const isPlaced = command.some((argument) => argument.includes('{image}'));
  const placed = command.map((argument) => argument.replaceAll('{image}', image));
  return isPlaced ? placed : [...placed, image];
}
