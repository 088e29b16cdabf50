import type * as z from 'zod';
import { type Disk, readFileIfThere, removeIfThere, replaceFile } from './disk.ts';
import { openSealedJson, sealJson } from './sealed-json.ts';

/** bytes; a record is far smaller, so a file above it is not one */
const MAX_RECORD_BYTES = 1_048_576;

/**
 * A value on disk in numbered files, `<name>.<number>`.
 *
 * INVARIANTS
 * - A write makes a new file (aside, flushed, renamed, directory flushed) and leaves the one before: what a crash or a
 *   lying disk makes of the newest, there is a whole one before it.
 * - What is read is the newest whole one: a torn file is told by its digest.
 */
export class AtomicRecord<T> {
  readonly #disk: Disk;
  readonly #directory: string;
  readonly #name: string;
  readonly #schema: z.ZodType<T>;
  /** Highest number that there is, and the highest whose file is whole. */
  #number: number | undefined;
  #whole = 0;

  constructor(disk: Disk, directory: string, name: string, schema: z.ZodType<T>) {
    this.#disk = disk;
    this.#directory = directory;
    this.#name = name;
    this.#schema = schema;
  }

  /** The newest whole value; undefined where there is none. */
  async read(): Promise<T | undefined> {
    const numbers = await this.#numbers();
    this.#number = numbers[0] ?? 0;
    for (const number of numbers) {
      const bytes = await readFileIfThere(this.#disk, this.#path(number), MAX_RECORD_BYTES).catch(() => undefined);
      const value = bytes === undefined ? undefined : openSealedJson(bytes);
      if (value === undefined) continue;
      const read = this.#schema.safeParse(value);
      if (!read.success) continue;
      this.#whole = number;
      return read.data;
    }
    return undefined;
  }

  /** On disk when it resolves. Rejects with the disk's error: then the value before is still the newest. */
  async write(value: T): Promise<void> {
    this.#number ??= (await this.#numbers())[0] ?? 0;
    const before = this.#whole;
    await replaceFile(this.#disk, this.#directory, `${this.#name}.${this.#number + 1}`, sealJson(value));
    this.#number++;
    this.#whole = this.#number;
    for (const number of await this.#numbers()) {
      if (number < before) await removeIfThere(this.#disk, this.#path(number));
    }
  }

  /** Newest first. */
  async #numbers(): Promise<number[]> {
    await this.#disk.makeDirectory(this.#directory);
    const numbers: number[] = [];
    for (const entry of await this.#disk.list(this.#directory)) {
      if (!entry.startsWith(`${this.#name}.`)) continue;
      const rest = entry.slice(this.#name.length + 1);
      if (/^[1-9]\d{0,14}$/.test(rest)) numbers.push(Number(rest));
    }
    return numbers.sort((left, right) => right - left);
  }

  #path(number: number): string {
    return `${this.#directory}/${this.#name}.${number}`;
  }
}
