import { DeviceError } from '../../errors.ts';
import { type Disk, replaceFile } from '../disk/disk.ts';
import { commandRunner, type RunCommand } from './run-command.ts';
import { SlotNotebook } from './slot-notes.ts';
import type { BootStatus, SlotImage, SlotSystem } from './slot-system.ts';

export interface SwupdateSlotsOptions {
  readonly disk: Disk;
  /** Directory for notes, on a partition that both slots mount. */
  readonly directory: string;
  /** The slot that the kernel was booted from, as its command line says. */
  readonly running: string;
  /** Both slots: what `swupdate -e` selects to write each, like `stable,copy-a`. */
  readonly selections: Readonly<Record<string, string>>;
  /**
   * `swupdate` writes by itself; `swupdate-client` hands the image to the daemon that runs as root, and ends when that has
   * ended (SWUpdate's manual pages). @default 'swupdate'
   */
  readonly program?: 'swupdate' | 'swupdate-client';
  /** Public key or certificate by which `swupdate` verifies the image besides (`-k`). */
  readonly publicKey?: string;
  /** What runs as long as no update has been installed. */
  readonly factoryImage?: SlotImage;
  /** @default runs it */
  readonly run?: RunCommand;
}

/**
 * Variables of U-Boot's environment (docs.u-boot.org, "Boot Count Limit"): while `upgrade_available` is 1, each boot counts,
 * and beyond `bootlimit` U-Boot runs `altbootcmd`, which must set `bootslot` to the other slot and `upgrade_available` to 0.
 */
const BOOT_SLOT = 'bootslot';
const ON_TRIAL = 'upgrade_available';
const BOOT_COUNT = 'bootcount';
const SCRIPT = 'environment';

/** Slots of SWUpdate with U-Boot's boot counter: images are its `.swu` files. */
export class SwupdateSlots implements SlotSystem {
  readonly #options: SwupdateSlotsOptions;
  readonly #notebook: SlotNotebook;
  readonly #run: RunCommand;
  readonly #other: string;

  /** @throws DeviceError `INPUT_INVALID` */
  constructor(options: SwupdateSlotsOptions) {
    this.#options = options;
    this.#notebook = new SlotNotebook(options.disk, options.directory);
    this.#run = options.run ?? commandRunner();
    const names = Object.keys(options.selections);
    const [other, ...more] = names.filter((name) => name !== options.running);
    if (other === undefined || more.length > 0 || !names.includes(options.running)) {
      throw new DeviceError('INPUT_INVALID', `selections name ${names.join(', ')}; slot ${options.running} runs`);
    }
    this.#other = other;
  }

  async status(): Promise<BootStatus> {
    const { running } = this.#options;
    const { trial } = await this.#notebook.read();
    const chosen = (await this.#run(['fw_printenv', '-n', BOOT_SLOT])).trim();
    const isOnTrial = trial?.slot === this.#other && trial.told;
    return {
      running,
      other: this.#other,
      confirmed: trial?.slot !== running,
      otherTrial: !isOnTrial ? 'none' : chosen === this.#other ? 'waiting' : 'failed',
      image: await this.#imageOf(running),
    };
  }

  /** Slots are partitions. */
  async spaceToWrite(): Promise<number> {
    return 0;
  }

  async holds({ sha256 }: SlotImage): Promise<boolean> {
    return (await this.#notebook.read()).slots[this.#other]?.sha256 === sha256;
  }

  async write(file: string, image: SlotImage): Promise<void> {
    await this.#requireUntried();
    const { program = 'swupdate', publicKey, selections } = this.#options;
    const other = this.#other;
    await this.#notebook.change(({ slots }) => {
      const { [other]: _gone, ...rest } = slots;
      return { slots: rest, trial: { slot: other, told: false } };
    });
    const selection = selections[other] ?? '';
    const key = publicKey === undefined ? [] : ['-k', publicKey];
    await this.#run(
      program === 'swupdate-client' ? [program, '-e', selection, file] : [program, '-i', file, '-e', selection, ...key],
    );
    await this.#notebook.change((notes) => ({ ...notes, slots: { ...notes.slots, [other]: imageOnly(image) } }));
  }

  async tryOther(): Promise<void> {
    await this.#requireUntried();
    await this.#setEnvironment({ [BOOT_SLOT]: this.#other, [ON_TRIAL]: '1', [BOOT_COUNT]: '0' });
    await this.#notebook.change((notes) => ({ ...notes, trial: { slot: this.#other, told: true } }));
  }

  async confirm(): Promise<void> {
    const { running } = this.#options;
    await this.#setEnvironment({ [BOOT_SLOT]: running, [ON_TRIAL]: '0', [BOOT_COUNT]: '0' });
    await this.#notebook.change(({ slots, trial }) => (trial?.slot === running ? { slots } : { slots, trial }));
  }

  async revert(): Promise<void> {
    if ((await this.status()).confirmed) return;
    await this.#setEnvironment({ [BOOT_SLOT]: this.#other, [ON_TRIAL]: '0', [BOOT_COUNT]: '0' });
  }

  /** A partition is not the file that it was written from: the file's digest. */
  async measure(): Promise<string | undefined> {
    return (await this.#imageOf(this.#options.running))?.sha256;
  }

  async readRunning(): Promise<undefined> {
    return undefined;
  }

  async #imageOf(slot: string): Promise<SlotImage | undefined> {
    const { slots, trial } = await this.#notebook.read();
    const note = slots[slot];
    if (note !== undefined) return imageOnly(note);
    // A slot that was begun to be written is not what the device was made with.
    return trial?.slot === slot ? undefined : this.#options.factoryImage;
  }

  async #requireUntried(): Promise<void> {
    const { running } = this.#options;
    if ((await this.#notebook.read()).trial?.slot !== running) return;
    throw new DeviceError('STATE_UNUSABLE', `no slot is written while ${running} is on trial`);
  }

  /** All variables in one write: with redundant copies of the environment it is atomic. */
  async #setEnvironment(variables: Readonly<Record<string, string>>): Promise<void> {
    const { directory, disk } = this.#options;
    const lines = Object.entries(variables).map(([name, value]) => `${name} ${value}\n`);
    await disk.makeDirectory(directory);
    await replaceFile(disk, directory, SCRIPT, Buffer.from(lines.join('')));
    await this.#run(['fw_setenv', '-s', `${directory}/${SCRIPT}`]);
  }
}

function imageOnly({ minimumVersion, sha256, size, version }: SlotImage): SlotImage {
  return { version, minimumVersion, sha256, size };
}
