import * as z from 'zod';
import { DeviceError } from '../errors.ts';
import type { StateDirectory } from '../state-directory.ts';
import { keyReferenceSchema } from './device-key.ts';

const FILE = 'rotation.json';

const begun = {
  requestId: z.string(),
  reason: z.enum(['expiring', 'asked']),
  key: keyReferenceSchema,
};

const issued = {
  ...begun,
  certificateId: z.string().min(1),
  certificateFile: z.string().min(1),
  /** ms since the epoch until which the platform waits for the confirmation */
  confirmBefore: z.int().nonnegative(),
};

const outcomeSchema = z.strictObject({
  requestId: z.string(),
  result: z.enum(['completed', 'failed']),
  detail: z.string().optional(),
  /** ms since the epoch */
  at: z.int().nonnegative(),
});

/** How a rotation ended. */
export type RotationOutcome = z.infer<typeof outcomeSchema>;

const recordSchema = z.discriminatedUnion('phase', [
  z.strictObject({ phase: z.literal('idle'), last: outcomeSchema.optional() }),
  /** The new key is made; the platform is asked for its certificate. */
  z.strictObject({ phase: z.literal('requesting'), ...begun, csrPem: z.string() }),
  /** The new certificate is on disk; whether it works is to be seen. */
  z.strictObject({ phase: z.literal('trial'), ...issued, trials: z.int().nonnegative() }),
  /** The new certificate has connected. From here on the platform may withdraw the old one at any time. */
  z.strictObject({ phase: z.literal('confirming'), ...issued }),
  /** The new certificate is given up; the platform is to hear it over the old one. */
  z.strictObject({ phase: z.literal('abandoning'), ...issued, detail: z.string() }),
]);

/** How far a rotation is: what `rotation.json` holds. */
export type RotationRecord = z.infer<typeof recordSchema>;
export type ActiveRotation = Exclude<RotationRecord, { phase: 'idle' }>;
export type IssuedRotation = Extract<RotationRecord, { certificateId: string }>;

export class RotationStore {
  readonly #state: StateDirectory;

  constructor(state: StateDirectory) {
    this.#state = state;
  }

  /** @throws DeviceError `STATE_UNUSABLE`: with a damaged record nobody knows which certificate is the platform's */
  read(): RotationRecord {
    const text = this.#state.read(FILE);
    if (text === undefined) return { phase: 'idle' };
    try {
      return recordSchema.parse(JSON.parse(text));
    } catch (error) {
      throw new DeviceError('STATE_UNUSABLE', `${this.#state.file(FILE)} is damaged`, { cause: error });
    }
  }

  write(record: RotationRecord): void {
    this.#state.write(FILE, `${JSON.stringify(record, undefined, 2)}\n`);
  }

  writeCertificate(requestId: string, certificatePem: string): string {
    const file = `device-${requestId}.certificate.pem`;
    this.#state.write(file, certificatePem);
    return file;
  }
}
