import { join } from 'node:path';
import type { Entropy } from '../../core/entropy.ts';
import { AwsError } from '../../core/errors.ts';
import { SealingKey } from '../../core/sealing-key.ts';

/** Keeps secret values sealed, each for its place (secret and version), as the account's `aws/secretsmanager` key does. */
export class Vault {
  readonly #key: SealingKey;

  private constructor(key: SealingKey) {
    this.#key = key;
  }

  /**
   * `mustExist` when sealed values are kept already: a new key could not open them.
   * @throws CloudError `DATA_DIRECTORY_UNUSABLE`
   */
  static open(directory: string, entropy: Entropy, mustExist: boolean): Vault {
    return new Vault(SealingKey.open(join(directory, 'values.key'), entropy, mustExist));
  }

  /** Base64 */
  seal(plaintext: Uint8Array, place: string): string {
    return this.#key.seal(plaintext, place);
  }

  /** @throws AwsError `DecryptionFailure` */
  open(sealed: string, place: string): Buffer {
    try {
      return this.#key.open(sealed, place);
    } catch (cause) {
      throw new AwsError('DecryptionFailure', 'The protected secret text cannot be decrypted.', 400, { cause });
    }
  }
}
