import type { Dice } from '../dice.ts';
import { type ProcessMark, processTree, survivors } from '../process-tree.ts';
import type { Subject } from '../subject.ts';
import type { SentLedger } from './sent-ledger.ts';

/** When the next kill comes, with the share of each. */
const MOMENTS = { 'under traffic': 60, 'after a start': 15, 'while starting': 25 };

export type KillMoment = keyof typeof MOMENTS;

/** ms at most, evenly drawn: after the first acknowledgement; after a start; after the listeners are open */
const LATEST: Readonly<Record<KillMoment, number>> = {
  'under traffic': 2_500,
  'after a start': 1_000,
  'while starting': 1_200,
};
/** ms in which devices that are kept waiting must be acknowledged again */
const RECONNECT_TIMEOUT = 90_000;
/** ms in which processes of a killed cloud must end */
const ORPHAN_TIMEOUT = 15_000;

/** Kills, starts again, and notes what was not as it must be. */
export class KillRounds {
  readonly failedStarts: string[] = [];
  /** Resources that a start on kept state did not leave alone. */
  readonly changes: string[] = [];
  /** Processes that outlived the cloud that had started them. */
  readonly orphans: string[] = [];
  kills = 0;
  killsWhileStarting = 0;
  /** ms */
  longestStart = 0;
  /** ms from a start to the first acknowledgement of any device */
  longestSilence = 0;
  readonly #subject: Subject;
  readonly #ledger: SentLedger;
  readonly #dice: Dice;
  readonly #outputs: string;

  constructor(subject: Subject, ledger: SentLedger, dice: Dice) {
    this.#subject = subject;
    this.#ledger = ledger;
    this.#dice = dice;
    this.#outputs = JSON.stringify(subject.platform.outputs);
  }

  /** One or two kills, at most `left`, and a start. Undefined when the start failed: then nothing more can be tried. */
  async next(left: number): Promise<KillMoment | undefined> {
    const drawn = this.#dice.weighted(MOMENTS);
    const moment = drawn === 'while starting' && left < 2 ? 'after a start' : drawn;
    const delay = this.#dice.int(LATEST[moment]);
    if (moment === 'under traffic') await this.#acknowledgedAgain();
    if (moment !== 'while starting') await pause(delay);
    const marks = await this.#subject.kill();
    this.kills++;
    try {
      if (moment === 'while starting') {
        marks.push(...(await this.#interruptedStart(delay)));
        this.kills++;
        this.killsWhileStarting++;
      }
      const starting = performance.now();
      await this.#subject.start();
      this.longestStart = Math.max(this.longestStart, performance.now() - starting);
    } catch (error) {
      this.failedStarts.push(`after kill ${this.kills}: ${error instanceof Error ? error.message : String(error)}`);
      return undefined;
    }
    this.#noteChanges();
    for (const { command, pid } of await leftOver(marks)) {
      this.orphans.push(`${command} (${pid}) after kill ${this.kills}`);
    }
    return moment;
  }

  /** Resolves at the first acknowledgement from now on. @throws Error when devices do not come back */
  async #acknowledgedAgain(): Promise<void> {
    const began = performance.now();
    const before = this.#ledger.messages.size;
    while (this.#ledger.messages.size === before) {
      if (performance.now() > began + RECONNECT_TIMEOUT) {
        throw new Error(`no device was acknowledged within ${RECONNECT_TIMEOUT} ms of a start`);
      }
      await pause(20);
    }
    this.longestSilence = Math.max(this.longestSilence, performance.now() - began);
  }

  /** Starts, and kills `delay` ms after the listeners are open or when the start is done, whichever comes first. */
  async #interruptedStart(delay: number): Promise<ProcessMark[]> {
    let marks: ProcessMark[] | undefined;
    let timer: NodeJS.Timeout | undefined;
    const strike = (pid: number): void => {
      const [, ...below] = processTree(pid);
      marks = below;
      process.kill(pid, 'SIGKILL');
    };
    try {
      await this.#subject.start(({ pid }) => {
        timer = setTimeout(() => strike(pid), delay);
      });
      clearTimeout(timer);
      return marks ?? (await this.#subject.kill());
    } catch (error) {
      if (marks === undefined) throw error;
      return marks;
    }
  }

  #noteChanges(): void {
    for (const { action, logicalId, stackName } of this.#subject.steps) {
      if (action !== 'unchanged') this.changes.push(`${action} ${stackName}.${logicalId}`);
    }
    const now = JSON.stringify(this.#subject.platform.outputs);
    if (now !== this.#outputs) this.changes.push(`outputs ${now} instead of ${this.#outputs}`);
  }
}

async function leftOver(marks: readonly ProcessMark[]): Promise<ProcessMark[]> {
  const deadline = performance.now() + ORPHAN_TIMEOUT;
  for (;;) {
    const left = survivors(marks);
    if (left.length === 0 || performance.now() > deadline) return left;
    await pause(50);
  }
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
