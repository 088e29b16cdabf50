import { join } from 'node:path';
import { arn, parseArn } from '../../core/account.ts';
import { uuid } from '../../core/entropy.ts';
import { AwsError } from '../../core/errors.ts';
import type { CloudContext } from '../../core/plugin.ts';
import { SealingKey } from '../../core/sealing-key.ts';
import type { Collection } from '../../core/store.ts';
import { invalidState, notFound } from './errors.ts';
import { newMaterial } from './key-material.ts';
import type { AliasRecord, KeyMaterial, KeyRecord } from './key-record.ts';
import { DAY_MS } from './limits.ts';

const MATERIAL_ID_BYTES = 32;
const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/**
 * The KMS keys of the account and their aliases. Key material is kept sealed under a key file of this service, and
 * opened one at a time.
 */
export class Keys {
  readonly context: CloudContext;
  readonly #sealing: SealingKey;
  readonly #keys: Collection<KeyRecord>;
  readonly #aliases: Collection<AliasRecord>;

  constructor(context: CloudContext) {
    this.context = context;
    this.#keys = context.store.collection('kms/keys');
    this.#aliases = context.store.collection('kms/aliases');
    this.#sealing = SealingKey.open(
      join(context.dataDirectory, 'kms', 'material.key'),
      context.entropy,
      this.#keys.size > 0,
    );
  }

  all(): KeyRecord[] {
    return [...this.#keys.values()].filter((key) => this.find(key.id) !== undefined);
  }

  aliases(): IterableIterator<AliasRecord> {
    return this.#aliases.values();
  }

  aliasesOf(key: KeyRecord): AliasRecord[] {
    return [...this.#aliases.values()].filter(({ keyId }) => keyId === key.id);
  }

  alias(name: string): AliasRecord | undefined {
    return this.#aliases.get(name);
  }

  aliasArn(name: string): string {
    return arn(this.context.account, 'kms', name);
  }

  /** By key id, key ARN, alias name or alias ARN. A key whose waiting period is over is gone. */
  find(id: string): KeyRecord | undefined {
    const key = this.#keys.get(this.#keyIdOf(id) ?? '');
    const due = key?.deletion;
    return due !== undefined && due.at <= this.context.clock.now() ? undefined : key;
  }

  /** @throws AwsError NotFoundException, InvalidArnException */
  require(id: string): KeyRecord {
    const found = this.find(id);
    if (found !== undefined) return found;
    if (id.startsWith('arn:')) {
      const parsed = parseArn(id);
      if (parsed?.service !== 'kms' || !/^(key|alias)\//.test(parsed.resource)) {
        throw new AwsError('InvalidArnException', `Invalid arn ${id}`);
      }
    }
    const resource = parseArn(id)?.resource ?? id;
    if (resource.startsWith('alias/'))
      throw notFound(`Alias ${id.startsWith('arn:') ? id : this.aliasArn(id)} is not found.`);
    if (id.startsWith('arn:')) throw notFound(`Key '${id}' does not exist`);
    if (!UUID.test(id)) throw notFound(`Invalid keyId '${id}'`);
    throw notFound(`Key '${arn(this.context.account, 'kms', `key/${id}`)}' does not exist`);
  }

  /** @throws AwsError NotFoundException, DisabledException, KMSInvalidStateException */
  requireEnabled(id: string): KeyRecord {
    const key = this.requireNotPending(id);
    if (key.state === 'Disabled') throw new AwsError('DisabledException', `${key.arn} is disabled.`);
    return key;
  }

  /** @throws AwsError NotFoundException, KMSInvalidStateException */
  requireNotPending(id: string): KeyRecord {
    const key = this.require(id);
    if (key.state === 'PendingDeletion') throw invalidState(`${key.arn} is pending deletion.`);
    return key;
  }

  newIdentity(): { id: string; arn: string } {
    const id = uuid(this.context.entropy);
    return { id, arn: arn(this.context.account, 'kms', `key/${id}`) };
  }

  async newMaterial(key: Pick<KeyRecord, 'arn' | 'spec'>): Promise<{ material: KeyMaterial; publicKey?: Buffer }> {
    const { secret, publicKey } = await newMaterial(key.spec, this.context.entropy);
    const id = this.context.entropy.bytes(MATERIAL_ID_BYTES).toString('hex');
    const material = { id, sealed: this.#sealing.seal(secret, `${key.arn}/${id}`) };
    return publicKey === undefined ? { material } : { material, publicKey };
  }

  currentMaterial(key: KeyRecord): KeyMaterial {
    const current = key.materials.at(-1);
    if (current === undefined) throw new Error(`${key.arn} has no key material`);
    return current;
  }

  /** The secret bytes of symmetric and HMAC keys, PKCS #8 of key pairs. */
  openMaterial(key: KeyRecord, material = this.currentMaterial(key)): Buffer {
    return this.#sealing.open(material.sealed, `${key.arn}/${material.id}`);
  }

  save(key: KeyRecord): void {
    this.#keys.put(key.id, key);
  }

  saveAlias(alias: AliasRecord): void {
    this.#aliases.put(alias.name, alias);
  }

  removeAlias(name: string): void {
    this.#aliases.delete(name);
  }

  /** Adds a generation to a symmetric key: it encrypts from now on, the earlier ones still decrypt. */
  async rotate(key: KeyRecord, type: 'AUTOMATIC' | 'ON_DEMAND'): Promise<void> {
    const { material } = await this.newMaterial(key);
    key.materials.push({ ...material, rotation: { at: this.context.clock.now(), type } });
    this.save(key);
  }

  /** Removes for good what has outlived its waiting period, and rotates what is due. */
  async sweep(): Promise<void> {
    const now = this.context.clock.now();
    for (const key of [...this.#keys.values()]) {
      if (key.deletion !== undefined && key.deletion.at <= now) {
        for (const { name } of this.aliasesOf(key)) this.#aliases.delete(name);
        this.#keys.delete(key.id);
      } else if (key.rotation !== undefined && key.state === 'Enabled' && key.rotation.next <= now) {
        key.rotation.next = now + key.rotation.periodDays * DAY_MS;
        await this.rotate(key, 'AUTOMATIC');
      }
    }
  }

  #keyIdOf(id: string): string | undefined {
    if (id.startsWith('alias/')) return this.#aliases.get(id)?.keyId;
    if (!id.startsWith('arn:')) return id;
    const { account } = this.context;
    const parsed = parseArn(id);
    if (parsed?.service !== 'kms' || parsed.accountId !== account.accountId || parsed.region !== account.region) {
      return undefined;
    }
    if (parsed.resource.startsWith('alias/')) return this.#aliases.get(parsed.resource)?.keyId;
    return parsed.resource.startsWith('key/') ? parsed.resource.slice('key/'.length) : undefined;
  }
}
