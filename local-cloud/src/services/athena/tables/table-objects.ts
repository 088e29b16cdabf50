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

/** Above so many partitions, what they have in common is listed once instead of each of them. */
const LISTED_APART = 16;

/** Objects of the partitions, as the caller sees them. Names that begin with `_` or `.` are hidden, empty objects have no rows. */
export async function listObjects(
  context: CloudContext,
  caller: Principal,
  locations: readonly PartitionLocation[],
): Promise<TableObject[]> {
  const byBucket = new Map<string, Map<string, number>>();
  for (const [partition, { bucket, prefix }] of locations.entries()) {
    const known = byBucket.get(bucket);
    if (known === undefined) byBucket.set(bucket, new Map([[prefix, partition]]));
    else known.set(prefix, partition);
  }
  const found: TableObject[] = [];
  for (const [bucket, partitions] of byBucket) {
    const prefixes = partitions.size > LISTED_APART ? [commonFolder([...partitions.keys()])] : partitions.keys();
    for (const Prefix of prefixes) {
      for await (const { Key: key = '', Size: size = 0 } of objectsBelow(context, caller, bucket, Prefix)) {
        const owner = owning(key, partitions);
        if (owner === undefined || size === 0 || key.endsWith('/')) continue;
        const hidden = key
          .slice(owner.prefix.length)
          .split('/')
          .some((name) => /^[_.]/.test(name));
        if (!hidden) found.push({ bucket, key, size, partition: owner.partition });
      }
    }
  }
  return found;
}

async function* objectsBelow(context: CloudContext, caller: Principal, Bucket: string, Prefix: string) {
  let ContinuationToken: string | undefined;
  do {
    const page: ListObjectsV2Output = await context.api.call(caller, 's3', 'ListObjectsV2', {
      Bucket,
      Prefix,
      ...(ContinuationToken === undefined ? {} : { ContinuationToken }),
    });
    yield* page.Contents ?? [];
    ContinuationToken = page.NextContinuationToken;
  } while (ContinuationToken !== undefined);
}

/** The partition with the longest prefix that an object is below. Prefixes are folders, or the whole bucket. */
function owning(
  key: string,
  partitions: ReadonlyMap<string, number>,
): { prefix: string; partition: number } | undefined {
  for (let end = key.lastIndexOf('/') + 1; ; end = key.lastIndexOf('/', end - 2) + 1) {
    const prefix = key.slice(0, end);
    const partition = partitions.get(prefix);
    if (partition !== undefined) return { prefix, partition };
    if (end <= 0) return undefined;
  }
}

function commonFolder(prefixes: readonly string[]): string {
  const [first = '', ...others] = prefixes;
  let length = first.length;
  for (const other of others) while (!other.startsWith(first.slice(0, length))) length--;
  return first.slice(0, first.lastIndexOf('/', length - 1) + 1);
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
