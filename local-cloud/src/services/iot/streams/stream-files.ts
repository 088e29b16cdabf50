import type { GetObjectCommandOutput, HeadObjectCommandOutput } from '@aws-sdk/client-s3';
import { AwsError } from '../../../core/errors.ts';
import type { AssumedRole } from '../../../core/iam/principal.ts';
import type { CloudContext } from '../../../core/plugin.ts';
import { iotArn } from '../arns.ts';
import { runsOf } from './block-selection.ts';
import { StreamError } from './stream-error.ts';
import type { StreamFileRecord, StreamRecord } from './stream-record.ts';

/** Files of streams, read out of Amazon S3 in the role that the stream names. */
export class StreamFiles {
  readonly #context: CloudContext;

  constructor(context: CloudContext) {
    this.#context = context;
  }

  /** Size in bytes and ETag of an object as the stream finds it. @throws StreamError */
  async inspect(
    streamId: string,
    roleArn: string,
    location: Pick<StreamFileRecord, 'bucket' | 'key' | 'version'>,
  ): Promise<{ size: number; etag: string }> {
    const output = await this.#call<HeadObjectCommandOutput>(streamId, roleArn, 'HeadObject', objectOf(location));
    return { size: output.ContentLength ?? 0, etag: output.ETag ?? '' };
  }

  /** The blocks of a file by their numbers, in their order. @throws StreamError */
  async read(
    stream: StreamRecord,
    file: StreamFileRecord,
    blockSize: number,
    blocks: readonly number[],
  ): Promise<Buffer[]> {
    const contents: Buffer[] = [];
    for (const [first, last] of runsOf(blocks)) {
      const start = first * blockSize;
      const end = Math.min((last + 1) * blockSize, file.size) - 1;
      const output = await this.#call<GetObjectCommandOutput>(stream.id, stream.roleArn, 'GetObject', {
        ...objectOf(file),
        Range: `bytes=${start}-${end}`,
        // "The S3 ETag in the stream doesn't match with the ETag of the latest S3 object version."
        IfMatch: file.etag,
      });
      const bytes = await wholeBody(output.Body);
      for (let at = 0; at < bytes.length; at += blockSize) contents.push(bytes.subarray(at, at + blockSize));
    }
    return contents;
  }

  async #call<O>(streamId: string, roleArn: string, operation: string, input: object): Promise<O> {
    try {
      return await this.#context.api.call<O>(this.#assumeRole(streamId, roleArn), 's3', operation, input);
    } catch (error) {
      if (!(error instanceof AwsError)) throw error;
      if (error.statusCode === 403) throw new StreamError('Unauthorized', error.message);
      if (error.statusCode === 404) throw new StreamError('ResourceNotFound', `The file was not found: ${error.code}`);
      if (error.statusCode === 412 || error.statusCode === 416) {
        throw new StreamError('ETagMismatch', 'The file has changed since the stream was created or updated');
      }
      throw error;
    }
  }

  #assumeRole(streamId: string, roleArn: string): AssumedRole {
    const { account, ports } = this.#context;
    const principal = {
      kind: 'service',
      service: 'iot.amazonaws.com',
      sourceArn: iotArn(account, 'stream', streamId),
      sourceAccount: account.accountId,
    } as const;
    return ports.get('authorizer').assumeRole(principal, roleArn, 'iot-streams');
  }
}

function objectOf({ bucket, key, version }: Pick<StreamFileRecord, 'bucket' | 'key' | 'version'>): object {
  return { Bucket: bucket, Key: key, ...(version === undefined ? {} : { VersionId: version }) };
}

/** Inside the process a body is a Buffer or a stream (core, `Operation.handle`). */
async function wholeBody(body: unknown): Promise<Buffer> {
  if (body instanceof Uint8Array) return Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  const chunks: Uint8Array[] = [];
  for await (const chunk of body as AsyncIterable<Uint8Array>) chunks.push(chunk);
  return Buffer.concat(chunks);
}
