import { firmwareVersionSchema } from '@fleetwright/contracts';
import * as z from 'zod';
import { type Disk, isMissing, measureFile, readFileIfThere, removeIfThere, replaceFile } from '../disk/disk.ts';
import { openSealedJson, sealJson } from '../disk/sealed-json.ts';
import type { SlotImage } from './slot-system.ts';

/**
 * Two slots in a directory:
 * ```
 * a/image  a/slot     the program, and what it is (sealed JSON); a slot without a whole `slot` file is empty
 * b/image  b/slot
 * current -> a        the slot that boots by itself
 * trial               the slot to be tried before that, and how often still (sealed JSON)
 * ```
 * INVARIANTS
 * - `slot` is written when `image` is on disk, and removed before `image` is touched.
 * - `current` points to a slot that has been whole and confirmed; neither it nor the slot on trial is written.
 */
export const SLOT_NAMES = ['a', 'b'] as const;
export type DirectorySlotName = (typeof SLOT_NAMES)[number];

export const CURRENT = 'current';
const TRIAL = 'trial';
const SLOT = 'slot';
export const IMAGE = 'image';
const MAX_FILE_BYTES = 4_096;

const slotImageSchema = z.object({
  version: firmwareVersionSchema,
  minimumVersion: firmwareVersionSchema,
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  size: z.int().min(1),
});

const trialSchema = z.object({
  slot: z.enum(SLOT_NAMES),
  /** Of the image that is on trial: no other is tried in its name. */
  sha256: z.string(),
  /** Boots that may still begin; 0 when it has been given up or is in its last one. */
  left: z.int().min(0),
});

export type Trial = z.infer<typeof trialSchema>;

export function isSlotName(text: string | undefined): text is DirectorySlotName {
  return SLOT_NAMES.some((name) => name === text);
}

export function otherSlot(name: DirectorySlotName): DirectorySlotName {
  return name === 'a' ? 'b' : 'a';
}

/** What lies in a directory of slots. Used by the agent and by the launcher, each of which may be stopped at any point. */
export class SlotLayout {
  readonly #disk: Disk;
  readonly #root: string;

  constructor(disk: Disk, root: string) {
    this.#disk = disk;
    this.#root = root;
  }

  directory(slot: DirectorySlotName): string {
    return `${this.#root}/${slot}`;
  }

  imagePath(slot: DirectorySlotName): string {
    return `${this.directory(slot)}/${IMAGE}`;
  }

  /** Undefined where there is no such link, or it points elsewhere. */
  async current(): Promise<DirectorySlotName | undefined> {
    try {
      const target = await this.#disk.readLink(`${this.#root}/${CURRENT}`);
      return isSlotName(target) ? target : undefined;
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw error;
    }
  }

  /** Atomic, and on disk when it resolves. */
  async setCurrent(slot: DirectorySlotName): Promise<void> {
    const aside = `${this.#root}/${CURRENT}.new`;
    await removeIfThere(this.#disk, aside);
    await this.#disk.symlink(slot, aside);
    await this.#disk.rename(aside, `${this.#root}/${CURRENT}`);
    await this.#disk.syncDirectory(this.#root);
  }

  async trial(): Promise<Trial | undefined> {
    return this.#read(this.#root, TRIAL, trialSchema);
  }

  async setTrial(trial: Trial): Promise<void> {
    await replaceFile(this.#disk, this.#root, TRIAL, sealJson(trial));
  }

  async endTrial(): Promise<void> {
    if (await removeIfThere(this.#disk, `${this.#root}/${TRIAL}`)) await this.#disk.syncDirectory(this.#root);
  }

  /** What a slot says that it holds; undefined for an empty one. */
  async image(slot: DirectorySlotName): Promise<SlotImage | undefined> {
    return this.#read(this.directory(slot), SLOT, slotImageSchema);
  }

  /** What a slot holds, when every byte of it is there. */
  async wholeImage(slot: DirectorySlotName): Promise<SlotImage | undefined> {
    const image = await this.image(slot);
    if (image === undefined) return undefined;
    const measured = await measureFile(this.#disk, this.imagePath(slot));
    return measured?.sha256 === image.sha256 ? image : undefined;
  }

  async empty(slot: DirectorySlotName): Promise<void> {
    const directory = this.directory(slot);
    await this.#disk.makeDirectory(directory);
    if (await removeIfThere(this.#disk, `${directory}/${SLOT}`)) await this.#disk.syncDirectory(directory);
  }

  /** Says what a slot holds. Its image is on disk. */
  async fill(slot: DirectorySlotName, image: SlotImage): Promise<void> {
    await replaceFile(this.#disk, this.directory(slot), SLOT, sealJson(image));
  }

  async #read<T>(directory: string, name: string, schema: z.ZodType<T>): Promise<T | undefined> {
    const bytes = await readFileIfThere(this.#disk, `${directory}/${name}`, MAX_FILE_BYTES).catch(() => undefined);
    const read = schema.safeParse(bytes === undefined ? undefined : openSealedJson(bytes));
    return read.success ? read.data : undefined;
  }
}
