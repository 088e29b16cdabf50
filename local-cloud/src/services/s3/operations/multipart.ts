import type {
  AbortMultipartUploadRequest,
  CompleteMultipartUploadOutput,
  CompleteMultipartUploadRequest,
  CreateMultipartUploadOutput,
  CreateMultipartUploadRequest,
  UploadPartOutput,
  UploadPartRequest,
} from '@aws-sdk/client-s3';
import type { Operation } from '../../../core/api.ts';
import { NotImplementedError } from '../../../core/errors.ts';
import type { Buckets } from '../buckets.ts';
import type { ChecksumAlgorithm } from '../checksums.ts';
import { checkWriteConditions } from '../conditional-headers.ts';
import { invalidArgument, invalidRequest } from '../errors.ts';
import { MAX_PART_NUMBER, MAX_PUT_BYTES } from '../limits.ts';
import { chosenParts, requireUpload, uploadChecksum } from '../multipart.ts';
import type { Body } from '../object-files.ts';
import {
  checkChecksum,
  checkKey,
  checkMd5,
  checksumOutput,
  etagOf,
  multipartEtag,
  readClaimedChecksum,
  readObjectHeaders,
} from '../object-input.ts';
import type { ObjectRecord } from '../object-record.ts';
import { objectPermission } from '../permissions.ts';
import type { UploadRecord } from '../uploads.ts';
import { writeConditions } from './put-object.ts';

export function createMultipartOperations(buckets: Buckets): Operation[] {
  const { clock, entropy, meter, store } = buckets.context;

  const create: Operation<CreateMultipartUploadRequest, CreateMultipartUploadOutput> = {
    name: 'CreateMultipartUpload',
    authorize: (input, call) => [
      objectPermission(buckets, 'PutObject', input.Bucket, input.Key, call, writeConditions(input)),
      ...(input.Tagging === undefined
        ? []
        : [objectPermission(buckets, 'PutObjectTagging', input.Bucket, input.Key, call)]),
    ],
    async handle(input) {
      const bucket = buckets.require(input.Bucket ?? '', input.ExpectedBucketOwner);
      checkKey(input.Key);
      const properties = readObjectHeaders(input);
      const algorithm = readClaimedChecksum({ ChecksumAlgorithm: input.ChecksumAlgorithm })?.algorithm;
      const upload: UploadRecord = {
        id: entropy.bytes(48).toString('base64url'),
        bucket: bucket.record.name,
        key: input.Key,
        initiated: clock.now(),
        ...properties,
        algorithm,
        checksumType: algorithm === undefined ? undefined : checksumType(algorithm, input.ChecksumType),
        parts: {},
      };
      buckets.uploads.put(upload.id, upload);
      await store.durable();
      meter.count('s3.puts');
      return {
        Bucket: upload.bucket,
        Key: upload.key,
        UploadId: upload.id,
        ServerSideEncryption: 'AES256',
        ...(algorithm === undefined ? {} : { ChecksumAlgorithm: algorithm, ChecksumType: upload.checksumType }),
      };
    },
  };

  const uploadPart: Operation<UploadPartRequest, UploadPartOutput> = {
    name: 'UploadPart',
    authorize: (input, call) => [objectPermission(buckets, 'PutObject', input.Bucket, input.Key, call)],
    async handle(input) {
      buckets.require(input.Bucket ?? '', input.ExpectedBucketOwner);
      if (input.SSECustomerAlgorithm !== undefined) throw new NotImplementedError('S3 SSECustomerAlgorithm');
      const number = input.PartNumber ?? 0;
      if (number < 1 || number > MAX_PART_NUMBER) {
        throw invalidArgument('Part number must be an integer between 1 and 10000, inclusive', 'partNumber', number);
      }
      const upload = requireUpload(buckets, input);
      const claimed = readClaimedChecksum(input);
      if (upload.algorithm !== undefined && claimed !== undefined && claimed.algorithm !== upload.algorithm) {
        throw invalidRequest(
          `Checksum Type mismatch occurred, expected checksum Type: ${upload.algorithm.toLowerCase()}, actual checksum Type: ${claimed.algorithm.toLowerCase()}`,
        );
      }
      const algorithm = upload.algorithm ?? claimed?.algorithm;
      const written = await buckets.files.write(
        upload.bucket,
        input.Body as Body,
        algorithm === undefined ? [] : [algorithm],
        MAX_PUT_BYTES,
      );
      const data = { file: written.file, size: written.size };
      const checksum = algorithm === undefined ? undefined : written.checksums.get(algorithm);
      try {
        checkMd5(input.ContentMD5, written.md5);
        checkChecksum(claimed, checksum ?? '');
        requireUpload(buckets, input);
      } catch (error) {
        await buckets.files.remove(upload.bucket, [data]);
        throw error;
      }
      const replaced = upload.parts[String(number)];
      upload.parts[String(number)] = { data, md5: written.md5.toString('hex'), checksum, lastModified: clock.now() };
      buckets.uploads.put(upload.id, upload);
      await store.durable();
      if (replaced !== undefined) await buckets.files.remove(upload.bucket, [replaced.data]);
      meter.count('s3.puts');
      return {
        ETag: etagOf(written.md5),
        ServerSideEncryption: 'AES256',
        ...(algorithm === undefined ? {} : { [`Checksum${algorithm}`]: checksum }),
      };
    },
  };

  const complete: Operation<CompleteMultipartUploadRequest, CompleteMultipartUploadOutput> = {
    name: 'CompleteMultipartUpload',
    authorize: (input, call) => [objectPermission(buckets, 'PutObject', input.Bucket, input.Key, call)],
    async handle(input) {
      const bucket = buckets.require(input.Bucket ?? '', input.ExpectedBucketOwner);
      if (input.SSECustomerAlgorithm !== undefined) throw new NotImplementedError('S3 SSECustomerAlgorithm');
      const upload = requireUpload(buckets, input);
      const parts = chosenParts(upload, input.MultipartUpload?.Parts);
      const size = parts.reduce((sum, part) => sum + part.data.size, 0);
      if (input.MpuObjectSize !== undefined && Number(input.MpuObjectSize) !== size) {
        throw invalidRequest(
          `The provided 'x-amz-mp-object-size' header value ${input.MpuObjectSize} does not match what was computed: ${size}`,
        );
      }
      const checksum = await uploadChecksum(buckets, upload, parts);
      const claimed = readClaimedChecksum(input);
      if (claimed?.algorithm === checksum.algorithm) checkChecksum(claimed, checksum.value);
      // Another call may have completed or aborted it meanwhile.
      requireUpload(buckets, input);
      buckets.mustStand(bucket);
      checkWriteConditions(upload.key, bucket.contents.latest(upload.key), input);
      const record: ObjectRecord = {
        bucket: upload.bucket,
        key: upload.key,
        ...buckets.newVersion(bucket),
        lastModified: clock.now(),
        etag: multipartEtag(parts.map((part) => part.md5)),
        size,
        parts: parts.map((part) => part.data),
        multipart: true,
        system: upload.system,
        metadata: upload.metadata,
        storageClass: upload.storageClass,
        tags: upload.tags,
        checksum,
      };
      buckets.uploads.delete(upload.id);
      await buckets.commit(bucket, record, 'ObjectCreated:CompleteMultipartUpload');
      const unused = Object.values(upload.parts).filter((part) => !parts.includes(part));
      await buckets.files.remove(
        upload.bucket,
        unused.map((part) => part.data),
      );
      meter.count('s3.puts');
      return {
        Location: `https://${upload.bucket}.s3.${buckets.context.account.region}.amazonaws.com/${encodeURIComponent(upload.key)}`,
        Bucket: upload.bucket,
        Key: upload.key,
        ETag: record.etag,
        ServerSideEncryption: 'AES256',
        ...checksumOutput(checksum),
        ...(bucket.record.versioning === undefined ? {} : { VersionId: record.versionId }),
      };
    },
  };

  const abort: Operation<AbortMultipartUploadRequest, object> = {
    name: 'AbortMultipartUpload',
    authorize: (input, call) => [objectPermission(buckets, 'AbortMultipartUpload', input.Bucket, input.Key, call)],
    async handle(input) {
      buckets.require(input.Bucket ?? '', input.ExpectedBucketOwner);
      const upload = requireUpload(buckets, input);
      buckets.uploads.delete(upload.id);
      await store.durable();
      await buckets.files.remove(
        upload.bucket,
        Object.values(upload.parts).map((part) => part.data),
      );
      return {};
    },
  };

  return [create, uploadPart, complete, abort];
}

/** CRC-64/NVME is of the whole object, SHA is composite, the other CRCs are what is asked for ("CreateMultipartUpload"). */
function checksumType(algorithm: ChecksumAlgorithm, asked: string | undefined): 'FULL_OBJECT' | 'COMPOSITE' {
  const type = asked ?? (algorithm === 'CRC64NVME' ? 'FULL_OBJECT' : 'COMPOSITE');
  const full = type === 'FULL_OBJECT';
  if (
    (algorithm === 'CRC64NVME' && !full) ||
    (algorithm.startsWith('SHA') && full) ||
    (!full && type !== 'COMPOSITE')
  ) {
    throw invalidRequest(
      `The ${type} checksum type cannot be used with the ${algorithm.toLowerCase()} checksum algorithm.`,
    );
  }
  return type as 'FULL_OBJECT' | 'COMPOSITE';
}
