import type { Bucket, Buckets } from './buckets.ts';
import { dueAt, type LifecycleRule, ruleMatches } from './lifecycle-rule.ts';
import { type ObjectRecord, STORAGE_CLASSES } from './object-record.ts';
import { removeCurrent } from './object-removal.ts';

/** Smaller objects stay where they are unless a rule filters by size ("TransitionDefaultMinimumObjectSize"). bytes */
const MIN_TRANSITION_BYTES = 128 * 1024;

/**
 * Carries out the lifecycle rules of all buckets by the cloud's clock: expiration removes (or, with versioning, marks),
 * transitions are recorded as the object's storage class.
 */
export class Lifecycle {
  readonly #buckets: Buckets;
  #running: Promise<void> = Promise.resolve();

  constructor(buckets: Buckets) {
    this.#buckets = buckets;
  }

  /** One run after another; resolves when this one is over. */
  run(): Promise<void> {
    this.#running = this.idle().then(async () => {
      for (const bucket of this.#buckets.all()) {
        if (bucket.record.lifecycle.length > 0) await this.#apply(bucket);
      }
    });
    return this.#running;
  }

  async idle(): Promise<void> {
    await this.#running.catch(() => undefined);
  }

  async #apply(bucket: Bucket): Promise<void> {
    const now = this.#buckets.context.clock.now();
    const rules = bucket.record.lifecycle.filter((rule) => rule.enabled);
    const keys = new Set([...bucket.contents.all()].map((record) => record.key));
    for (const key of keys) {
      const [latest, ...older] = bucket.contents.versions(key);
      if (latest === undefined) continue;
      const gone = older.filter((record, newer) => rules.some((rule) => noncurrentExpires(rule, record, newer, now)));
      if (gone.length > 0) await this.#buckets.remove(bucket, gone);
      for (const [newer, record] of older.entries()) {
        if (!gone.includes(record)) this.#moveNoncurrent(rules, record, newer, now);
      }
      await this.#applyToLatest(bucket, rules, latest, now);
    }
    await this.#abortUploads(bucket, rules, now);
    await this.#buckets.context.store.durable();
  }

  async #applyToLatest(
    bucket: Bucket,
    rules: readonly LifecycleRule[],
    latest: ObjectRecord,
    now: number,
  ): Promise<void> {
    if (latest.deleteMarker === true) {
      const alone = bucket.contents.versions(latest.key).length === 1;
      const marked = (rule: LifecycleRule) =>
        latest.key.startsWith(rule.prefix) &&
        (rule.expiredObjectDeleteMarker ||
          (rule.expiration !== undefined && dueAt(rule.expiration, latest.lastModified) <= now));
      if (alone && rules.some(marked)) await this.#buckets.remove(bucket, [latest]);
      return;
    }
    const matching = rules.filter((rule) => ruleMatches(rule, latest));
    if (matching.some((rule) => rule.expiration !== undefined && dueAt(rule.expiration, latest.lastModified) <= now)) {
      await removeCurrent(this.#buckets, bucket, latest.key, 'lifecycle');
      return;
    }
    for (const rule of matching) {
      if (!sizeAllows(rule, latest)) continue;
      for (const { when, storageClass } of rule.transitions) {
        if (dueAt(when, latest.lastModified) <= now) this.#move(latest, storageClass);
      }
    }
  }

  #moveNoncurrent(rules: readonly LifecycleRule[], record: ObjectRecord, newer: number, now: number): void {
    if (record.deleteMarker === true || record.noncurrentSince === undefined) return;
    for (const rule of rules.filter((one) => ruleMatches(one, record) && sizeAllows(one, record))) {
      for (const { days, keep, storageClass } of rule.noncurrentTransitions) {
        if (newer >= keep && dueAt({ days }, record.noncurrentSince) <= now) this.#move(record, storageClass);
      }
    }
  }

  /** Objects only ever move to colder classes. */
  #move(record: ObjectRecord, storageClass: ObjectRecord['storageClass']): void {
    if (STORAGE_CLASSES.indexOf(storageClass) <= STORAGE_CLASSES.indexOf(record.storageClass)) return;
    record.storageClass = storageClass;
    this.#buckets.saveObject(record);
  }

  async #abortUploads(bucket: Bucket, rules: readonly LifecycleRule[], now: number): Promise<void> {
    const { uploads, files } = this.#buckets;
    for (const [id, upload] of [...uploads.entries()]) {
      if (upload.bucket !== bucket.record.name) continue;
      const due = rules.some(
        ({ prefix, abortUploadsAfterDays: days }) =>
          days !== undefined && upload.key.startsWith(prefix) && dueAt({ days }, upload.initiated) <= now,
      );
      if (!due) continue;
      uploads.delete(id);
      await this.#buckets.context.store.durable();
      await files.remove(
        upload.bucket,
        Object.values(upload.parts).map((part) => part.data),
      );
    }
  }
}

/** `newer`: how many noncurrent versions are newer than this one. */
function noncurrentExpires(rule: LifecycleRule, record: ObjectRecord, newer: number, now: number): boolean {
  const { noncurrentExpiration: expiration } = rule;
  if (expiration === undefined || record.noncurrentSince === undefined || newer < expiration.keep) return false;
  return ruleMatches(rule, record) && dueAt({ days: expiration.days }, record.noncurrentSince) <= now;
}

function sizeAllows(rule: LifecycleRule, record: ObjectRecord): boolean {
  if (rule.sizeGreaterThan !== undefined || rule.sizeLessThan !== undefined) return true;
  return record.size >= MIN_TRANSITION_BYTES;
}
