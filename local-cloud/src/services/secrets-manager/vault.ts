import { createCipheriv, createDecipheriv } from 'node:crypto';
import { chmodSync, existsSync, linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Entropy } from '../../core/entropy.ts';
import { AwsError, CloudError } from '../../core/errors.ts';

const KEY_BYTES = 32;
const IV_BYTES = 12;
const TAG_BYTES = 16;

/**
 * Encrypts secret values at rest: AES-256-GCM under one key of the data directory, which stands for the
 * account's `aws/secretsmanager` key.
 *
 * INVARIANTS
 * - The key file has mode 0600 and is never replaced: without it every kept value is lost.
 * - A sealed value opens only in the place (secret and version) it was sealed for.
 */
export class Vault {
  readonly #key: Buffer;
  readonly #entropy: Entropy;

  private constructor(key: Buffer, entropy: Entropy) {
    this.#key = key;
    this.#entropy = entropy;
  }

  /**
   * `mustExist` when sealed values are kept already: a new key could not open them.
   * @throws CloudError `DATA_DIRECTORY_UNUSABLE`
   */
  static open(directory: string, entropy: Entropy, mustExist: boolean): Vault {
    const path = join(directory, 'values.key');
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    if (!existsSync(path)) {
      if (mustExist) {
        throw new CloudError('DATA_DIRECTORY_UNUSABLE', `the key of the kept secrets is missing: ${path}`);
      }
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
    return new Vault(key, entropy);
  }

  /** Base64 of initialization vector, authentication tag and ciphertext. */
  seal(plaintext: Uint8Array, place: string): string {
    const iv = this.#entropy.bytes(IV_BYTES);
    const cipher = createCipheriv('aes-256-gcm', this.#key, iv).setAAD(Buffer.from(place));
    const ciphertext = Buffer.concat([cipher.update(plaintext), cipher.final()]);
    return Buffer.concat([iv, cipher.getAuthTag(), ciphertext]).toString('base64');
  }

  /** @throws AwsError `DecryptionFailure` */
  open(sealed: string, place: string): Buffer {
    const bytes = Buffer.from(sealed, 'base64');
    const tagEnd = IV_BYTES + TAG_BYTES;
    const decipher = createDecipheriv('aes-256-gcm', this.#key, bytes.subarray(0, IV_BYTES))
      .setAAD(Buffer.from(place))
      .setAuthTag(bytes.subarray(IV_BYTES, tagEnd));
    try {
      return Buffer.concat([decipher.update(bytes.subarray(tagEnd)), decipher.final()]);
    } catch (cause) {
      throw new AwsError('DecryptionFailure', 'The protected secret text cannot be decrypted.', 400, { cause });
    }
  }
}
