import { existsSync, mkdirSync, renameSync, statSync } from 'node:fs';
import { appendFile } from 'node:fs/promises';
import { dirname } from 'node:path';

/** bytes of a file before it becomes the old one; there are two */
export const MAX_LOG_BYTES = 5 * 1024 * 1024;
/** Bytes that wait to be written: what a component says beyond is counted and left out. */
const MAX_WAITING_BYTES = 1024 * 1024;
/** characters */
const MAX_LINE = 64 * 1024;

/** What a component writes, in a file that ends, with the one before it. A component that floods it loses lines, not the core its disk. */
export class ComponentLog {
  readonly #file: string;
  readonly #limit: number;
  #waiting: string[] = [];
  #waitingBytes = 0;
  #left = 0;
  #size: number;
  #writing: Promise<void> | undefined;

  constructor(file: string, limit = MAX_LOG_BYTES) {
    this.#file = file;
    this.#limit = limit;
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    this.#size = existsSync(file) ? statSync(file).size : 0;
  }

  write(time: number, stream: string, line: string): void {
    const text = `${new Date(time).toISOString()} ${stream} ${line.slice(0, MAX_LINE)}\n`;
    if (this.#waitingBytes + text.length > MAX_WAITING_BYTES) {
      this.#left++;
      return;
    }
    if (this.#left > 0) {
      const notice = `${new Date(time).toISOString()} nucleus ${this.#left} lines are left out: too many at once\n`;
      this.#left = 0;
      this.#waiting.push(notice);
    }
    this.#waiting.push(text);
    this.#waitingBytes += text.length;
    this.#writing ??= this.#drain();
  }

  /** Resolves when all that was given is in the file. */
  async flush(): Promise<void> {
    await this.#writing;
  }

  async #drain(): Promise<void> {
    // The lines of this moment go together.
    await Promise.resolve();
    while (this.#waiting.length > 0) {
      const text = this.#waiting.join('');
      this.#waiting = [];
      this.#waitingBytes = 0;
      try {
        if (this.#size > 0 && this.#size + text.length > this.#limit) {
          renameSync(this.#file, `${this.#file}.1`);
          this.#size = 0;
        }
        await appendFile(this.#file, text, { mode: 0o600 });
        this.#size += Buffer.byteLength(text);
      } catch {
        // A full disk must not end the core: its components go on without a log.
        this.#size = existsSync(this.#file) ? statSync(this.#file).size : 0;
      }
    }
    this.#writing = undefined;
  }
}
