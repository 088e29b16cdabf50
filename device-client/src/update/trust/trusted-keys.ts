import { type SignedKeySet, type TrustedKeySet, trustedKeySetSchema } from '@fleetwright/contracts';
import { AtomicRecord } from '../disk/atomic-record.ts';
import type { Disk } from '../disk/disk.ts';
import { type KeySetRotation, rotateKeySet } from './key-set.ts';

/** The keys that a device trusts: those that it was made with, until newer ones have come. Serials only grow. */
export class TrustedKeys {
  readonly #record: AtomicRecord<TrustedKeySet>;
  #current: TrustedKeySet;

  constructor(disk: Disk, directory: string, first: TrustedKeySet) {
    this.#record = new AtomicRecord(disk, directory, 'trusted-keys', trustedKeySetSchema);
    this.#current = first;
  }

  get current(): TrustedKeySet {
    return this.#current;
  }

  /** What was taken before; firmware that brings a newer first set wins over it. */
  async load(): Promise<void> {
    const kept = await this.#record.read();
    if (kept !== undefined && kept.serial > this.#current.serial) this.#current = kept;
  }

  /** On disk before it is trusted. */
  async take(signed: SignedKeySet): Promise<KeySetRotation> {
    const rotation = rotateKeySet(this.#current, signed);
    if (rotation.kind === 'rotated') {
      await this.#record.write(rotation.keySet);
      this.#current = rotation.keySet;
    }
    return rotation;
  }
}
