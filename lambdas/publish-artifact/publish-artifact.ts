import { createHash } from 'node:crypto';
import { FunctionError } from '../shared/errors.ts';
import type { ComponentArtifactRequest } from './schema.ts';

export interface ArtifactPorts {
  /** @throws Error when there is no such object */
  read(bucket: string, key: string): Promise<Uint8Array>;
  /** Writes an object that must not be there yet. @returns false when it is */
  create(bucket: string, key: string, bytes: Uint8Array): Promise<boolean>;
}

export const NOTHING_PUBLISHED = 'no-artifact';

/**
 * Puts an artifact of a component where cores find it: under the name and version of its component, for good. What is
 * there stays, when its resource goes and when a newer version comes: cores may still have to install it, and a
 * deployment may go back to it.
 * @throws FunctionError `ARTIFACT_DAMAGED` when the file is not what was built, `VERSION_IS_TAKEN` when other bytes are there
 */
export async function publishArtifact(
  request: ComponentArtifactRequest,
  ports: ArtifactPorts,
): Promise<{ physicalResourceId: string }> {
  if (request.RequestType === 'Delete') return { physicalResourceId: request.PhysicalResourceId };
  const { Bucket, Key, Sha256, SourceBucket, SourceKey } = request.ResourceProperties;
  const physicalResourceId = `s3://${Bucket}/${Key}`;
  const bytes = await ports.read(SourceBucket, SourceKey);
  const found = digest(bytes);
  if (found !== Sha256) {
    throw new FunctionError(
      'ARTIFACT_DAMAGED',
      `s3://${SourceBucket}/${SourceKey} is ${found}, and ${Sha256} was built`,
    );
  }
  if (await ports.create(Bucket, Key, bytes)) return { physicalResourceId };
  const there = digest(await ports.read(Bucket, Key));
  if (there !== Sha256) {
    throw new FunctionError(
      'VERSION_IS_TAKEN',
      `${physicalResourceId} holds ${there}, which is for good: raise the version of the component`,
    );
  }
  return { physicalResourceId };
}

function digest(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
