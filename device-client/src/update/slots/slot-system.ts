import type { FirmwareVersion } from '@fleetwright/contracts';

/** What a slot was written with. */
export interface SlotImage {
  readonly version: FirmwareVersion;
  /** What the device refuses to go below once it has confirmed this image. */
  readonly minimumVersion: FirmwareVersion;
  readonly sha256: string;
  /** bytes */
  readonly size: number;
}

export interface BootStatus {
  /** The slot that runs now. */
  readonly running: string;
  /** The one that does not. */
  readonly other: string;
  /** Whether the running slot is the one that boots by itself. It is not while it is on trial. */
  readonly confirmed: boolean;
  /** Whether the other slot is to be tried at the next boot, or has been tried and given up. */
  readonly otherTrial: 'none' | 'waiting' | 'failed';
  /** Of the running slot; undefined where it is not known. */
  readonly image: SlotImage | undefined;
}

/**
 * Two slots and the boot loader that chooses between them.
 *
 * INVARIANTS
 * - Every method may be stopped at any point and called again: it goes on from whatever is there.
 * - A slot that is being written does not boot. The running slot, and the one that boots by itself, are never written.
 */
export interface SlotSystem {
  status(): Promise<BootStatus>;
  /** Bytes that {@link write} takes from the disk that downloads lie on. */
  spaceToWrite(image: SlotImage): Promise<number>;
  /** Whether the other slot holds the image whole, by its digest. */
  holds(image: SlotImage): Promise<boolean>;
  /** Puts the image that lies in a file into the other slot: all of it is on disk when it resolves, and nothing boots it yet. */
  write(file: string, image: SlotImage): Promise<void>;
  /** The next boot tries the other slot, and some more do until it is confirmed; then this one boots again. */
  tryOther(image: SlotImage): Promise<void>;
  /** The running slot is the one that boots by itself. */
  confirm(): Promise<void>;
  /** The running slot, which is confirmed, has booted well once more: for boot loaders that count every boot. */
  stillGood?(): Promise<void>;
  /** Ends the trial of the running slot: the next boot is of the other. Does nothing to a running slot that is confirmed. */
  revert(): Promise<void>;
  /** SHA-256 of the running image, computed now; of what it was written with where the platform cannot read it back. */
  measure(): Promise<string | undefined>;
  /** The running image, for deltas; undefined where the platform cannot read it back, or where it is larger than `most`. */
  readRunning(most: number): Promise<Buffer | undefined>;
}
