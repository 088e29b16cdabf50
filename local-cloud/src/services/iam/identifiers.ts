import { type Entropy, randomText } from '../../core/entropy.ts';
import { validationError } from './errors.ts';
import { MAX_DESCRIPTION_LENGTH, MAX_TAGS } from './limits.ts';
import type { Tag } from './records.ts';

const BASE32 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
const BASE64 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';

/** Prefixes say what an id names (IAM user guide, "IAM identifiers", "Unique identifiers"). */
export type IdPrefix = 'AROA' | 'ANPA' | 'AKIA' | 'ASIA';

export function uniqueId(entropy: Entropy, prefix: IdPrefix): string {
  return prefix + randomText(entropy, prefix === 'AKIA' || prefix === 'ASIA' ? 16 : 17, BASE32);
}

export function secretText(entropy: Entropy, length: number): string {
  return randomText(entropy, length, BASE64);
}

/** CreateRole, CreatePolicy and PutRolePolicy, "Request Parameters". */
export function checkName(name: unknown, parameter: string, maxLength: number): asserts name is string {
  if (typeof name === 'string' && name.length <= maxLength && /^[\w+=,.@-]+$/.test(name)) return;
  throw validationError(
    `The specified value for ${parameter} is invalid. It must contain only alphanumeric characters and/or the following: +=,.@_- and be at most ${maxLength} characters long`,
  );
}

export function checkPath(path: string): void {
  if (/^(\/|\/[\x21-\x7e]+\/)$/.test(path) && path.length <= 512) return;
  throw validationError(
    'The specified value for path is invalid. It must begin and end with / and contain only alphanumeric characters and/or / characters.',
  );
}

export function checkDescription(description: string | undefined): void {
  if ((description?.length ?? 0) <= MAX_DESCRIPTION_LENGTH) return;
  throw validationError(`The description must be at most ${MAX_DESCRIPTION_LENGTH} characters long`);
}

export function checkTags(tags: readonly Tag[]): void {
  if (tags.length > MAX_TAGS) throw validationError(`The number of tags exceeds the limit of ${MAX_TAGS}`);
  const keys = new Set(tags.map((tag) => tag.Key.toLowerCase()));
  if (keys.size !== tags.length)
    throw validationError('Duplicate tag keys found. Please note that Tag keys are case insensitive.');
}
