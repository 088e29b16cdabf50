import { existsSync, readFileSync } from 'node:fs';
import { mkdir, open, rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import { decodeState, encodeState, type StoredState } from './state-codec.ts';

/** What was learnt, on disk. A crash while it is written leaves what was there before. */
export class StateFile {
  readonly #path: string;
  #writing: Promise<void> = Promise.resolve();

  constructor(path: string) {
    this.#path = path;
  }

  /** Undefined: there is none. @throws StateRefused */
  read(): StoredState | undefined {
    return existsSync(this.#path) ? decodeState(readFileSync(this.#path)) : undefined;
  }

  /** Resolves when it is on disk. Writes follow one another. */
  write(state: StoredState): Promise<void> {
    const next = this.#writing.catch(() => {}).then(() => this.#replace(encodeState(state)));
    this.#writing = next;
    return next;
  }

  async #replace(bytes: Buffer): Promise<void> {
    await mkdir(dirname(this.#path), { recursive: true });
    const file = await open(`${this.#path}.new`, 'w', 0o600);
    try {
      await file.writeFile(bytes);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(`${this.#path}.new`, this.#path);
  }
}
