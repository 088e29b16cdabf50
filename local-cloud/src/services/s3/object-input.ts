import { createHash } from 'node:crypto';
import type { PutObjectRequest } from '@aws-sdk/client-s3';
import { AwsError, NotImplementedError } from '../../core/errors.ts';
import { CHECKSUM_ALGORITHMS, type ChecksumAlgorithm, digestSize } from './checksums.ts';
import { invalidArgument, invalidRequest } from './errors.ts';
import { MAX_KEY_BYTES, MAX_METADATA_BYTES, MAX_OBJECT_TAGS } from './limits.ts';
import { STORAGE_CLASSES, type StorageClass, type StoredChecksum, type SystemMetadata } from './object-record.ts';
import { readTags } from './tags.ts';

/** What PutObject, CopyObject and CreateMultipartUpload say about the object to be. */
export type ObjectHeaders = Pick<
  PutObjectRequest,
  | 'ACL'
  | 'BucketKeyEnabled'
  | 'CacheControl'
  | 'ContentDisposition'
  | 'ContentEncoding'
  | 'ContentLanguage'
  | 'ContentType'
  | 'Expires'
  | 'GrantFullControl'
  | 'GrantRead'
  | 'GrantReadACP'
  | 'GrantWriteACP'
  | 'Metadata'
  | 'ObjectLockEventHold'
  | 'ObjectLockEventHoldDurationDays'
  | 'ObjectLockEventHoldDurationYears'
  | 'ObjectLockLegalHoldStatus'
  | 'ObjectLockMode'
  | 'ObjectLockRetainUntilDate'
  | 'SSECustomerAlgorithm'
  | 'SSECustomerKey'
  | 'SSECustomerKeyMD5'
  | 'SSEKMSEncryptionContext'
  | 'SSEKMSKeyId'
  | 'ServerSideEncryption'
  | 'StorageClass'
  | 'Tagging'
  | 'WebsiteRedirectLocation'
>;

export interface ObjectProperties {
  readonly system: SystemMetadata;
  readonly metadata: Record<string, string>;
  readonly storageClass: StorageClass;
  readonly tags: { Key: string; Value: string }[];
}

const DEFAULT_CONTENT_TYPE = 'binary/octet-stream';

/** Members that are not built. Object Lock needs a bucket made for it, which cannot be made here. */
const REFUSED = [
  'ObjectLockEventHold',
  'ObjectLockEventHoldDurationDays',
  'ObjectLockEventHoldDurationYears',
  'ObjectLockLegalHoldStatus',
  'ObjectLockMode',
  'ObjectLockRetainUntilDate',
  'SSECustomerAlgorithm',
  'SSECustomerKey',
  'SSECustomerKeyMD5',
  'SSEKMSEncryptionContext',
  'SSEKMSKeyId',
  'WebsiteRedirectLocation',
] as const;

/** @throws AwsError for what is invalid, `NotImplemented` for what is not built */
export function readObjectHeaders(input: ObjectHeaders): ObjectProperties {
  for (const member of REFUSED) {
    if (input[member] !== undefined) throw new NotImplementedError(`S3 ${member}`);
  }
  checkAcl(input);
  if (input.ServerSideEncryption !== undefined && input.ServerSideEncryption !== 'AES256') {
    throw new NotImplementedError(`S3 ServerSideEncryption '${input.ServerSideEncryption}'`);
  }
  const storageClass = input.StorageClass ?? 'STANDARD';
  if (!STORAGE_CLASSES.includes(storageClass as StorageClass)) {
    throw new AwsError('InvalidStorageClass', 'The storage class you specified is not valid');
  }
  // "aws-chunked" describes the transfer and is not kept.
  const encoding = input.ContentEncoding?.split(',')
    .map((one) => one.trim())
    .filter((one) => one !== '' && one !== 'aws-chunked')
    .join(',');
  return {
    system: {
      contentType: input.ContentType ?? DEFAULT_CONTENT_TYPE,
      cacheControl: input.CacheControl,
      contentDisposition: input.ContentDisposition,
      contentEncoding: encoding === '' ? undefined : encoding,
      contentLanguage: input.ContentLanguage,
      expires: input.Expires?.toUTCString(),
    },
    metadata: readMetadata(input.Metadata),
    storageClass: storageClass as StorageClass,
    tags: readTagging(input.Tagging),
  };
}

/** Buckets are made with Object Ownership "bucket owner enforced": ACLs are off ("Disabling ACLs for all new buckets"). */
export function checkAcl(
  input: Pick<ObjectHeaders, 'ACL' | 'GrantFullControl' | 'GrantRead' | 'GrantReadACP' | 'GrantWriteACP'>,
): void {
  const granted = input.GrantFullControl ?? input.GrantRead ?? input.GrantReadACP ?? input.GrantWriteACP;
  const harmless = input.ACL === undefined || input.ACL === 'private' || input.ACL === 'bucket-owner-full-control';
  if (granted !== undefined || !harmless) {
    throw new AwsError('AccessControlListNotSupported', 'The bucket does not allow ACLs');
  }
}

/** @throws AwsError `KeyTooLongError` */
export function checkKey(key: string | undefined): asserts key is string {
  if (key === undefined || key === '') throw invalidArgument('Object key must not be empty', 'Key', key);
  const size = Buffer.byteLength(key);
  if (size > MAX_KEY_BYTES) {
    throw new AwsError('KeyTooLongError', 'Your key is too long', 400, {
      fields: { Size: size, MaxSizeAllowed: MAX_KEY_BYTES },
    });
  }
}

/** Tags in the form of a URL query, as the `x-amz-tagging` header has them. */
export function readTagging(header: string | undefined): { Key: string; Value: string }[] {
  if (header === undefined || header === '') return [];
  const tags = [...new URLSearchParams(header)].map(([Key, Value]) => ({ Key, Value }));
  return readTags(tags, MAX_OBJECT_TAGS);
}

function readMetadata(metadata: Record<string, string> | undefined): Record<string, string> {
  const read: Record<string, string> = {};
  let size = 0;
  for (const [name, value] of Object.entries(metadata ?? {})) {
    size += Buffer.byteLength(name) + Buffer.byteLength(value);
    read[name.toLowerCase()] = value;
  }
  if (size > MAX_METADATA_BYTES) {
    throw new AwsError('MetadataTooLarge', 'Your metadata headers exceed the maximum allowed metadata size', 400, {
      fields: { Size: size, MaxSizeAllowed: MAX_METADATA_BYTES },
    });
  }
  return read;
}

/** The checksum that a request claims, at most one. */
export interface ClaimedChecksum {
  readonly algorithm: ChecksumAlgorithm;
  /** Base64, when the request gives one. */
  readonly value?: string | undefined;
}

/** @throws AwsError `InvalidRequest`, `NotImplemented` for an algorithm that is not built */
export function readClaimedChecksum(input: object): ClaimedChecksum | undefined {
  const members = input as Record<string, unknown>;
  const claimed = Object.keys(members).filter(
    (name) => /^Checksum(?!Algorithm$|Type$|Mode$)/.test(name) && members[name] !== undefined,
  );
  const named = members.ChecksumAlgorithm;
  if (claimed.length > 1)
    throw invalidRequest('Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed.');
  const [member] = claimed;
  const name = member?.slice('Checksum'.length) ?? (named as string | undefined);
  if (name === undefined) return undefined;
  if (!CHECKSUM_ALGORITHMS.includes(name as ChecksumAlgorithm)) throw new NotImplementedError(`S3 checksum ${name}`);
  const algorithm = name as ChecksumAlgorithm;
  const value = member === undefined ? undefined : String(members[member]);
  // A part count may stand behind the digest of a multipart upload.
  const digest = value?.replace(/-\d+$/, '');
  if (digest !== undefined && !isDigest(digest, digestSize(algorithm))) {
    throw invalidRequest(`Value for x-amz-checksum-${name.toLowerCase()} header is invalid.`);
  }
  return { algorithm, value };
}

/** @throws AwsError `InvalidDigest`, `BadDigest` */
export function checkMd5(header: string | undefined, md5: Uint8Array): void {
  if (header === undefined) return;
  if (!isDigest(header, 16)) throw new AwsError('InvalidDigest', 'The Content-MD5 you specified was invalid');
  if (Buffer.from(md5).toString('base64') !== header) {
    throw new AwsError('BadDigest', 'The Content-MD5 you specified did not match what we received.');
  }
}

/** @throws AwsError `BadDigest` */
export function checkChecksum(claimed: ClaimedChecksum | undefined, calculated: string): void {
  if (claimed?.value !== undefined && claimed.value !== calculated) {
    throw new AwsError('BadDigest', `The ${claimed.algorithm} you specified did not match the calculated checksum.`);
  }
}

/** Members of an answer that carry a checksum. */
export function checksumOutput(checksum: StoredChecksum | undefined): Record<string, string> {
  if (checksum === undefined) return {};
  return { [`Checksum${checksum.algorithm}`]: checksum.value, ChecksumType: checksum.type };
}

export function etagOf(md5: Uint8Array): string {
  return `"${Buffer.from(md5).toString('hex')}"`;
}

/** ETag of a multipart object: MD5 of the parts' MD5s and their number. */
export function multipartEtag(md5s: readonly string[]): string {
  const digest = createHash('md5')
    .update(Buffer.from(md5s.join(''), 'hex'))
    .digest('hex');
  return `"${digest}-${md5s.length}"`;
}

function isDigest(text: string, size: number): boolean {
  const bytes = Buffer.from(text, 'base64');
  return bytes.length === size && bytes.toString('base64') === text;
}
