import { firmwareVersionSchema } from '@fleetwright/contracts';
import * as z from 'zod';
import { AtomicRecord } from '../disk/atomic-record.ts';
import type { Disk } from '../disk/disk.ts';

const slotNoteSchema = z.object({
  version: firmwareVersionSchema,
  minimumVersion: firmwareVersionSchema,
  sha256: z.string(),
  size: z.int(),
  /** By which the installer tells this installation from another, where it does. */
  stamp: z.string().optional(),
});

const slotNotesSchema = z.object({
  /** What each slot was written with, by its name. */
  slots: z.record(z.string(), slotNoteSchema),
  /** The slot that is written, or tried; a slot that is neither boots by itself. */
  trial: z.object({ slot: z.string(), told: z.boolean() }).optional(),
});

export type SlotNotes = z.infer<typeof slotNotesSchema>;

/**
 * What an installer and a boot loader of the system do not remember: which image a slot was written with, and that it is on
 * trial. It lies where both slots find it.
 */
export class SlotNotebook {
  readonly #record: AtomicRecord<SlotNotes>;

  constructor(disk: Disk, directory: string) {
    this.#record = new AtomicRecord(disk, directory, 'slots', slotNotesSchema);
  }

  async read(): Promise<SlotNotes> {
    return (await this.#record.read()) ?? { slots: {} };
  }

  async change(change: (notes: SlotNotes) => SlotNotes): Promise<void> {
    await this.#record.write(change(await this.read()));
  }
}
