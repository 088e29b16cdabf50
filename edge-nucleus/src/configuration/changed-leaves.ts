import { isDeepStrictEqual } from 'node:util';
import { type Configuration, isObject, type Json } from './merge-configuration.ts';

/** Paths of what two configurations have differently: values, lists and empty objects are leaves, and so is what is gone. */
export function changedLeaves(before: Configuration, after: Configuration): (readonly string[])[] {
  const changed: (readonly string[])[] = [];
  compare(before, after, [], changed);
  return changed;
}

function compare(before: Configuration, after: Configuration, path: readonly string[], changed: (readonly string[])[]) {
  for (const key of new Set([...Object.keys(before), ...Object.keys(after)])) {
    const was = own(before, key);
    const is = own(after, key);
    const place = [...path, key];
    if (isObject(was) && isObject(is) && Object.keys(was).length > 0 && Object.keys(is).length > 0) {
      compare(was, is, place, changed);
    } else if (isObject(is) && was === undefined && Object.keys(is).length > 0) {
      compare({}, is, place, changed);
    } else if (!isDeepStrictEqual(was, is)) {
      changed.push(place);
    }
  }
}

function own(value: Configuration, key: string): Json | undefined {
  return Object.hasOwn(value, key) ? value[key] : undefined;
}

/** RFC 6901. */
export function pointerOf(path: readonly string[]): string {
  return path.map((key) => `/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
}
