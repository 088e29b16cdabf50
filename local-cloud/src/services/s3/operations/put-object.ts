import type { PutObjectOutput, PutObjectRequest } from '@aws-sdk/client-s3';
import type { Operation } from '../../../core/api.ts';
import { NotImplementedError } from '../../../core/errors.ts';
import type { ConditionKeys } from '../../../core/iam/policy-document.ts';
import type { Buckets } from '../buckets.ts';
import type { ChecksumAlgorithm } from '../checksums.ts';
import { checkWriteConditions } from '../conditional-headers.ts';
import { MAX_PUT_BYTES } from '../limits.ts';
import type { Body } from '../object-files.ts';
import {
  checkChecksum,
  checkKey,
  checkMd5,
  checksumOutput,
  etagOf,
  type ObjectHeaders,
  readClaimedChecksum,
  readObjectHeaders,
} from '../object-input.ts';
import type { ObjectRecord, StoredChecksum } from '../object-record.ts';
import { objectPermission } from '../permissions.ts';

export function createPutObject(buckets: Buckets): Operation<PutObjectRequest, PutObjectOutput> {
  const { clock, meter } = buckets.context;
  return {
    name: 'PutObject',
    authorize(input, call) {
      const conditions = writeConditions(input);
      return [
        objectPermission(buckets, 'PutObject', input.Bucket, input.Key, call, conditions),
        ...(input.Tagging === undefined
          ? []
          : [objectPermission(buckets, 'PutObjectTagging', input.Bucket, input.Key, call, conditions)]),
      ];
    },
    async handle(input) {
      const bucket = buckets.require(input.Bucket ?? '', input.ExpectedBucketOwner);
      const key = input.Key;
      checkKey(key);
      if (input.WriteOffsetBytes !== undefined) throw new NotImplementedError('S3 PutObject WriteOffsetBytes');
      const properties = readObjectHeaders(input);
      const claimed = readClaimedChecksum(input);
      checkWriteConditions(key, bucket.contents.latest(key), input);
      // Without a claim S3 adds a CRC-64/NVME of its own ("Checking object integrity").
      const algorithm: ChecksumAlgorithm = claimed?.algorithm ?? 'CRC64NVME';
      const written = await buckets.files.write(bucket.record.name, input.Body as Body, [algorithm], MAX_PUT_BYTES);
      const checksum: StoredChecksum = {
        algorithm,
        value: written.checksums.get(algorithm) as string,
        type: 'FULL_OBJECT',
      };
      const parts = [{ file: written.file, size: written.size }];
      try {
        checkMd5(input.ContentMD5, written.md5);
        checkChecksum(claimed, checksum.value);
        // Others may have written, or deleted the bucket, while the bytes came in.
        buckets.mustStand(bucket);
        checkWriteConditions(key, bucket.contents.latest(key), input);
      } catch (error) {
        await buckets.files.remove(bucket.record.name, parts);
        throw error;
      }
      const record: ObjectRecord = {
        bucket: bucket.record.name,
        key,
        ...buckets.newVersion(bucket),
        lastModified: clock.now(),
        etag: etagOf(written.md5),
        size: written.size,
        parts,
        multipart: false,
        ...properties,
        checksum,
      };
      await buckets.commit(bucket, record, 'ObjectCreated:Put');
      meter.count('s3.puts');
      return {
        ETag: record.etag,
        ServerSideEncryption: 'AES256',
        ...checksumOutput(checksum),
        ...(bucket.record.versioning === undefined ? {} : { VersionId: record.versionId }),
      };
    },
  };
}

/** Condition keys of requests that make an object. */
export function writeConditions(input: ObjectHeaders): ConditionKeys {
  return {
    's3:x-amz-acl': input.ACL,
    's3:x-amz-server-side-encryption': input.ServerSideEncryption,
    's3:x-amz-storage-class': input.StorageClass,
    ...Object.fromEntries(
      [...new URLSearchParams(input.Tagging ?? '')].map(([key, value]) => [`s3:RequestObjectTag/${key}`, value]),
    ),
  };
}
