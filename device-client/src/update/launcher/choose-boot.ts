import { DeviceError } from '../../errors.ts';
import type { Disk } from '../disk/disk.ts';
import { type DirectorySlotName, otherSlot, SlotLayout } from '../slots/slot-layout.ts';
import type { SlotImage } from '../slots/slot-system.ts';

export interface BootChoice {
  readonly slot: DirectorySlotName;
  /** It falls back unless the program confirms itself. */
  readonly onTrial: boolean;
  /** The program. */
  readonly path: string;
  readonly image: SlotImage;
}

/**
 * What a boot loader does: a slot on trial while it has boots left, else the slot that boots by itself, else whatever is
 * whole.
 *
 * INVARIANTS
 * - A boot of a trial is counted on disk before it begins.
 * - Nothing boots whose bytes are not those of its digest.
 * @throws DeviceError `STATE_UNUSABLE` when neither slot holds a whole image
 */
export async function chooseBoot(disk: Disk, root: string): Promise<BootChoice> {
  const layout = new SlotLayout(disk, root);
  const current = await layout.current();
  const trial = await layout.trial();
  if (trial !== undefined && trial.slot !== current && trial.left > 0) {
    const image = await layout.wholeImage(trial.slot);
    const isThatImage = image !== undefined && image.sha256 === trial.sha256;
    const isCounted = await succeeds(layout.setTrial({ ...trial, left: isThatImage ? trial.left - 1 : 0 }));
    if (isThatImage && isCounted) return { slot: trial.slot, onTrial: true, path: layout.imagePath(trial.slot), image };
  }
  const first = current ?? 'a';
  for (const slot of [first, otherSlot(first)]) {
    const image = await layout.wholeImage(slot);
    if (image === undefined) continue;
    // The slot that used to boot is damaged: the other one is all there is, so it is no trial.
    if (slot !== current) await succeeds(layout.setCurrent(slot));
    return { slot, onTrial: false, path: layout.imagePath(slot), image };
  }
  throw new DeviceError('STATE_UNUSABLE', `no slot below ${root} holds a whole image`);
}

/** A disk that takes no writes must not keep a device from booting. */
async function succeeds(write: Promise<void>): Promise<boolean> {
  try {
    await write;
    return true;
  } catch {
    return false;
  }
}
