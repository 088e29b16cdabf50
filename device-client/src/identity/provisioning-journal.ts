import * as z from 'zod';
import type { StateDirectory } from '../state-directory.ts';

const FILE = 'provisioning.json';

const entrySchema = z.strictObject({
  /** What was registered with: a certificate of another attempt is of no use. */
  provisioningTemplate: z.string(),
  serialNumber: z.string(),
  certificateId: z.string().min(1),
  certificatePem: z.string().min(1),
  certificateOwnershipToken: z.string().min(1),
});

/** A certificate that was issued and is not registered yet. */
export type IssuedCertificate = z.infer<typeof entrySchema>;

/** How far a provisioning has come, so that one that was cut off does not leave a certificate behind at every attempt. */
export class ProvisioningJournal {
  readonly #state: StateDirectory;

  constructor(state: StateDirectory) {
    this.#state = state;
  }

  /** A damaged entry is none: the next attempt asks for another certificate. */
  read(provisioningTemplate: string, serialNumber: string): IssuedCertificate | undefined {
    const text = this.#state.read(FILE);
    if (text === undefined) return undefined;
    try {
      const entry = entrySchema.parse(JSON.parse(text));
      return entry.provisioningTemplate === provisioningTemplate && entry.serialNumber === serialNumber
        ? entry
        : undefined;
    } catch {
      return undefined;
    }
  }

  write(entry: IssuedCertificate): void {
    this.#state.write(FILE, `${JSON.stringify(entry)}\n`);
  }

  remove(): void {
    if (this.#state.read(FILE) !== undefined) this.#state.remove(FILE);
  }
}
