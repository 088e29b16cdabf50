import { createWriteStream } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { GetObjectOutput, ListObjectsV2Output } from '@aws-sdk/client-s3';
import type { Principal } from '../../../core/iam/principal.ts';
import type { CloudContext } from '../../../core/plugin.ts';
import type { PartitionLocation } from './catalog-table.ts';

export interface TableObject {
  readonly bucket: string;
  readonly key: string;
  readonly size: number;
  /** Index of its partition among the locations. */
  readonly partition: number;
}

/** Objects of the partitions, as the caller sees them. Names that begin with `_` or `.` are hidden, empty objects have no rows. */
export async function listObjects(
  context: CloudContext,
  caller: Principal,
  locations: readonly PartitionLocation[],
): Promise<TableObject[]> {
  const found: TableObject[] = [];
  for (const [partition, { bucket, prefix }] of locations.entries()) {
    let ContinuationToken: string | undefined;
    do {
      const page: ListObjectsV2Output = await context.api.call(caller, 's3', 'ListObjectsV2', {
        Bucket: bucket,
        Prefix: prefix,
        ...(ContinuationToken === undefined ? {} : { ContinuationToken }),
      });
      for (const { Key: key = '', Size: size = 0 } of page.Contents ?? []) {
        const hidden = key
          .slice(prefix.length)
          .split('/')
          .some((name) => /^[_.]/.test(name));
        if (size > 0 && !hidden && !key.endsWith('/')) found.push({ bucket, key, size, partition });
      }
      ContinuationToken = page.NextContinuationToken;
    } while (ContinuationToken !== undefined);
  }
  return found;
}

/** Copies an object to a file. */
export async function download(
  context: CloudContext,
  caller: Principal,
  object: TableObject,
  file: string,
): Promise<void> {
  const { Body } = await context.api.call<GetObjectOutput>(caller, 's3', 'GetObject', {
    Bucket: object.bucket,
    Key: object.key,
  });
  if (Body instanceof Readable) await pipeline(Body, createWriteStream(file));
  else await writeFile(file, Body as unknown as Uint8Array);
}
