import { join } from 'node:path';
import { arn, parseArn } from '../../core/account.ts';
import { randomText } from '../../core/entropy.ts';
import { AwsError } from '../../core/errors.ts';
import type { CloudContext } from '../../core/plugin.ts';
import type { Collection } from '../../core/store.ts';
import type { SecretRecord } from './secret-record.ts';
import { Vault } from './vault.ts';

const SUFFIX_ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';

/** The secrets of the account. Values are kept sealed ({@link Vault}) and opened one at a time. */
export class Secrets {
  readonly context: CloudContext;
  readonly vault: Vault;
  readonly #byName = new Map<string, SecretRecord>();
  readonly #records: Collection<SecretRecord>;

  constructor(context: CloudContext) {
    this.context = context;
    this.#records = context.store.collection('secrets-manager/secrets');
    for (const record of this.#records.values()) this.#byName.set(record.name, record);
    const directory = join(context.dataDirectory, 'secrets-manager');
    this.vault = Vault.open(directory, context.entropy, this.#records.size > 0);
  }

  all(): IterableIterator<SecretRecord> {
    return this.#byName.values();
  }

  /**
   * By name, ARN, or ARN without the hyphen and the six random characters ("Finding a secret from a partial ARN").
   * Also finds secrets that are scheduled for deletion.
   */
  find(id: string): SecretRecord | undefined {
    const byArn = this.#records.get(id);
    if (byArn !== undefined) return byArn;
    const parsed = parseArn(id);
    if (parsed === undefined) return this.#byName.get(id);
    const { account } = this.context;
    const prefix = 'secret:';
    if (parsed.service !== 'secretsmanager' || !parsed.resource.startsWith(prefix)) return undefined;
    if (parsed.accountId !== account.accountId || parsed.region !== account.region) return undefined;
    return this.#byName.get(parsed.resource.slice(prefix.length));
  }

  /** @throws AwsError `ResourceNotFoundException` */
  require(id: string): SecretRecord {
    const found = this.find(id);
    if (found === undefined) {
      throw new AwsError('ResourceNotFoundException', "Secrets Manager can't find the specified secret.");
    }
    return found;
  }

  /** A secret that is not scheduled for deletion. @throws AwsError `ResourceNotFoundException`, `InvalidRequestException` */
  requireLive(id: string): SecretRecord {
    const found = this.require(id);
    if (found.deletionDate !== undefined) {
      throw new AwsError(
        'InvalidRequestException',
        "You can't perform this operation on the secret because it was marked for deletion.",
      );
    }
    return found;
  }

  /** The ARN that a new secret of this name gets: different each time. */
  newArn(name: string): string {
    const suffix = randomText(this.context.entropy, 6, SUFFIX_ALPHABET);
    return arn(this.context.account, 'secretsmanager', `secret:${name}-${suffix}`);
  }

  add(record: SecretRecord): void {
    this.#byName.set(record.name, record);
    this.#records.put(record.arn, record);
  }

  /** Saves a change. `changed` says whether it is one that LastChangedDate shows. */
  save(record: SecretRecord, changed = true): void {
    if (changed) record.lastChangedDate = this.context.clock.now();
    this.#records.put(record.arn, record);
  }

  remove(record: SecretRecord): void {
    this.#byName.delete(record.name);
    this.#records.delete(record.arn);
  }

  /** Removes for good what has outlived its recovery window. */
  removeExpired(): void {
    const now = this.context.clock.now();
    for (const record of [...this.#byName.values()]) {
      if (record.deletionDate !== undefined && record.deletionDate <= now) this.remove(record);
    }
  }
}
