import type { Tag } from '@aws-sdk/client-timestream-write';
import type { Timestream } from '../timestream.ts';

/** Makes a resource's tags those of the template. */
export async function replaceTags(timestream: Timestream, arn: string, tags: readonly Tag[] = []): Promise<void> {
  const kept = new Set(tags.map(({ Key }) => Key));
  const stale = timestream.tags.list(arn).flatMap(({ Key }) => (Key === undefined || kept.has(Key) ? [] : [Key]));
  timestream.tags.remove(arn, stale);
  timestream.tags.add(arn, tags);
  await timestream.context.store.durable();
}
