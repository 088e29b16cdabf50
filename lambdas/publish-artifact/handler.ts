import { GetObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { serveCustomResource } from '../shared/custom-resource/serve-custom-resource.ts';
import { namedEndpoint } from '../shared/environment.ts';
import { errorName } from '../shared/errors.ts';
import { observed } from '../shared/observability.ts';
import { type ArtifactPorts, NOTHING_PUBLISHED, publishArtifact } from './publish-artifact.ts';
import { type ComponentArtifactRequest, requestSchema } from './schema.ts';

// The local cloud has no name of its own for each bucket.
const s3 = new S3Client({ forcePathStyle: namedEndpoint() !== undefined });

const ports: ArtifactPorts = {
  async read(Bucket, Key) {
    const { Body } = await s3.send(new GetObjectCommand({ Bucket, Key }));
    if (Body === undefined) throw new Error(`s3://${Bucket}/${Key} has no content`);
    return await Body.transformToByteArray();
  },
  async create(Bucket, Key, Body) {
    try {
      await s3.send(new PutObjectCommand({ Bucket, Key, Body, IfNoneMatch: '*', ChecksumAlgorithm: 'SHA256' }));
      return true;
    } catch (error) {
      // S3 user guide, "How to prevent object overwrites with conditional writes".
      if (errorName(error) === 'PreconditionFailed') return false;
      throw error;
    }
  },
};

export const handler = observed<unknown, void>((event, context) =>
  serveCustomResource<ComponentArtifactRequest>(event, context, {
    schema: requestSchema,
    nothingCreated: NOTHING_PUBLISHED,
    handle: (request) => publishArtifact(request, ports),
  }),
);
