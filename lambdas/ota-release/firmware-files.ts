import { CopyObjectCommand, GetObjectCommand, HeadObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { errorName } from '../shared/errors.ts';
import { measurePayload } from './measure-payload.ts';
import type { FilePorts } from './ports.ts';

/** Names of what S3 answers for an object or version that is not there (HEAD has no body to name it in). */
const MISSING = ['NoSuchKey', 'NoSuchVersion', 'NotFound'];

/** Files of the firmware bucket. */
export function firmwareFiles(s3: S3Client, Bucket: string): FilePorts {
  return {
    async read({ key, versionId }, most) {
      const part = new GetObjectCommand({
        Bucket,
        Key: key,
        Range: `bytes=0-${most}`,
        ...(versionId !== '' && { VersionId: versionId }),
      });
      return ifThere(() => orEmpty(async () => (await s3.send(part)).Body?.transformToByteArray()));
    },
    async measure(key, chunkSize) {
      return ifThere(async () => {
        const { VersionId = '' } = await s3.send(new HeadObjectCommand({ Bucket, Key: key }));
        const { Body } = await s3.send(new GetObjectCommand({ Bucket, Key: key, VersionId }));
        const measured = await measurePayload(Body as unknown as AsyncIterable<Uint8Array>, chunkSize);
        return { object: { key, versionId: VersionId }, measured };
      });
    },
    async copy({ key, versionId }, toKey) {
      const CopySource = `${Bucket}/${key.split('/').map(encodeURIComponent).join('/')}?versionId=${versionId}`;
      const copied = await s3.send(new CopyObjectCommand({ Bucket, Key: toKey, CopySource }));
      return { key: toKey, versionId: copied.VersionId ?? '' };
    },
  };
}

/** A range of an empty object cannot be satisfied (RFC 9110, 416). */
async function orEmpty(ask: () => Promise<Uint8Array | undefined>): Promise<Uint8Array | undefined> {
  try {
    return await ask();
  } catch (error) {
    if (errorName(error) === 'InvalidRange') return new Uint8Array();
    throw error;
  }
}

async function ifThere<T>(ask: () => Promise<T | undefined>): Promise<T | undefined> {
  try {
    return await ask();
  } catch (error) {
    if (MISSING.includes(errorName(error))) return undefined;
    throw error;
  }
}
