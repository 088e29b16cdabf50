import * as z from 'zod';
import { DeviceError } from '../../errors.ts';
import type { Disk } from '../disk/disk.ts';
import { commandRunner, type RunCommand } from './run-command.ts';
import { SlotNotebook } from './slot-notes.ts';
import type { BootStatus, SlotImage, SlotSystem } from './slot-system.ts';

export interface RaucSlotsOptions {
  readonly disk: Disk;
  /** Directory for notes, on a partition that both slots mount. */
  readonly directory: string;
  /** Class of the slots that boot, in RAUC's system.conf. @default 'rootfs' */
  readonly slotClass?: string;
  /** What runs as long as no update has been installed. */
  readonly factoryImage?: SlotImage;
  /** @default runs it */
  readonly run?: RunCommand;
}

const slotSchema = z.object({
  class: z.string(),
  bootname: z.string().nullish(),
  state: z.string(),
  boot_status: z.string().nullish(),
  slot_status: z
    .object({
      status: z.string().nullish(),
      installed: z.object({ timestamp: z.string(), count: z.number() }).nullish(),
    })
    .nullish(),
});

/** `rauc status --detailed --output-format=json`; each element of `slots` has one member, by the slot's name. */
const statusSchema = z.object({
  boot_primary: z.string().nullish(),
  slots: z.array(z.record(z.string(), slotSchema)),
});

type RaucSlot = z.infer<typeof slotSchema> & { readonly name: string };

interface RaucStatus {
  readonly running: RaucSlot;
  readonly other: RaucSlot;
  readonly primary: string | undefined;
}

/**
 * Slots of RAUC (rauc.readthedocs.io): images are its bundles, which it verifies by its own keyring besides; its boot loader
 * counts. In `system.conf`, `activate-installed=false` leaves it to us when a slot is tried; where it is missing, a slot that
 * boots before its time is sent back.
 */
export class RaucSlots implements SlotSystem {
  readonly #options: RaucSlotsOptions;
  readonly #notebook: SlotNotebook;
  readonly #run: RunCommand;

  constructor(options: RaucSlotsOptions) {
    this.#options = options;
    this.#notebook = new SlotNotebook(options.disk, options.directory);
    this.#run = options.run ?? commandRunner();
  }

  async status(): Promise<BootStatus> {
    const { other, primary, running } = await this.#status();
    const { trial } = await this.#notebook.read();
    const isOnTrial = trial?.slot === other.name && trial.told;
    return {
      running: running.name,
      other: other.name,
      confirmed: trial?.slot !== running.name,
      otherTrial: isOnTrial ? otherTrial(other, primary) : 'none',
      image: await this.#imageOf(running),
    };
  }

  /** Slots are partitions. */
  async spaceToWrite(): Promise<number> {
    return 0;
  }

  async holds({ sha256 }: SlotImage): Promise<boolean> {
    const { other } = await this.#status();
    if (other.slot_status?.status !== 'ok') return false;
    const note = (await this.#notebook.read()).slots[other.name];
    return note?.sha256 === sha256 && note.stamp !== undefined && note.stamp === stampOf(other);
  }

  async write(file: string, image: SlotImage): Promise<void> {
    const { other } = await this.#untried();
    await this.#notebook.change(({ slots }) => {
      const { [other.name]: _gone, ...rest } = slots;
      return { slots: rest, trial: { slot: other.name, told: false } };
    });
    await this.#run(['rauc', 'install', file]);
    const written = (await this.#status()).other;
    const stamp = stampOf(written);
    const note = { ...imageOnly(image), ...(stamp !== undefined && { stamp }) };
    await this.#notebook.change((notes) => ({ ...notes, slots: { ...notes.slots, [other.name]: note } }));
  }

  async tryOther(): Promise<void> {
    const { other } = await this.#untried();
    await this.#run(['rauc', 'status', 'mark-active', 'other']);
    await this.#notebook.change((notes) => ({ ...notes, trial: { slot: other.name, told: true } }));
  }

  /** RAUC's boot loaders count every boot, until somebody says that it went well: `rauc-mark-good.service` must not, for it would confirm a trial. */
  async stillGood(): Promise<void> {
    await this.#run(['rauc', 'status', 'mark-good', 'booted']);
  }

  async confirm(): Promise<void> {
    await this.#run(['rauc', 'status', 'mark-good', 'booted']);
    const { running } = await this.#status();
    await this.#notebook.change(({ slots, trial }) => (trial?.slot === running.name ? { slots } : { slots, trial }));
  }

  async revert(): Promise<void> {
    if ((await this.status()).confirmed) return;
    await this.#run(['rauc', 'status', 'mark-bad', 'booted']);
    await this.#run(['rauc', 'status', 'mark-active', 'other']);
  }

  /** A partition is not the bundle that it was written from: the bundle's digest, as long as RAUC knows of no later installation. */
  async measure(): Promise<string | undefined> {
    return (await this.#imageOf((await this.#status()).running))?.sha256;
  }

  async readRunning(): Promise<undefined> {
    return undefined;
  }

  async #imageOf(slot: RaucSlot): Promise<SlotImage | undefined> {
    const { slots, trial } = await this.#notebook.read();
    const note = slots[slot.name];
    if (note === undefined) {
      const isFactory = stampOf(slot) === undefined && trial?.slot !== slot.name;
      return isFactory ? this.#options.factoryImage : undefined;
    }
    return note.stamp === stampOf(slot) ? imageOnly(note) : undefined;
  }

  async #untried(): Promise<RaucStatus> {
    const status = await this.#status();
    const { trial } = await this.#notebook.read();
    if (trial?.slot !== status.running.name) return status;
    throw new DeviceError('STATE_UNUSABLE', `no slot is written while ${status.running.name} is on trial`);
  }

  async #status(): Promise<RaucStatus> {
    const text = await this.#run(['rauc', 'status', '--detailed', '--output-format=json']);
    const { boot_primary, slots } = statusSchema.parse(JSON.parse(text));
    const named = slots.flatMap((entry) => Object.entries(entry).map(([name, slot]) => ({ ...slot, name })));
    const slotClass = this.#options.slotClass ?? 'rootfs';
    const bootable = named.filter((slot) => slot.class === slotClass && (slot.bootname ?? '') !== '');
    const running = bootable.find(({ state }) => state === 'booted');
    const [other, ...more] = bootable.filter((slot) => slot !== running);
    if (running === undefined || other === undefined || more.length > 0) {
      throw new DeviceError(
        'STATE_UNUSABLE',
        `RAUC does not name two slots of class '${slotClass}', one of them booted`,
      );
    }
    return { running, other, primary: boot_primary ?? undefined };
  }
}

/** A slot whose boots are used up is bad, and no longer the primary one (RAUC, "Bootloader interaction"). */
function otherTrial(other: RaucSlot, primary: string | undefined): BootStatus['otherTrial'] {
  if (primary === other.name) return 'waiting';
  return other.boot_status === 'bad' ? 'failed' : 'none';
}

function stampOf({ slot_status }: RaucSlot): string | undefined {
  const installed = slot_status?.installed;
  return installed == null ? undefined : `${installed.timestamp} ${installed.count}`;
}

function imageOnly({ minimumVersion, sha256, size, version }: SlotImage): SlotImage {
  return { version, minimumVersion, sha256, size };
}
