import { createHash } from 'node:crypto';
import { DeviceError } from '../../errors.ts';
import {
  type Disk,
  isFull,
  measureFile,
  openIfThere,
  pieces,
  readFileIfThere,
  removeIfThere,
  writeAll,
} from '../disk/disk.ts';
import { type DirectorySlotName, otherSlot, SlotLayout } from './slot-layout.ts';
import type { BootStatus, SlotImage, SlotSystem } from './slot-system.ts';

export interface DirectorySlotsOptions {
  readonly disk: Disk;
  /** Directory that holds both slots, on the disk of the downloads or on another. */
  readonly root: string;
  /** The slot that the launcher has started this program from. */
  readonly running: DirectorySlotName;
  /** Boots that a trial may take. @default 3 */
  readonly trialBoots?: number;
}

const TRIAL_BOOTS = 3;
const EXECUTABLE = 0o700;

/**
 * A/B slots in a directory, for programs that a launcher starts: a boot loader in user space. How it lies there, and what
 * holds at any moment: {@link SlotLayout}.
 */
export class DirectorySlots implements SlotSystem {
  readonly #disk: Disk;
  readonly #layout: SlotLayout;
  readonly #running: DirectorySlotName;
  readonly #other: DirectorySlotName;
  readonly #trialBoots: number;

  constructor({ disk, root, running, trialBoots }: DirectorySlotsOptions) {
    this.#disk = disk;
    this.#layout = new SlotLayout(disk, root);
    this.#running = running;
    this.#other = otherSlot(running);
    this.#trialBoots = trialBoots ?? TRIAL_BOOTS;
  }

  async status(): Promise<BootStatus> {
    const current = await this.#layout.current();
    const trial = await this.#layout.trial();
    const isOther = trial?.slot === this.#other && current !== this.#other;
    return {
      running: this.#running,
      other: this.#other,
      confirmed: current === this.#running,
      otherTrial: isOther ? (trial.left > 0 ? 'waiting' : 'failed') : 'none',
      image: await this.#layout.image(this.#running),
    };
  }

  /** A slot keeps a copy of its own, which replaces the one that is there. */
  async spaceToWrite({ size }: SlotImage): Promise<number> {
    const there = await measureSize(this.#disk, this.#layout.imagePath(this.#other));
    return Math.max(0, size - there);
  }

  async holds({ sha256 }: SlotImage): Promise<boolean> {
    return (await this.#layout.wholeImage(this.#other))?.sha256 === sha256;
  }

  async write(file: string, image: SlotImage): Promise<void> {
    await this.#requireConfirmed('written');
    if (await this.holds(image)) return;
    // Nothing may boot what is being written.
    await this.#layout.endTrial();
    await this.#layout.empty(this.#other);
    const path = this.#layout.imagePath(this.#other);
    await removeIfThere(this.#disk, path);
    await removeIfThere(this.#disk, `${path}.new`);
    await this.#copy(file, `${path}.new`, image);
    await this.#disk.setMode(`${path}.new`, EXECUTABLE);
    await this.#disk.rename(`${path}.new`, path);
    await this.#disk.syncDirectory(this.#layout.directory(this.#other));
    await this.#layout.fill(this.#other, image);
  }

  async tryOther({ sha256 }: SlotImage): Promise<void> {
    await this.#requireConfirmed('tried');
    const whole = await this.#layout.wholeImage(this.#other);
    if (whole?.sha256 !== sha256) {
      throw new DeviceError('STATE_UNUSABLE', `slot ${this.#other} does not hold the image that is to be tried`);
    }
    await this.#layout.setTrial({ slot: this.#other, sha256, left: this.#trialBoots });
  }

  async confirm(): Promise<void> {
    if ((await this.#layout.current()) !== this.#running) await this.#layout.setCurrent(this.#running);
    await this.#layout.endTrial();
  }

  async revert(): Promise<void> {
    const sha256 = (await this.#layout.image(this.#running))?.sha256 ?? '';
    if ((await this.#layout.current()) === this.#running) return;
    try {
      await this.#layout.setTrial({ slot: this.#running, sha256, left: 0 });
    } catch (error) {
      if (!isFull(error)) throw error;
      // To remove it needs no room: then nobody knows that it was tried, and it may be once more.
      await this.#layout.endTrial();
    }
  }

  async measure(): Promise<string | undefined> {
    return (await measureFile(this.#disk, this.#layout.imagePath(this.#running)))?.sha256;
  }

  async readRunning(most: number): Promise<Buffer | undefined> {
    const path = this.#layout.imagePath(this.#running);
    if ((await measureSize(this.#disk, path)) > most) return undefined;
    return readFileIfThere(this.#disk, path, most);
  }

  async #requireConfirmed(what: string): Promise<void> {
    if ((await this.#layout.current()) === this.#running) return;
    throw new DeviceError('STATE_UNUSABLE', `no slot is ${what} while slot ${this.#running} is on trial`);
  }

  async #copy(from: string, to: string, image: SlotImage): Promise<void> {
    const source = await this.#disk.open(from);
    try {
      const target = await this.#disk.create(to);
      try {
        const hash = createHash('sha256');
        let at = 0;
        for await (const piece of pieces(source, 0, image.size)) {
          hash.update(piece);
          await writeAll(target, piece, at);
          at += piece.length;
        }
        if (at !== image.size || hash.digest('hex') !== image.sha256) {
          throw new DeviceError('STATE_UNUSABLE', 'the downloaded image changed while it was installed');
        }
        await target.sync();
      } finally {
        await target.close();
      }
    } finally {
      await source.close();
    }
  }
}

async function measureSize(disk: Disk, path: string): Promise<number> {
  const file = await openIfThere(disk, path);
  if (file === undefined) return 0;
  try {
    return await file.size();
  } finally {
    await file.close();
  }
}

/**
 * Makes a device's first slot, as a factory does: the image in slot `a`, confirmed, and its version the floor. Does nothing
 * where a slot boots already.
 */
export async function createFirstSlot(disk: Disk, root: string, file: string, version: string): Promise<void> {
  await disk.makeDirectory(root);
  const layout = new SlotLayout(disk, root);
  const current = await layout.current();
  if (current !== undefined && (await layout.wholeImage(current)) !== undefined) return;
  const measured = await measureFile(disk, file);
  if (measured === undefined) throw new DeviceError('INPUT_INVALID', `there is no image at ${file}`);
  const image = { version, minimumVersion: version, ...measured };
  // Slot b seems to run, so that slot a is the one to be written.
  await layout.setCurrent('b');
  await new DirectorySlots({ disk, root, running: 'b' }).write(file, image);
  await layout.setCurrent('a');
}
