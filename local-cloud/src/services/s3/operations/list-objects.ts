import type {
  ListObjectsOutput,
  ListObjectsRequest,
  ListObjectsV2Output,
  ListObjectsV2Request,
  Owner,
  _Object as S3Object,
} from '@aws-sdk/client-s3';
import type { ApiCall, Operation } from '../../../core/api.ts';
import { NotImplementedError } from '../../../core/errors.ts';
import type { Buckets } from '../buckets.ts';
import { invalidArgument } from '../errors.ts';
import { MAX_LISTED } from '../limits.ts';
import { listObjects } from '../object-listing.ts';
import type { ObjectRecord } from '../object-record.ts';
import { bucketPermission } from '../permissions.ts';

type ListRequest = Pick<ListObjectsRequest, 'Bucket' | 'Delimiter' | 'MaxKeys' | 'Prefix'>;

export function createListObjectsV2(buckets: Buckets): Operation<ListObjectsV2Request, ListObjectsV2Output> {
  return {
    name: 'ListObjectsV2',
    authorize: (input, call) => [listPermission(buckets, 'ListBucket', input, call)],
    handle(input) {
      const bucket = buckets.require(input.Bucket ?? '', input.ExpectedBucketOwner);
      refuseAttributes(input.OptionalObjectAttributes);
      const limit = pageLimit(input.MaxKeys);
      const after = input.ContinuationToken === undefined ? input.StartAfter : readToken(input.ContinuationToken);
      const page = listObjects(bucket.contents, {
        prefix: input.Prefix ?? '',
        delimiter: input.Delimiter ?? '',
        after,
        limit,
      });
      const encode = keyEncoder(input.EncodingType);
      const owner = input.FetchOwner === true ? { ID: buckets.ownerId } : undefined;
      return {
        IsTruncated: page.truncated,
        Contents: page.objects.map((record) => describeObject(record, encode, owner)),
        Name: bucket.record.name,
        Prefix: encode(input.Prefix ?? ''),
        ...(input.Delimiter === undefined ? {} : { Delimiter: encode(input.Delimiter) }),
        MaxKeys: limit,
        CommonPrefixes: page.commonPrefixes.map((Prefix) => ({ Prefix: encode(Prefix) })),
        ...(input.EncodingType === undefined ? {} : { EncodingType: input.EncodingType }),
        KeyCount: page.objects.length + page.commonPrefixes.length,
        ...(input.ContinuationToken === undefined ? {} : { ContinuationToken: input.ContinuationToken }),
        ...(page.truncated && page.last !== undefined ? { NextContinuationToken: writeToken(page.last) } : {}),
        ...(input.StartAfter === undefined ? {} : { StartAfter: encode(input.StartAfter) }),
      };
    },
  };
}

export function createListObjects(buckets: Buckets): Operation<ListObjectsRequest, ListObjectsOutput> {
  return {
    name: 'ListObjects',
    authorize: (input, call) => [listPermission(buckets, 'ListBucket', input, call)],
    handle(input) {
      const bucket = buckets.require(input.Bucket ?? '', input.ExpectedBucketOwner);
      refuseAttributes(input.OptionalObjectAttributes);
      const limit = pageLimit(input.MaxKeys);
      const page = listObjects(bucket.contents, {
        prefix: input.Prefix ?? '',
        delimiter: input.Delimiter ?? '',
        after: input.Marker === '' ? undefined : input.Marker,
        limit,
      });
      const encode = keyEncoder(input.EncodingType);
      // "NextMarker … is returned only if you have the delimiter request parameter specified."
      const next = page.truncated && input.Delimiter !== undefined ? page.last : undefined;
      return {
        IsTruncated: page.truncated,
        Marker: encode(input.Marker ?? ''),
        ...(next === undefined ? {} : { NextMarker: encode(next) }),
        Contents: page.objects.map((record) => describeObject(record, encode, { ID: buckets.ownerId })),
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

export function listPermission(buckets: Buckets, action: string, input: ListRequest, call: ApiCall) {
  return bucketPermission(buckets, action, input.Bucket, call, {
    's3:prefix': input.Prefix,
    's3:delimiter': input.Delimiter,
    's3:max-keys': input.MaxKeys === undefined ? undefined : String(input.MaxKeys),
  });
}

export function pageLimit(asked: number | undefined): number {
  if (asked !== undefined && asked < 0) {
    throw invalidArgument('Argument maxKeys must be an integer between 0 and 2147483647', 'maxKeys', asked);
  }
  return Math.min(asked ?? MAX_LISTED, MAX_LISTED);
}

/** Keys as `encoding-type=url` has them: percent-encoded, slashes kept, spaces as `+`. */
export function keyEncoder(type: string | undefined): (key: string) => string {
  if (type === undefined) return (key) => key;
  if (type !== 'url') throw invalidArgument('Invalid Encoding Method specified in Request', 'encoding-type', type);
  return (key) =>
    encodeURIComponent(key)
      .replaceAll('%2F', '/')
      .replaceAll('%20', '+')
      .replace(/[!'()]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`);
}

export function writeToken(last: string): string {
  return Buffer.from(`1${last}`).toString('base64');
}

export function readToken(token: string): string {
  const text = Buffer.from(token, 'base64').toString();
  if (!text.startsWith('1') || writeToken(text.slice(1)) !== token) {
    throw invalidArgument('The continuation token provided is incorrect', 'continuation-token', token);
  }
  return text.slice(1);
}

function describeObject(record: ObjectRecord, encode: (key: string) => string, owner: Owner | undefined): S3Object {
  return {
    Key: encode(record.key),
    LastModified: new Date(record.lastModified),
    ETag: record.etag,
    Size: record.size,
    StorageClass: record.storageClass,
    ...(record.checksum === undefined
      ? {}
      : { ChecksumAlgorithm: [record.checksum.algorithm], ChecksumType: record.checksum.type }),
    ...(owner === undefined ? {} : { Owner: owner }),
  };
}

function refuseAttributes(attributes: readonly string[] | undefined): void {
  if (attributes !== undefined && attributes.length > 0) {
    throw new NotImplementedError(`S3 OptionalObjectAttributes '${attributes.join(',')}'`);
  }
}
