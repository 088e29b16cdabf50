import type { GetObjectCommandOutput } from '@aws-sdk/client-s3';
import { AwsError } from '../../../core/errors.ts';
import type { Principal } from '../../../core/iam/principal.ts';
import type { CloudContext } from '../../../core/plugin.ts';
import { invalidRequest } from '../errors.ts';
import { MAX_DOCUMENT_LENGTH } from './limits.ts';
import { parseS3Url } from './presigned-url.ts';

const utf8 = new TextDecoder('utf-8', { fatal: true });

/**
 * A job document out of Amazon S3, read with the caller's own permissions. "Job documents that are specified as Amazon S3
 * files are retrieved at the time you create the job" (developer guide, `manage-job-cli`).
 *
 * @throws AwsError InvalidRequestException
 */
export async function readDocumentSource(context: CloudContext, principal: Principal, source: string): Promise<string> {
  const object = parseS3Url(source);
  if (object === undefined)
    throw invalidRequest(`documentSource '${source}' is not an Amazon S3 URL of a bucket and a key`);
  let bytes: Buffer;
  try {
    const output = await context.api.call<GetObjectCommandOutput>(principal, 's3', 'GetObject', {
      Bucket: object.bucket,
      Key: object.key,
    });
    if ((output.ContentLength ?? 0) > MAX_DOCUMENT_LENGTH * 4) throw tooLong();
    bytes = await wholeBody(output.Body);
  } catch (error) {
    if (!(error instanceof AwsError) || error.code === 'InvalidRequestException') throw error;
    throw invalidRequest(`The job document at ${source} cannot be read: ${error.code}: ${error.message}`);
  }
  try {
    return utf8.decode(bytes);
  } catch {
    throw invalidRequest(`The job document at ${source} is not UTF-8 encoded`);
  }
}

/** Inside the process a body is a Buffer, a text or a stream (core, `Operation.handle`). */
async function wholeBody(body: unknown): Promise<Buffer> {
  if (body === undefined || body === null) return Buffer.alloc(0);
  if (typeof body === 'string' || body instanceof Uint8Array) return Buffer.from(body as Uint8Array);
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of body as AsyncIterable<Uint8Array>) {
    size += chunk.length;
    if (size > MAX_DOCUMENT_LENGTH * 4) throw tooLong();
    chunks.push(Buffer.from(chunk));
  }
  return Buffer.concat(chunks);
}

function tooLong(): AwsError {
  return invalidRequest(`The job document is longer than the maximum of ${MAX_DOCUMENT_LENGTH} characters`);
}
