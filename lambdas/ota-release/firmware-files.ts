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
      return ifThere(async () => {
        const answer = await s3.send(
          new GetObjectCommand({
            Bucket,
            Key: key,
            Range: `bytes=0-${most}`,
            ...(versionId !== '' && { VersionId: versionId }),
          }),
        );
        return answer.Body?.transformToByteArray();
      });
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

async function ifThere<T>(ask: () => Promise<T | undefined>): Promise<T | undefined> {
  try {
    return await ask();
  } catch (error) {
    if (MISSING.includes(errorName(error))) return undefined;
    throw error;
  }
}
