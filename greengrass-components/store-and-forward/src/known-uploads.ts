import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';
import { readWhole, replaceFile } from './atomic-file.ts';

const ID_BYTES = 16;
/** Ids of uploads that have left the spool: on disk between this many and twice as many. */
const KEPT = 8_192;
/** Ids in memory, of the spool's and of these. */
const MOST = 131_072;

/**
 * Which uploads were stored, so that a repetition is not stored twice.
 *
 * INVARIANTS
 * - The id of an upload in the spool is in the spool's item. The id of one that leaves it is on disk here before it leaves.
 * - A giver repeats only what was not answered, and has few of these at once: the latest ids are enough.
 */
export class KnownUploads {
  readonly #path: string;
  /** In the order in which they came. */
  readonly #ids = new Set<string>();
  #left: string[] = [];
  #file: FileHandle | undefined;

  private constructor(path: string) {
    this.#path = path;
  }

  static async open(workDirectory: string): Promise<KnownUploads> {
    const known = new KnownUploads(join(workDirectory, 'uploads.ids'));
    const content = readWhole(known.#path) ?? Buffer.alloc(0);
    // What a crash has torn was not promised: its upload is still in the spool.
    for (let at = 0; at + ID_BYTES <= content.length; at += ID_BYTES) {
      const id = content.toString('hex', at, at + ID_BYTES);
      known.#left.push(id);
      known.add(id);
    }
    await known.#compact();
    return known;
  }

  get size(): number {
    return this.#ids.size;
  }

  has(id: string): boolean {
    return this.#ids.has(id);
  }

  add(id: string): void {
    this.#ids.add(id);
    if (this.#ids.size <= MOST) return;
    for (const oldest of this.#ids) {
      this.#ids.delete(oldest);
      break;
    }
  }

  /** They leave the spool. Resolves when that is on disk. */
  async leave(ids: readonly string[]): Promise<void> {
    if (ids.length === 0) return;
    if (this.#left.length + ids.length > 2 * KEPT) await this.#compact();
    this.#left.push(...ids);
    const file = this.#file ?? (await this.#open());
    await file.appendFile(Buffer.from(ids.join(''), 'hex'));
    await file.datasync();
  }

  async close(): Promise<void> {
    await this.#file?.close();
    this.#file = undefined;
  }

  async #compact(): Promise<void> {
    await this.close();
    this.#left = this.#left.slice(-KEPT);
    await replaceFile(this.#path, Buffer.from(this.#left.join(''), 'hex'));
  }

  async #open(): Promise<FileHandle> {
    this.#file = await open(this.#path, constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT, 0o600);
    return this.#file;
  }
}
