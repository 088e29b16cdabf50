import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { randomText } from '../../core/entropy.ts';
import { AwsError } from '../../core/errors.ts';
import type { CloudContext } from '../../core/plugin.ts';
import type { Collection } from '../../core/store.ts';
import { BucketContents } from './bucket-contents.ts';
import { ALL_BLOCKED, type BucketRecord } from './bucket-record.ts';
import { noSuchBucket } from './errors.ts';
import { MAX_BUCKET_NAME, MIN_BUCKET_NAME } from './limits.ts';
import { Notifications, type ObjectEvent } from './notifications.ts';
import { ObjectFiles } from './object-files.ts';
import { NULL_VERSION, type ObjectRecord } from './object-record.ts';
import type { UploadRecord } from './uploads.ts';

export interface Bucket {
  readonly record: BucketRecord;
  readonly contents: BucketContents;
}

/** What a change of a bucket's contents takes away, to be removed from the disk once the change is on it. */
type Removed = readonly ObjectRecord[];

const VERSION_ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._';

/** The buckets of the account: records in the store, contents indexed in memory, bytes in files. */
export class Buckets {
  readonly context: CloudContext;
  readonly files: ObjectFiles;
  readonly notifications: Notifications;
  /** Canonical user id of the account, which owns everything. */
  readonly ownerId: string;
  readonly uploads: Collection<UploadRecord>;
  readonly #buckets = new Map<string, Bucket>();
  readonly #bucketRecords: Collection<BucketRecord>;
  readonly #objectRecords: Collection<ObjectRecord>;
  #order = 0;

  constructor(context: CloudContext) {
    this.context = context;
    this.files = new ObjectFiles(join(context.dataDirectory, 's3'), context.entropy);
    this.notifications = new Notifications(context);
    this.ownerId = createHash('sha256').update(context.account.accountId).digest('hex');
    this.uploads = context.store.collection('s3/uploads');
    this.#bucketRecords = context.store.collection('s3/buckets');
    this.#objectRecords = context.store.collection('s3/objects');
    for (const record of this.#bucketRecords.values()) {
      this.#buckets.set(record.name, { record, contents: new BucketContents() });
    }
    for (const record of [...this.#objectRecords.values()].sort((a, b) => a.order - b.order)) {
      this.#buckets.get(record.bucket)?.contents.add(record);
      this.#order = Math.max(this.#order, record.order);
    }
  }

  /** In order of name. */
  all(): Bucket[] {
    return [...this.#buckets.values()].sort((a, b) => (a.record.name < b.record.name ? -1 : 1));
  }

  find(name: string): Bucket | undefined {
    return this.#buckets.get(name);
  }

  /** @throws AwsError `NoSuchBucket` (404), `AccessDenied` when the account is not the expected owner */
  require(name: string, expectedOwner?: string): Bucket {
    const bucket = this.#buckets.get(name);
    if (bucket === undefined) throw noSuchBucket(name);
    if (expectedOwner !== undefined && expectedOwner !== this.context.account.accountId) {
      throw new AwsError('AccessDenied', 'Access Denied', 403);
    }
    return bucket;
  }

  /** For whoever has waited since {@link require}. @throws AwsError `NoSuchBucket` when the bucket was deleted meanwhile */
  mustStand(bucket: Bucket): void {
    if (this.#buckets.get(bucket.record.name) !== bucket) throw noSuchBucket(bucket.record.name);
  }

  /** @throws AwsError `InvalidBucketName` */
  create(name: string): Bucket {
    checkBucketName(name);
    const record: BucketRecord = {
      name,
      creationDate: this.context.clock.now(),
      publicAccessBlock: ALL_BLOCKED,
      lifecycle: [],
      tags: [],
    };
    const bucket: Bucket = { record, contents: new BucketContents() };
    this.#buckets.set(name, bucket);
    this.#bucketRecords.put(name, record);
    return bucket;
  }

  /** @throws AwsError `BucketNotEmpty` (409) */
  async delete(bucket: Bucket): Promise<void> {
    const { name } = bucket.record;
    if (!bucket.contents.isEmpty) {
      throw new AwsError(
        'BucketNotEmpty',
        bucket.record.versioning === undefined
          ? 'The bucket you tried to delete is not empty'
          : 'The bucket you tried to delete is not empty. You must delete all versions in the bucket.',
        409,
        { fields: { BucketName: name } },
      );
    }
    for (const [id, upload] of [...this.uploads.entries()]) if (upload.bucket === name) this.uploads.delete(id);
    this.#buckets.delete(name);
    this.#bucketRecords.delete(name);
    await this.context.store.durable();
    await this.files.removeBucket(name);
  }

  async save(bucket: Bucket): Promise<void> {
    this.#bucketRecords.put(bucket.record.name, bucket.record);
    await this.context.store.durable();
  }

  /** Identity of a new version, by the bucket's versioning. */
  newVersion(bucket: Bucket): { id: string; versionId: string; order: number } {
    const order = ++this.#order;
    return {
      id: String(order),
      versionId:
        bucket.record.versioning === 'Enabled' ? randomText(this.context.entropy, 32, VERSION_ALPHABET) : NULL_VERSION,
      order,
    };
  }

  /**
   * Puts a new version in. Without versioning (or with it suspended) it replaces the null version.
   * Takes effect at once; resolves when it is on disk.
   */
  async commit(bucket: Bucket, record: ObjectRecord, event: ObjectEvent | undefined): Promise<void> {
    const removed: ObjectRecord[] = [];
    const replaced = record.versionId === NULL_VERSION ? bucket.contents.nullVersion(record.key) : undefined;
    if (replaced !== undefined) removed.push(this.#take(bucket, replaced));
    const before = bucket.contents.latest(record.key);
    if (before !== undefined && before.noncurrentSince === undefined) {
      before.noncurrentSince = record.lastModified;
      this.saveObject(before);
    }
    bucket.contents.add(record);
    this.saveObject(record);
    const tell = event === undefined ? undefined : this.notifications.note(bucket.record, event, record);
    await this.#finish(bucket, removed);
    tell?.();
  }

  /** Removes versions for good. */
  async remove(bucket: Bucket, records: readonly ObjectRecord[], event?: ObjectEvent): Promise<void> {
    const removed = records.map((record) => this.#take(bucket, record));
    for (const { key } of records) {
      const latest = bucket.contents.latest(key);
      if (latest?.noncurrentSince !== undefined) {
        latest.noncurrentSince = undefined;
        this.saveObject(latest);
      }
    }
    const told =
      event === undefined ? [] : removed.map((record) => this.notifications.note(bucket.record, event, record));
    await this.#finish(bucket, removed);
    for (const tell of told) tell();
  }

  /** Saves a change of a record's own members. */
  saveObject(record: ObjectRecord): void {
    this.#objectRecords.put(record.id, record);
  }

  /** Removes files that a crash left without a record. */
  async recover(): Promise<void> {
    const known = new Set<string>();
    for (const record of this.#objectRecords.values()) for (const part of record.parts) known.add(part.file);
    for (const upload of this.uploads.values())
      for (const part of Object.values(upload.parts)) known.add(part.data.file);
    await this.files.sweepBuckets((name) => this.#buckets.has(name));
    for (const name of this.#buckets.keys()) await this.files.sweep(name, (file) => known.has(file));
  }

  #take(bucket: Bucket, record: ObjectRecord): ObjectRecord {
    bucket.contents.remove(record);
    this.#objectRecords.delete(record.id);
    return record;
  }

  async #finish(bucket: Bucket, removed: Removed): Promise<void> {
    await this.context.store.durable();
    for (const record of removed) await this.files.remove(bucket.record.name, record.parts);
  }
}

/** User guide, "Bucket naming rules". @throws AwsError `InvalidBucketName` */
export function checkBucketName(name: string): void {
  const valid =
    name.length >= MIN_BUCKET_NAME &&
    name.length <= MAX_BUCKET_NAME &&
    /^[a-z0-9][a-z0-9.-]*[a-z0-9]$/.test(name) &&
    !name.includes('..') &&
    !/^\d+\.\d+\.\d+\.\d+$/.test(name) &&
    !/^(xn--|sthree-|amzn-s3-demo-)/.test(name) &&
    !/(-s3alias|--ol-s3|\.mrap|--x-s3|--table-s3)$/.test(name);
  if (!valid) {
    throw new AwsError('InvalidBucketName', 'The specified bucket is not valid.', 400, {
      fields: { BucketName: name },
    });
  }
}
