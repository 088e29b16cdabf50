import { createCipheriv, createDecipheriv } from 'node:crypto';
import { chmodSync, existsSync, linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Entropy } from './entropy.ts';
import { CloudError } from './errors.ts';

const KEY_BYTES = 32;
const IV_BYTES = 12;
const TAG_BYTES = 16;

/**
 * A key of one service on this machine, under which it keeps what must not lie in the open: AES-256-GCM.
 *
 * INVARIANTS
 * - The key file has mode 0600 and is never replaced: without it everything sealed is lost.
 * - What was sealed opens only for the place (such as an ARN) it was sealed for.
 */
export class SealingKey {
  readonly #key: Buffer;
  readonly #entropy: Entropy;

  private constructor(key: Buffer, entropy: Entropy) {
    this.#key = key;
    this.#entropy = entropy;
  }

  /**
   * @param mustExist sealed values are kept already: a new key could not open them
   * @throws CloudError `DATA_DIRECTORY_UNUSABLE`
   */
  static open(path: string, entropy: Entropy, mustExist: boolean): SealingKey {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    if (!existsSync(path)) {
      if (mustExist)
        throw new CloudError('DATA_DIRECTORY_UNUSABLE', `the key of what is kept sealed is missing: ${path}`);
      // Written under another name first: a crash leaves either the whole key or none.
      const temporary = `${path}.new`;
      rmSync(temporary, { force: true });
      writeFileSync(temporary, entropy.bytes(KEY_BYTES), { mode: 0o600, flag: 'wx', flush: true });
      linkSync(temporary, path);
      rmSync(temporary);
    }
    chmodSync(path, 0o600);
    const key = readFileSync(path);
    if (key.length !== KEY_BYTES) throw new CloudError('DATA_DIRECTORY_UNUSABLE', `not a key: ${path}`);
    return new SealingKey(key, entropy);
  }

  /** Base64 */
  seal(plaintext: Uint8Array, place: string): string {
    return sealBytes(this.#key, this.#entropy, plaintext, Buffer.from(place)).toString('base64');
  }

  /** @throws Error when it was not sealed with this key for this place */
  open(sealed: string, place: string): Buffer {
    return openBytes(this.#key, Buffer.from(sealed, 'base64'), Buffer.from(place));
  }
}

/** Initialization vector, authentication tag and AES-256-GCM ciphertext. */
export function sealBytes(key: Uint8Array, entropy: Entropy, plaintext: Uint8Array, bound: Uint8Array): Buffer {
  const iv = entropy.bytes(IV_BYTES);
  const cipher = createCipheriv('aes-256-gcm', key, iv).setAAD(bound);
  const ciphertext = Buffer.concat([cipher.update(plaintext), cipher.final()]);
  return Buffer.concat([iv, cipher.getAuthTag(), ciphertext]);
}

/** @throws Error for anything that {@link sealBytes} did not make with this key and these bound bytes */
export function openBytes(key: Uint8Array, sealed: Uint8Array, bound: Uint8Array): Buffer {
  if (sealed.length < IV_BYTES + TAG_BYTES) throw new Error('too short to be sealed');
  const decipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(0, IV_BYTES), { authTagLength: TAG_BYTES })
    .setAAD(bound)
    .setAuthTag(sealed.subarray(IV_BYTES, IV_BYTES + TAG_BYTES));
  return Buffer.concat([decipher.update(sealed.subarray(IV_BYTES + TAG_BYTES)), decipher.final()]);
}
