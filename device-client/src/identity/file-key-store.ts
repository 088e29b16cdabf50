import { DeviceError } from '../errors.ts';
import type { StateDirectory } from '../state-directory.ts';
import { type DeviceKey, FIRST_KEY, type KeyReference, type KeyStore } from './device-key.ts';
import { certificateSigningRequest, generatePrivateKey, signWith } from './key-pair.ts';

const SUFFIX = '.key.pem';

/** Keys as files of the state directory, mode 0600. */
export class FileKeyStore implements KeyStore {
  readonly #state: StateDirectory;

  constructor(state: StateDirectory) {
    this.#state = state;
  }

  async create(name: string): Promise<DeviceKey> {
    const file = `${name}${SUFFIX}`;
    const kept = this.#state.read(file);
    if (kept !== undefined) return keyOf(file, kept);
    const made = generatePrivateKey();
    this.#state.write(file, made);
    return keyOf(file, made);
  }

  async open(reference: KeyReference): Promise<DeviceKey> {
    if (reference.kind !== 'file') {
      throw new DeviceError('KEY_UNUSABLE', `key '${reference.label}' is on a token, and none is configured`);
    }
    const kept = this.#state.read(reference.file);
    if (kept === undefined) throw new DeviceError('KEY_UNUSABLE', `${this.#state.file(reference.file)} is missing`);
    return keyOf(reference.file, kept);
  }

  async remove(reference: KeyReference): Promise<void> {
    if (reference.kind === 'file') this.#state.remove(reference.file);
  }

  async list(): Promise<KeyReference[]> {
    return this.#state
      .list()
      .filter((file) => file.startsWith(FIRST_KEY) && file.endsWith(SUFFIX))
      .map((file) => ({ kind: 'file', file }));
  }
}

function keyOf(file: string, privateKeyPem: string): DeviceKey {
  return {
    reference: { kind: 'file', file },
    connection: { privateKeyPem },
    sign: async (bytes) => signWith(privateKeyPem, bytes),
    signingRequest: (commonName) => certificateSigningRequest(privateKeyPem, commonName),
  };
}
