import type {
  DeleteMarkerEntry,
  ListObjectVersionsOutput,
  ListObjectVersionsRequest,
  ObjectVersion,
} from '@aws-sdk/client-s3';
import type { Operation } from '../../../core/api.ts';
import { NotImplementedError } from '../../../core/errors.ts';
import type { Bucket, Buckets } from '../buckets.ts';
import { invalidArgument } from '../errors.ts';
import type { ObjectRecord } from '../object-record.ts';
import { keyEncoder, listPermission, pageLimit } from './list-objects.ts';

interface VersionPage {
  readonly records: readonly ObjectRecord[];
  readonly commonPrefixes: readonly string[];
  /** Where the next page begins: behind this version, or behind this common prefix. */
  readonly next: { readonly key: string; readonly versionId?: string } | undefined;
}

export function createListObjectVersions(
  buckets: Buckets,
): Operation<ListObjectVersionsRequest, ListObjectVersionsOutput> {
  return {
    name: 'ListObjectVersions',
    authorize: (input, call) => [listPermission(buckets, 'ListBucketVersions', input, call)],
    handle(input) {
      const bucket = buckets.require(input.Bucket ?? '', input.ExpectedBucketOwner);
      if ((input.OptionalObjectAttributes ?? []).length > 0)
        throw new NotImplementedError('S3 OptionalObjectAttributes');
      if (input.VersionIdMarker !== undefined && input.KeyMarker === undefined) {
        throw invalidArgument(
          'A version-id marker cannot be specified without a key marker.',
          'version-id-marker',
          input.VersionIdMarker,
        );
      }
      const limit = pageLimit(input.MaxKeys);
      const page = listVersions(bucket, input, limit);
      const encode = keyEncoder(input.EncodingType);
      const entry = (record: ObjectRecord) => ({
        Key: encode(record.key),
        VersionId: record.versionId,
        IsLatest: bucket.contents.latest(record.key) === record,
        LastModified: new Date(record.lastModified),
        Owner: { ID: buckets.ownerId },
      });
      return {
        IsTruncated: page.next !== undefined,
        KeyMarker: encode(input.KeyMarker ?? ''),
        VersionIdMarker: input.VersionIdMarker ?? '',
        ...(page.next === undefined ? {} : { NextKeyMarker: encode(page.next.key) }),
        ...(page.next?.versionId === undefined ? {} : { NextVersionIdMarker: page.next.versionId }),
        Versions: page.records
          .filter((record) => record.deleteMarker !== true)
          .map(
            (record): ObjectVersion => ({
              ...entry(record),
              ETag: record.etag,
              Size: record.size,
              StorageClass: record.storageClass as NonNullable<ObjectVersion['StorageClass']>,
            }),
          ),
        DeleteMarkers: page.records
          .filter((record) => record.deleteMarker === true)
          .map((record): DeleteMarkerEntry => entry(record)),
        Name: bucket.record.name,
        Prefix: encode(input.Prefix ?? ''),
        ...(input.Delimiter === undefined ? {} : { Delimiter: encode(input.Delimiter) }),
        MaxKeys: limit,
        CommonPrefixes: page.commonPrefixes.map((Prefix) => ({ Prefix: encode(Prefix) })),
        ...(input.EncodingType === undefined ? {} : { EncodingType: input.EncodingType }),
      };
    },
  };
}

/** By key, then newest first. */
function listVersions(bucket: Bucket, input: ListObjectVersionsRequest, limit: number): VersionPage {
  const { contents } = bucket;
  const { keys } = contents;
  const prefix = input.Prefix ?? '';
  const delimiter = input.Delimiter ?? '';
  const records: ObjectRecord[] = [];
  const commonPrefixes: string[] = [];
  const { KeyMarker: marker, VersionIdMarker: versionMarker } = input;
  let index = keys.indexFrom(prefix);
  let skipThrough = versionMarker;
  if (marker !== undefined && marker !== '') {
    const rolled = delimiter !== '' && marker.endsWith(delimiter) && marker.startsWith(prefix);
    const behind = rolled ? keys.indexPast(marker) : keys.indexAfter(marker);
    index = Math.max(index, versionMarker === undefined ? behind : keys.indexFrom(marker));
  }
  let last: VersionPage['next'];
  for (;;) {
    const key = keys.at(index);
    if (key === undefined || !key.startsWith(prefix)) return { records, commonPrefixes, next: undefined };
    const cut = delimiter === '' ? -1 : key.indexOf(delimiter, prefix.length);
    if (cut !== -1) {
      if (records.length + commonPrefixes.length === limit) return { records, commonPrefixes, next: last };
      const common = key.slice(0, cut + delimiter.length);
      commonPrefixes.push(common);
      last = { key: common };
      index = keys.indexPast(common);
      continue;
    }
    for (const record of contents.versions(key)) {
      if (key === marker && skipThrough !== undefined) {
        if (record.versionId === skipThrough) skipThrough = undefined;
        continue;
      }
      if (records.length + commonPrefixes.length === limit) return { records, commonPrefixes, next: last };
      records.push(record);
      last = { key, versionId: record.versionId };
    }
    index++;
  }
}
