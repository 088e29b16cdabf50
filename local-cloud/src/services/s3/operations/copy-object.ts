import type { CopyObjectOutput, CopyObjectRequest } from '@aws-sdk/client-s3';
import type { Operation } from '../../../core/api.ts';
import { NotImplementedError } from '../../../core/errors.ts';
import type { Buckets } from '../buckets.ts';
import { checkReadConditions, checkWriteConditions } from '../conditional-headers.ts';
import { invalidArgument, invalidRequest } from '../errors.ts';
import { MAX_PUT_BYTES } from '../limits.ts';
import { checkKey, checksumOutput, etagOf, readObjectHeaders } from '../object-input.ts';
import type { ObjectRecord } from '../object-record.ts';
import { objectPermission } from '../permissions.ts';
import { findObject } from './get-object.ts';
import { writeConditions } from './put-object.ts';

export interface CopySource {
  readonly bucket: string;
  readonly key: string;
  readonly versionId: string | undefined;
}

/** `bucket/key?versionId=…`, percent-encoded, with or without a slash in front. @throws AwsError `InvalidArgument` */
export function readCopySource(header: string | undefined): CopySource {
  const [path = '', version] = (header ?? '').split('?versionId=');
  let plain: string;
  try {
    plain = decodeURIComponent(path.replaceAll('+', ' ')).replace(/^\//, '');
  } catch {
    throw invalidArgument('Invalid copy source encoding.', 'x-amz-copy-source', header);
  }
  const cut = plain.indexOf('/');
  if (plain.startsWith('arn:')) throw new NotImplementedError(`S3 CopySource '${header}' (an access point)`);
  if (cut < 1 || cut === plain.length - 1) {
    throw invalidArgument('Invalid copy source object key', 'x-amz-copy-source', header);
  }
  return { bucket: plain.slice(0, cut), key: plain.slice(cut + 1), versionId: version };
}

export function createCopyObject(buckets: Buckets): Operation<CopyObjectRequest, CopyObjectOutput> {
  const { clock, meter } = buckets.context;
  return {
    name: 'CopyObject',
    authorize(input, call) {
      const source = readCopySource(input.CopySource);
      const read = source.versionId === undefined ? 'GetObject' : 'GetObjectVersion';
      return [
        objectPermission(buckets, read, source.bucket, source.key, call),
        objectPermission(buckets, 'PutObject', input.Bucket, input.Key, call, {
          ...writeConditions(input),
          's3:x-amz-copy-source': `${source.bucket}/${source.key}`,
          's3:x-amz-metadata-directive': input.MetadataDirective,
        }),
        ...(input.Tagging === undefined
          ? []
          : [objectPermission(buckets, 'PutObjectTagging', input.Bucket, input.Key, call)]),
      ];
    },
    async handle(input, call) {
      const source = readCopySource(input.CopySource);
      const target = buckets.require(input.Bucket ?? '', input.ExpectedBucketOwner);
      const origin = buckets.require(source.bucket, input.ExpectedSourceBucketOwner);
      const { Key: key } = input;
      checkKey(key);
      refuse(input);
      const original = findObject(buckets, origin, source.key, source.versionId, call);
      checkReadConditions(original, {
        IfMatch: input.CopySourceIfMatch,
        IfNoneMatch: input.CopySourceIfNoneMatch,
        IfModifiedSince: input.CopySourceIfModifiedSince,
        IfUnmodifiedSince: input.CopySourceIfUnmodifiedSince,
      });
      if (original.size > MAX_PUT_BYTES) {
        throw invalidRequest(
          'The specified copy source is larger than the maximum allowable size for a copy source: 5368709120',
        );
      }
      const replaceMetadata = input.MetadataDirective === 'REPLACE';
      const given = readObjectHeaders(input);
      const storageClass = given.storageClass;
      const unchanged = origin === target && source.key === key && source.versionId === undefined;
      if (unchanged && !replaceMetadata && storageClass === original.storageClass) {
        throw invalidRequest(
          "This copy request is illegal because it is trying to copy an object to itself without changing the object's metadata, storage class, website redirect location or encryption attributes.",
        );
      }
      checkWriteConditions(key, target.contents.latest(key), input);
      const release = buckets.files.hold(source.bucket, original.parts);
      let record: ObjectRecord;
      try {
        // A copy of a multipart object is one object of one part: its ETag is the MD5 of the whole.
        const whole = original.multipart
          ? await buckets.files.write(
              target.record.name,
              buckets.files.stream(source.bucket, original.parts, { start: 0, end: original.size - 1 }),
              [],
              MAX_PUT_BYTES,
            )
          : undefined;
        const parts =
          whole === undefined
            ? await buckets.files.duplicate(source.bucket, target.record.name, original.parts)
            : [{ file: whole.file, size: whole.size }];
        buckets.mustStand(target);
        checkWriteConditions(key, target.contents.latest(key), input);
        record = {
          bucket: target.record.name,
          key,
          ...buckets.newVersion(target),
          lastModified: clock.now(),
          etag: whole === undefined ? original.etag : etagOf(whole.md5),
          size: original.size,
          parts,
          multipart: false,
          system: replaceMetadata ? given.system : original.system,
          metadata: replaceMetadata ? given.metadata : { ...original.metadata },
          storageClass,
          tags: input.TaggingDirective === 'REPLACE' ? given.tags : original.tags.map((tag) => ({ ...tag })),
          checksum: original.checksum?.type === 'FULL_OBJECT' ? original.checksum : undefined,
        };
        await buckets.commit(target, record, 'ObjectCreated:Copy');
      } finally {
        release();
      }
      meter.count('s3.puts');
      return {
        CopyObjectResult: {
          ETag: record.etag,
          LastModified: new Date(record.lastModified),
          ...checksumOutput(record.checksum),
        },
        ServerSideEncryption: 'AES256',
        ...(origin.record.versioning === undefined ? {} : { CopySourceVersionId: original.versionId }),
        ...(target.record.versioning === undefined ? {} : { VersionId: record.versionId }),
      };
    },
  };
}

function refuse(input: CopyObjectRequest): void {
  if (input.CopySourceSSECustomerAlgorithm !== undefined)
    throw new NotImplementedError('S3 CopySourceSSECustomerAlgorithm');
  if (input.ChecksumAlgorithm !== undefined) throw new NotImplementedError('S3 CopyObject ChecksumAlgorithm');
  if (input.AnnotationDirective !== undefined) throw new NotImplementedError('S3 CopyObject AnnotationDirective');
  for (const [member, value] of [
    ['MetadataDirective', input.MetadataDirective],
    ['TaggingDirective', input.TaggingDirective],
  ] as const) {
    if (value !== undefined && value !== 'COPY' && value !== 'REPLACE') {
      throw invalidArgument(
        `Unknown ${member === 'MetadataDirective' ? 'metadata' : 'tagging'} directive.`,
        member,
        value,
      );
    }
  }
}
