import type { Bucket, Buckets } from './buckets.ts';
import { checkVersionId } from './errors.ts';
import { NULL_VERSION, type ObjectRecord } from './object-record.ts';

export interface Removal {
  /** Undefined in a bucket that never had versioning. */
  readonly versionId?: string;
  readonly deleteMarker: boolean;
}

/**
 * Deletes an object without naming a version ("Deleting object versions from a versioning-enabled bucket"): without
 * versioning the object is gone; with it a delete marker becomes the newest version; suspended, the null version is
 * replaced by a delete marker. Deleting what is not there succeeds.
 */
export async function removeCurrent(
  buckets: Buckets,
  bucket: Bucket,
  key: string,
  by: 'request' | 'lifecycle' = 'request',
): Promise<Removal> {
  // What expires is told by events of its own, which are not built ("s3:LifecycleExpiration:*").
  const told = by === 'request';
  if (bucket.record.versioning === undefined) {
    const current = bucket.contents.nullVersion(key);
    if (current !== undefined) await buckets.remove(bucket, [current], told ? 'ObjectRemoved:Delete' : undefined);
    return { deleteMarker: false };
  }
  const version = buckets.newVersion(bucket);
  const marker: ObjectRecord = {
    bucket: bucket.record.name,
    key,
    ...version,
    lastModified: buckets.context.clock.now(),
    deleteMarker: true,
    etag: '',
    size: 0,
    parts: [],
    multipart: false,
    system: { contentType: '' },
    metadata: {},
    storageClass: 'STANDARD',
    tags: [],
  };
  await buckets.commit(bucket, marker, told ? 'ObjectRemoved:DeleteMarkerCreated' : undefined);
  return { versionId: version.versionId, deleteMarker: true };
}

/** Deletes one version for good. Deleting a version that is not there succeeds. */
export async function removeVersion(
  buckets: Buckets,
  bucket: Bucket,
  key: string,
  versionId: string,
): Promise<Removal> {
  checkVersionId(versionId);
  const record = bucket.contents.version(key, versionId);
  if (record !== undefined) await buckets.remove(bucket, [record], 'ObjectRemoved:Delete');
  const named = bucket.record.versioning !== undefined || versionId !== NULL_VERSION;
  return { ...(named ? { versionId } : {}), deleteMarker: record?.deleteMarker === true };
}
