import { StateDirectory } from '../../state-directory.ts';

/** The process is gone: nothing that it does from now on reaches the disk. */
export class Crash extends Error {
  override readonly name = 'Crash';
}

/**
 * A state directory of a process that dies at one of its writes.
 *
 * @param stopAt number of the write (from 0), counting removals; undefined never dies
 * @param after whether that write is on disk before the process dies
 */
export class CrashingState extends StateDirectory {
  readonly #stopAt: number | undefined;
  readonly #after: boolean;
  writes = 0;
  dead = false;
  /** Says what was being done when the process died. */
  where = '';

  constructor(path: string, stopAt?: number, after = false) {
    super(path);
    this.#stopAt = stopAt;
    this.#after = after;
  }

  override write(name: string, content: string): void {
    this.#step(`write ${name}`, () => super.write(name, content));
  }

  override remove(name: string): void {
    this.#step(`remove ${name}`, () => super.remove(name));
  }

  #step(what: string, task: () => void): void {
    if (this.dead) throw new Crash(this.where);
    const mine = this.writes++;
    if (mine !== this.#stopAt || this.#after) task();
    if (mine !== this.#stopAt) return;
    this.dead = true;
    this.where = `${this.#after ? 'after' : 'before'} ${what}`;
    throw new Crash(this.where);
  }
}
