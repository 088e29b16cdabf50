import type { CompletedPart } from '@aws-sdk/client-s3';
import { AwsError } from '../../core/errors.ts';
import { createChecksum } from '../../core/http/checksums.ts';
import type { Buckets } from './buckets.ts';
import type { ChecksumAlgorithm } from './checksums.ts';
import { malformedXml, noSuchUpload } from './errors.ts';
import { MAX_OBJECT_BYTES, MIN_PART_BYTES } from './limits.ts';
import type { DataPart, StoredChecksum } from './object-record.ts';
import type { UploadPart, UploadRecord } from './uploads.ts';

/** @throws AwsError `NoSuchUpload` */
export function requireUpload(
  buckets: Buckets,
  input: { Bucket?: string | undefined; Key?: string | undefined; UploadId?: string | undefined },
): UploadRecord {
  const upload = buckets.uploads.get(input.UploadId ?? '');
  if (upload === undefined || upload.bucket !== input.Bucket || upload.key !== input.Key) {
    throw noSuchUpload(input.UploadId ?? '');
  }
  return upload;
}

/**
 * The parts that a CompleteMultipartUpload lists, in order.
 * @throws AwsError `MalformedXML`, `InvalidPartOrder`, `InvalidPart`, `EntityTooSmall`, `EntityTooLarge`
 */
export function chosenParts(upload: UploadRecord, listed: readonly CompletedPart[] | undefined): UploadPart[] {
  if (listed === undefined || listed.length === 0) throw malformedXml();
  let previous = 0;
  const chosen = listed.map((wanted) => {
    const number = wanted.PartNumber ?? 0;
    if (number <= previous) {
      throw new AwsError(
        'InvalidPartOrder',
        'The list of parts was not in ascending order. Parts must be ordered by part number.',
      );
    }
    previous = number;
    const part = upload.parts[String(number)];
    const claimed =
      upload.algorithm === undefined ? undefined : (wanted as Record<string, unknown>)[`Checksum${upload.algorithm}`];
    if (
      part === undefined ||
      wanted.ETag?.replaceAll('"', '') !== part.md5 ||
      (claimed !== undefined && claimed !== part.checksum)
    ) {
      throw new AwsError(
        'InvalidPart',
        "One or more of the specified parts could not be found. The part may not have been uploaded, or the specified entity tag may not match the part's entity tag.",
        400,
        { fields: { UploadId: upload.id, PartNumber: number, ETag: wanted.ETag } },
      );
    }
    return part;
  });
  for (const part of chosen.slice(0, -1)) {
    if (part.data.size < MIN_PART_BYTES) {
      throw new AwsError('EntityTooSmall', 'Your proposed upload is smaller than the minimum allowed size', 400, {
        fields: { ProposedSize: part.data.size, MinSizeAllowed: MIN_PART_BYTES },
      });
    }
  }
  if (chosen.reduce((sum, part) => sum + part.data.size, 0) > MAX_OBJECT_BYTES) {
    throw new AwsError('EntityTooLarge', 'Your proposed upload exceeds the maximum allowed size');
  }
  return chosen;
}

/** The checksum of a completed upload ("Checking object integrity", checksums of multipart uploads). */
export async function uploadChecksum(
  buckets: Buckets,
  upload: UploadRecord,
  parts: readonly UploadPart[],
): Promise<StoredChecksum> {
  const algorithm: ChecksumAlgorithm = upload.algorithm ?? 'CRC64NVME';
  const checksum = createChecksum(algorithm.toLowerCase());
  if (upload.algorithm !== undefined && upload.checksumType === 'COMPOSITE') {
    for (const part of parts) checksum.update(Buffer.from(part.checksum ?? '', 'base64'));
    return { algorithm, value: `${checksum.value()}-${parts.length}`, type: 'COMPOSITE' };
  }
  const data: DataPart[] = parts.map((part) => part.data);
  const size = data.reduce((sum, part) => sum + part.size, 0);
  for await (const chunk of buckets.files.stream(upload.bucket, data, { start: 0, end: size - 1 })) {
    checksum.update(chunk as Buffer);
  }
  return { algorithm, value: checksum.value(), type: 'FULL_OBJECT' };
}
