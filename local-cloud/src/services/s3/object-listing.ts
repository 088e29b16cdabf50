import type { BucketContents } from './bucket-contents.ts';
import type { ObjectRecord } from './object-record.ts';

export interface Listing {
  readonly objects: readonly ObjectRecord[];
  readonly commonPrefixes: readonly string[];
  readonly truncated: boolean;
  /** Last key or common prefix of the page, where the next begins. */
  readonly last: string | undefined;
}

/**
 * Keys of a bucket in order, with those that share a prefix up to the delimiter rolled up into one
 * ("Organizing objects using prefixes"). `after` is exclusive; when it is a common prefix, all of that is passed over.
 */
export function listObjects(
  contents: BucketContents,
  options: { prefix: string; delimiter: string; after: string | undefined; limit: number },
): Listing {
  const { prefix, delimiter, after, limit } = options;
  const { keys } = contents;
  const objects: ObjectRecord[] = [];
  const commonPrefixes: string[] = [];
  let index = keys.indexFrom(prefix);
  if (after !== undefined) {
    const isPrefix = delimiter !== '' && after.startsWith(prefix) && after.endsWith(delimiter);
    index = Math.max(index, isPrefix ? keys.indexPast(after) : keys.indexAfter(after));
  }
  let last: string | undefined;
  for (;;) {
    const key = keys.at(index);
    if (key === undefined || !key.startsWith(prefix)) return { objects, commonPrefixes, truncated: false, last };
    const record = contents.latest(key);
    const cut = delimiter === '' ? -1 : key.indexOf(delimiter, prefix.length);
    const live = record !== undefined && record.deleteMarker !== true;
    if (cut === -1) {
      index++;
      if (!live) continue;
      if (objects.length + commonPrefixes.length === limit)
        return { objects, commonPrefixes, truncated: limit > 0, last };
      objects.push(record);
      last = key;
      continue;
    }
    const common = key.slice(0, cut + delimiter.length);
    const end = keys.indexPast(common);
    if (hasLive(contents, index, end)) {
      if (objects.length + commonPrefixes.length === limit)
        return { objects, commonPrefixes, truncated: limit > 0, last };
      commonPrefixes.push(common);
      last = common;
    }
    index = end;
  }
}

function hasLive(contents: BucketContents, from: number, end: number): boolean {
  for (let index = from; index < end; index++) {
    if (contents.latest(contents.keys.at(index) as string)?.deleteMarker !== true) return true;
  }
  return false;
}
