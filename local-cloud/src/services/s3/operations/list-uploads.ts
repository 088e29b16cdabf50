import type {
  ListMultipartUploadsOutput,
  ListMultipartUploadsRequest,
  ListPartsOutput,
  ListPartsRequest,
} from '@aws-sdk/client-s3';
import type { Operation } from '../../../core/api.ts';
import { NotImplementedError } from '../../../core/errors.ts';
import type { Buckets } from '../buckets.ts';
import { compareKeys } from '../key-order.ts';
import { requireUpload } from '../multipart.ts';
import { bucketPermission, objectPermission } from '../permissions.ts';
import { keyEncoder, pageLimit } from './list-objects.ts';

export function createListUploadOperations(buckets: Buckets): Operation[] {
  const owner = { ID: buckets.ownerId };

  const listParts: Operation<ListPartsRequest, ListPartsOutput> = {
    name: 'ListParts',
    authorize: (input, call) => [objectPermission(buckets, 'ListMultipartUploadParts', input.Bucket, input.Key, call)],
    handle(input) {
      buckets.require(input.Bucket ?? '', input.ExpectedBucketOwner);
      const upload = requireUpload(buckets, input);
      const limit = pageLimit(input.MaxParts);
      const after = Number(input.PartNumberMarker ?? 0);
      const rest = Object.entries(upload.parts)
        .map(([number, part]) => ({ number: Number(number), part }))
        .filter(({ number }) => number > after)
        .sort((a, b) => a.number - b.number);
      const page = rest.slice(0, limit);
      const truncated = page.length < rest.length;
      return {
        Bucket: upload.bucket,
        Key: upload.key,
        UploadId: upload.id,
        PartNumberMarker: String(after),
        ...(truncated ? { NextPartNumberMarker: String(page.at(-1)?.number ?? after) } : {}),
        MaxParts: limit,
        IsTruncated: truncated,
        Parts: page.map(({ number, part }) => ({
          PartNumber: number,
          LastModified: new Date(part.lastModified),
          ETag: `"${part.md5}"`,
          Size: part.data.size,
          ...(upload.algorithm === undefined ? {} : { [`Checksum${upload.algorithm}`]: part.checksum }),
        })),
        Initiator: owner,
        Owner: owner,
        StorageClass: upload.storageClass,
        ...(upload.algorithm === undefined
          ? {}
          : { ChecksumAlgorithm: upload.algorithm, ChecksumType: upload.checksumType }),
      };
    },
  };

  const listUploads: Operation<ListMultipartUploadsRequest, ListMultipartUploadsOutput> = {
    name: 'ListMultipartUploads',
    authorize: (input, call) => [bucketPermission(buckets, 'ListBucketMultipartUploads', input.Bucket, call)],
    handle(input) {
      const bucket = buckets.require(input.Bucket ?? '', input.ExpectedBucketOwner);
      if (input.Delimiter !== undefined) throw new NotImplementedError('S3 ListMultipartUploads Delimiter');
      const limit = pageLimit(input.MaxUploads);
      const encode = keyEncoder(input.EncodingType);
      const { KeyMarker: keyMarker = '', UploadIdMarker: idMarker } = input;
      const rest = [...buckets.uploads.values()]
        .filter((upload) => upload.bucket === bucket.record.name && upload.key.startsWith(input.Prefix ?? ''))
        .sort((a, b) => compareKeys(a.key, b.key) || (a.id < b.id ? -1 : 1))
        .filter((upload) => {
          const order = compareKeys(upload.key, keyMarker);
          return order > 0 || (order === 0 && idMarker !== undefined && upload.id > idMarker);
        });
      const page = rest.slice(0, limit);
      const last = page.at(-1);
      const truncated = page.length < rest.length;
      return {
        Bucket: bucket.record.name,
        KeyMarker: encode(keyMarker),
        UploadIdMarker: idMarker ?? '',
        ...(truncated && last !== undefined ? { NextKeyMarker: encode(last.key), NextUploadIdMarker: last.id } : {}),
        Prefix: encode(input.Prefix ?? ''),
        MaxUploads: limit,
        IsTruncated: truncated,
        ...(input.EncodingType === undefined ? {} : { EncodingType: input.EncodingType }),
        Uploads: page.map((upload) => ({
          Key: encode(upload.key),
          UploadId: upload.id,
          Initiated: new Date(upload.initiated),
          StorageClass: upload.storageClass,
          Owner: owner,
          Initiator: owner,
        })),
      };
    },
  };

  return [listParts, listUploads];
}
