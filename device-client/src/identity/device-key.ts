import * as z from 'zod';
import type { ConnectionOptions } from '../connection/connection-options.ts';

/** Where a private key is: a file of the state directory, or a key on the configured token. */
export const keyReferenceSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('file'), file: z.string().min(1) }),
  z.strictObject({ kind: z.literal('token'), label: z.string().min(1) }),
]);

export type KeyReference = z.infer<typeof keyReferenceSchema>;

/** A private key of the device (ECDSA P-256). */
export interface DeviceKey {
  readonly reference: KeyReference;
  /** What a connection needs to use it. */
  readonly connection: Pick<ConnectionOptions, 'privateKeyPem' | 'token'>;
  /** ECDSA with SHA-256, DER. @throws DeviceError `KEY_UNUSABLE` */
  sign(bytes: Uint8Array): Promise<Uint8Array>;
  /** PKCS #10, PEM. @throws DeviceError `KEY_UNUSABLE` */
  signingRequest(commonName: string): Promise<string>;
}

/** Where the keys of a device are made and kept. */
export interface KeyStore {
  /** Makes a key of that name; one that is there already, from an interrupted attempt, is taken. */
  create(name: string): Promise<DeviceKey>;
  /** @throws DeviceError `KEY_UNUSABLE` when there is no such key */
  open(reference: KeyReference): Promise<DeviceKey>;
  /** Removes it for good, whether it was there or not. */
  remove(reference: KeyReference): Promise<void>;
  /** Names of the keys that the store has made. */
  list(): Promise<KeyReference[]>;
}

/** The first key of a device. Later ones carry the id of the request that they were made for. */
export const FIRST_KEY = 'device';

export function rotationKeyName(requestId: string): string {
  return `${FIRST_KEY}-${requestId}`;
}
