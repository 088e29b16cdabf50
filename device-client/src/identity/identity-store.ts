import { type DeviceConfiguration, deviceConfigurationSchema } from '@fleetwright/contracts';
import { z } from 'zod';
import { DeviceError } from '../errors.ts';
import type { StateDirectory } from '../state-directory.ts';
import { generatePrivateKey } from './key-pair.ts';

/** Who a provisioned device is. */
export interface DeviceIdentity {
  readonly thingName: string;
  readonly certificateId: string;
  readonly certificatePem: string;
  readonly privateKeyPem: string;
  readonly configuration: DeviceConfiguration;
}

const KEY = 'device.key.pem';
const CERTIFICATE = 'device.certificate.pem';
const IDENTITY = 'identity.json';

const recordSchema = z.object({
  thingName: z.string().min(1),
  certificateId: z.string().min(1),
  configuration: deviceConfigurationSchema,
});

/**
 * Key, certificate and place of a device in its state directory. The record `identity.json` is written last:
 * where it is missing, the device is not provisioned, whatever else lies there.
 */
export class IdentityStore {
  readonly #state: StateDirectory;

  constructor(state: StateDirectory) {
    this.#state = state;
  }

  /** The key of an interrupted provisioning is used again, so that no half-made identity is left behind. */
  privateKey(): string {
    const kept = this.#state.read(KEY);
    if (kept !== undefined) return kept;
    const made = generatePrivateKey();
    this.#state.write(KEY, made);
    return made;
  }

  /** @throws DeviceError `STATE_UNUSABLE` when the record is damaged */
  load(): DeviceIdentity | undefined {
    const record = this.#state.read(IDENTITY);
    const certificatePem = this.#state.read(CERTIFICATE);
    const privateKeyPem = this.#state.read(KEY);
    if (record === undefined || certificatePem === undefined || privateKeyPem === undefined) return undefined;
    try {
      return { ...recordSchema.parse(JSON.parse(record)), certificatePem, privateKeyPem };
    } catch (error) {
      throw new DeviceError(
        'STATE_UNUSABLE',
        `${this.#state.file(IDENTITY)} is damaged; remove it to provision again`,
        {
          cause: error,
        },
      );
    }
  }

  save(identity: Omit<DeviceIdentity, 'privateKeyPem'>): void {
    const { certificatePem, ...record } = identity;
    this.#state.write(CERTIFICATE, certificatePem);
    this.#state.write(IDENTITY, `${JSON.stringify(record, undefined, 2)}\n`);
  }
}
