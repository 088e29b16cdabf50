import { type DeviceConfiguration, deviceConfigurationSchema } from '@fleetwright/contracts';
import * as z from 'zod';
import { DeviceError, reasonOf } from '../errors.ts';
import type { StateDirectory } from '../state-directory.ts';
import { type DeviceKey, FIRST_KEY, type KeyReference, type KeyStore, keyReferenceSchema } from './device-key.ts';
import { FileKeyStore } from './file-key-store.ts';

/** Who a provisioned device is. */
export interface DeviceIdentity {
  readonly thingName: string;
  readonly certificateId: string;
  readonly certificatePem: string;
  /** @throws DeviceError `KEY_ON_TOKEN` */
  readonly privateKeyPem: string;
  readonly configuration: DeviceConfiguration;
}

/** An identity with its key, wherever that is. */
export interface KeyedIdentity extends DeviceIdentity {
  readonly key: DeviceKey;
}

const FIRST_CERTIFICATE = 'device.certificate.pem';
const IDENTITY = 'identity.json';
const FIRST_REFERENCE: KeyReference = { kind: 'file', file: `${FIRST_KEY}.key.pem` };

const recordSchema = z.object({
  thingName: z.string().min(1),
  certificateId: z.string().min(1),
  configuration: deviceConfigurationSchema,
  certificateFile: z.string().min(1).default(FIRST_CERTIFICATE),
  key: keyReferenceSchema.default(FIRST_REFERENCE),
});

/** What `identity.json` holds. */
export type IdentityRecord = z.infer<typeof recordSchema>;

/**
 * Key, certificate and place of a device in its state directory. The record `identity.json` is written last and says
 * which key and which certificate belong to it: where it is missing, the device is not provisioned, whatever else lies
 * there; and it is one write that replaces key and certificate.
 */
export class IdentityStore {
  readonly #state: StateDirectory;
  readonly keys: KeyStore;

  constructor(state: StateDirectory, keys: KeyStore = new FileKeyStore(state)) {
    this.#state = state;
    this.keys = keys;
  }

  /** The key of an interrupted provisioning is used again, so that no half-made identity is left behind. */
  firstKey(): Promise<DeviceKey> {
    return this.keys.create(FIRST_KEY);
  }

  /** @throws DeviceError `STATE_UNUSABLE` when the record is damaged */
  record(): IdentityRecord | undefined {
    const text = this.#state.read(IDENTITY);
    if (text === undefined) return undefined;
    try {
      return recordSchema.parse(JSON.parse(text));
    } catch (error) {
      throw new DeviceError(
        'STATE_UNUSABLE',
        `${this.#state.file(IDENTITY)} is damaged; remove it to provision again`,
        { cause: error },
      );
    }
  }

  /** @throws DeviceError `STATE_UNUSABLE` when record or certificate is damaged, `KEY_UNUSABLE` */
  async load(): Promise<KeyedIdentity | undefined> {
    const record = this.record();
    if (record === undefined) return undefined;
    return this.assemble(record);
  }

  /** @throws DeviceError `STATE_UNUSABLE` when the certificate is missing, `KEY_UNUSABLE` */
  async assemble(record: IdentityRecord): Promise<KeyedIdentity> {
    const certificatePem = this.#state.read(record.certificateFile);
    if (certificatePem === undefined) {
      throw new DeviceError('STATE_UNUSABLE', `${this.#state.file(record.certificateFile)} is missing`);
    }
    return keyedIdentity(record, certificatePem, await this.keys.open(record.key));
  }

  /** Of the provisioning: the first key, the first certificate. */
  save(identity: Omit<DeviceIdentity, 'privateKeyPem'>, key: KeyReference = FIRST_REFERENCE): void {
    const { certificatePem, certificateId, configuration, thingName } = identity;
    this.#state.write(FIRST_CERTIFICATE, certificatePem);
    this.replace({ thingName, certificateId, configuration, certificateFile: FIRST_CERTIFICATE, key });
  }

  /** Makes another key and certificate the device's own, with one write. */
  replace(record: IdentityRecord): void {
    this.#state.write(IDENTITY, `${JSON.stringify(record, undefined, 2)}\n`);
  }

  /**
   * Removes keys and certificates that neither the record nor `kept` names: what an interrupted change has left. @returns
   * why it could not be done in whole: left-overs do no harm
   */
  async sweep(
    kept: readonly { readonly key: KeyReference; readonly certificateFile?: string | undefined }[],
  ): Promise<string | undefined> {
    const record = this.record();
    if (record === undefined) return undefined;
    const named = [record, ...kept];
    const inUse = new Set(named.map(({ key }) => JSON.stringify(key)));
    const files = new Set(named.map(({ certificateFile }) => certificateFile));
    try {
      for (const file of this.#state.list()) {
        if (/^device.*\.certificate\.pem$/.test(file) && !files.has(file)) this.#state.remove(file);
      }
      for (const key of await this.keys.list()) {
        if (!inUse.has(JSON.stringify(key))) await this.keys.remove(key);
      }
      return undefined;
    } catch (error) {
      return reasonOf(error);
    }
  }

  /** Ends the device's life: no key, no certificate, no identity. The record goes first, as it was written last. */
  async erase(): Promise<void> {
    this.#state.remove(IDENTITY);
    for (const file of this.#state.list()) {
      if (/^device.*\.certificate\.pem$/.test(file)) this.#state.remove(file);
    }
    for (const key of await this.keys.list()) await this.keys.remove(key);
  }
}

/** The private key is not enumerable: it does not travel with copies, logs and JSON. */
export function keyedIdentity(
  { thingName, certificateId, configuration }: Pick<IdentityRecord, 'thingName' | 'certificateId' | 'configuration'>,
  certificatePem: string,
  key: DeviceKey,
): KeyedIdentity {
  const identity = { thingName, certificateId, certificatePem, configuration };
  return Object.defineProperties(identity as unknown as KeyedIdentity, {
    key: { value: key, enumerable: false },
    privateKeyPem: {
      enumerable: false,
      get: () => {
        const { privateKeyPem } = key.connection;
        if (privateKeyPem !== undefined) return privateKeyPem;
        throw new DeviceError('KEY_ON_TOKEN', 'the private key never leaves its token');
      },
    },
  });
}
