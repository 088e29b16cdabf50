import { createReadStream } from 'node:fs';
import { administratorOf } from '../core/iam/administrator.ts';
import type { CloudContext } from '../core/plugin.ts';
import type { StackArtifact } from './template-types.ts';

/** A file of the assembly, and where templates expect it. */
interface PublishedFile {
  readonly path: string;
  readonly bucket: string;
  readonly key: string;
}

/**
 * Uploads the plain files of an assembly before its stacks are deployed, as `cdk deploy` does (aws-cdk, cloud-assembly-schema,
 * asset manifest), for functions and services that read them from S3. The bucket is the one that `cdk bootstrap` makes.
 * Keys are digests of content: what is there already is not sent again.
 *
 * Left out is what nobody reads from S3 here: the stacks' own templates, and archives of functions, whose code runs from where the
 * assembly has it.
 */
export async function publishAssets(
  context: CloudContext,
  artifacts: readonly StackArtifact[],
  fill: (text: string) => string,
): Promise<void> {
  const files = filesOf(artifacts, fill);
  const administrator = administratorOf(context.account);
  const s3 = <Output = unknown>(operation: string, input: object): Promise<Output> =>
    context.api.call<Output>(administrator, 's3', operation, input);
  for (const bucket of new Set(files.map((file) => file.bucket))) {
    const { Buckets } = await s3<{ Buckets?: readonly { Name?: string }[] }>('ListBuckets', { Prefix: bucket });
    if (Buckets?.some(({ Name }) => Name === bucket)) continue;
    const { region } = context.account;
    await s3('CreateBucket', {
      Bucket: bucket,
      ...(region !== 'us-east-1' && { CreateBucketConfiguration: { LocationConstraint: region } }),
    });
    await s3('PutBucketVersioning', { Bucket: bucket, VersioningConfiguration: { Status: 'Enabled' } });
  }
  for (const { bucket, key, path } of files) {
    const { Contents = [] } = await s3<{ Contents?: readonly { Key?: string }[] }>('ListObjectsV2', {
      Bucket: bucket,
      Prefix: key,
    });
    if (Contents.some(({ Key }) => Key === key)) continue;
    await s3('PutObject', { Bucket: bucket, Key: key, Body: createReadStream(path) });
  }
}

function filesOf(artifacts: readonly StackArtifact[], fill: (text: string) => string): PublishedFile[] {
  const templates = new Set(artifacts.map(({ templateFile }) => templateFile));
  return artifacts
    .flatMap(({ assets }) => assets)
    .filter(({ packaging, path }) => packaging === 'file' && !templates.has(path))
    .flatMap(({ destinations, path }) =>
      destinations.map(({ bucketName, objectKey }) => ({ path, bucket: fill(bucketName), key: fill(objectKey) })),
    );
}
