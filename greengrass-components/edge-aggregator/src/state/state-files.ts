import * as fs from 'node:fs';
import { mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { crc32 } from '@fleetwright/durable-queue';
import type { ComponentLog } from '../../../shared/src/component.ts';

/** A plain descriptor for the journal: writing through a file handle costs more. */
const openFile = promisify(fs.open);
const closeFile = promisify(fs.close);
const writeFile = promisify(fs.write);
const syncFile = promisify(fs.fdatasync);

/** Before each block of a journal: its length and its checksum. bytes */
const BLOCK_HEADER_BYTES = 8;
const FORMAT = 1;

export interface KeptState {
  /** Undefined on the first start, or when nothing readable is left. */
  readonly state: object | undefined;
  /** Records after the state, of one journal each. */
  readonly journals: readonly Uint8Array[];
  /** Something that was written is not readable: what follows it is left out. */
  readonly isDamaged: boolean;
}

/**
 * A state and what happened since, on disk: `state-<n>.json`, and `journal-<n>` of what came after it.
 *
 * INVARIANT: what {@link read} gives is the state at a moment that was once reached, and no earlier than the last write that
 * was reported as done. (A power cut may take it back further, unless writes are synced.)
 */
export class StateFiles {
  readonly #directory: string;
  readonly #sync: () => boolean;
  readonly #log: ComponentLog;
  #number = 0;
  #journal: number | undefined;

  /** @param sync whether a write is brought to disk before it is done */
  constructor(directory: string, sync: () => boolean, log: ComponentLog) {
    this.#directory = directory;
    this.#sync = sync;
    this.#log = log;
  }

  async read(): Promise<KeptState> {
    await mkdir(this.#directory, { recursive: true, mode: 0o700 });
    const names = await readdir(this.#directory);
    const numbers = (expression: RegExp): number[] =>
      names.flatMap((name) => Number(expression.exec(name)?.[1] ?? Number.NaN)).filter((number) => number > 0);
    const states = numbers(/^state-(\d+)\.json$/).sort((left, right) => right - left);
    const journals = numbers(/^journal-(\d+)$/).sort((left, right) => left - right);
    this.#number = Math.max(0, ...states, ...journals);
    let isDamaged = false;
    for (const number of states) {
      const state = await this.#stateAt(number);
      if (state === undefined) {
        isDamaged = true;
        continue;
      }
      const after: Uint8Array[] = [];
      const following = journals.filter((journal) => journal >= number);
      for (const [index, journal] of following.entries()) {
        const { isWhole, records } = readBlocks(await readFile(join(this.#directory, `journal-${journal}`)));
        after.push(records);
        // A block that was being written at the end was promised to nobody; one in the middle was.
        if (!isWhole && index < following.length - 1) {
          isDamaged = true;
          break;
        }
      }
      return { state, journals: after, isDamaged };
    }
    return { state: undefined, journals: [], isDamaged: isDamaged || journals.length > 0 };
  }

  /** @throws the disk's error; then nothing is known of the end of the journal: {@link begin} a new one */
  async append(records: Uint8Array): Promise<void> {
    if (this.#journal === undefined) throw new Error('there is no journal');
    const block = blockOf(records);
    for (let done = 0; done < block.length; ) {
      const { bytesWritten } = await writeFile(this.#journal, block, done, block.length - done, null);
      if (bytesWritten === 0) throw new Error('the disk took no bytes');
      done += bytesWritten;
    }
    if (this.#sync()) await syncFile(this.#journal);
  }

  /** Writes the whole state, and begins a new journal after it. @throws the disk's error; then what was there before is still there */
  async begin(state: string): Promise<void> {
    const number = this.#number + 1;
    const path = join(this.#directory, `state-${number}.json`);
    const file = await open(`${path}.new`, 'w', 0o600);
    try {
      await file.writeFile(`${JSON.stringify({ format: FORMAT, checksum: crc32(Buffer.from(state)) })}\n${state}`);
      await file.sync();
    } finally {
      await file.close();
    }
    const journal = await openFile(join(this.#directory, `journal-${number}`), 'w', 0o600);
    try {
      await rename(`${path}.new`, path);
      await this.#syncDirectory();
    } catch (error) {
      await closeFile(journal);
      throw error;
    }
    await this.close().catch(() => {});
    this.#journal = journal;
    this.#number = number;
    await this.#removeOlder(number);
  }

  async close(): Promise<void> {
    const journal = this.#journal;
    this.#journal = undefined;
    if (journal !== undefined) await closeFile(journal);
  }

  async #stateAt(number: number): Promise<object | undefined> {
    const name = `state-${number}.json`;
    try {
      const text = await readFile(join(this.#directory, name), 'utf8');
      const end = text.indexOf('\n');
      const { checksum, format } = JSON.parse(text.slice(0, end));
      const state = text.slice(end + 1);
      if (format !== FORMAT || checksum !== crc32(Buffer.from(state))) throw new Error('its checksum is wrong');
      return JSON.parse(state);
    } catch (error) {
      this.#log.error('a state is not readable', { file: name, reason: String(error) });
      return undefined;
    }
  }

  async #removeOlder(number: number): Promise<void> {
    for (const name of await readdir(this.#directory)) {
      const own = Number(/^(?:state|journal)-(\d+)/.exec(name)?.[1] ?? Number.NaN);
      if (own < number) await rm(join(this.#directory, name), { force: true });
    }
  }

  async #syncDirectory(): Promise<void> {
    const directory = await open(this.#directory, 'r');
    try {
      await directory.sync();
    } finally {
      await directory.close();
    }
  }
}

function blockOf(records: Uint8Array): Buffer {
  const block = Buffer.allocUnsafe(BLOCK_HEADER_BYTES + records.length);
  block.writeUInt32BE(records.length, 0);
  block.writeUInt32BE(crc32(records), 4);
  block.set(records, BLOCK_HEADER_BYTES);
  return block;
}

/** Whole blocks from the beginning, without their headers. */
function readBlocks(bytes: Buffer): { readonly records: Uint8Array; readonly isWhole: boolean } {
  const parts: Buffer[] = [];
  let at = 0;
  while (at + BLOCK_HEADER_BYTES <= bytes.length) {
    const end = at + BLOCK_HEADER_BYTES + bytes.readUInt32BE(at);
    const part = bytes.subarray(at + BLOCK_HEADER_BYTES, end);
    if (end > bytes.length || crc32(part) !== bytes.readUInt32BE(at + 4)) break;
    parts.push(part);
    at = end;
  }
  return { records: Buffer.concat(parts), isWhole: at === bytes.length };
}
