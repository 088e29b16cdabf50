import { appendFileSync, existsSync, readFileSync, renameSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** The newest lines of the log on disk, in two files of which the older one goes: `agent.log` and `agent.log.1`. */
export class LogFile {
  readonly #path: string;
  readonly #half: number;
  #size: number;

  /** @param maxBytes of both together */
  constructor(directory: string, maxBytes: number) {
    this.#path = join(directory, 'agent.log');
    this.#half = Math.floor(maxBytes / 2);
    this.#size = existsSync(this.#path) ? statSync(this.#path).size : 0;
  }

  /** A full disk must not end the agent: the line is on standard output all the same. */
  write(line: string): void {
    try {
      if (this.#size + line.length > this.#half) {
        renameSync(this.#path, `${this.#path}.1`);
        this.#size = 0;
      }
      appendFileSync(this.#path, line, { mode: 0o600 });
      this.#size += Buffer.byteLength(line);
    } catch {}
  }

  /** The newest whole lines, `maxBytes` at most. */
  async newest(maxBytes: number): Promise<Uint8Array> {
    const parts = [`${this.#path}.1`, this.#path].filter((path) => existsSync(path)).map((path) => readFileSync(path));
    const all = Buffer.concat(parts);
    if (all.length <= maxBytes) return all;
    const from = all.length - maxBytes;
    const lineEnd = all.indexOf(0x0a, from - 1);
    return lineEnd < 0 ? Buffer.alloc(0) : all.subarray(lineEnd + 1);
  }
}
