import type { AttributePayload, Tag } from '@aws-sdk/client-iot';
import { ConstraintViolations } from '../../../core/constraint-violations.ts';
import { invalidRequest } from '../errors.ts';
import {
  ATTRIBUTE_NAME_PATTERN,
  ATTRIBUTE_VALUE_PATTERN,
  MAX_ATTRIBUTE_NAME_LENGTH,
  MAX_ATTRIBUTE_VALUE_LENGTH,
  MAX_NAME_LENGTH,
  MAX_PAGE_SIZE,
  MAX_TAGS,
  NAME_PATTERN,
} from '../limits.ts';
import type { Attributes } from './records.ts';

const CODE = 'InvalidRequestException';

/** Constraints of a member that names something. @throws AwsError InvalidRequestException */
export function requireName(
  path: string,
  name: string | undefined,
  pattern = NAME_PATTERN,
  most = MAX_NAME_LENGTH,
): asserts name is string {
  new ConstraintViolations()
    .required(path, name)
    .length(path, name, 1, most)
    .pattern(path, name, pattern)
    .throwIfAny(CODE);
}

/** As {@link requireName}, for a member that may be left out. */
export function allowName(path: string, name: string | undefined): void {
  if (name !== undefined) requireName(path, name);
}

export function requireText(
  path: string,
  text: string | undefined,
  least: number,
  most: number,
): asserts text is string {
  new ConstraintViolations().required(path, text).length(path, text, least, most).throwIfAny(CODE);
}

export function allowText(path: string, text: string | undefined, most: number): void {
  new ConstraintViolations().length(path, text, 0, most).throwIfAny(CODE);
}

export function requireOneOf(path: string, value: string | undefined, allowed: readonly string[]): void {
  new ConstraintViolations().required(path, value).oneOf(path, value, allowed).throwIfAny(CODE);
}

export function checkPageSize(path: string, size: number | undefined): void {
  new ConstraintViolations().range(path, size, 1, MAX_PAGE_SIZE).throwIfAny(CODE);
}

/** Attributes of a payload, each checked against the patterns of the API reference. */
export function readAttributes(path: string, payload: AttributePayload | undefined): Attributes {
  const attributes = payload?.attributes ?? {};
  const violations = new ConstraintViolations();
  for (const [name, value] of Object.entries(attributes)) {
    violations
      .length(path, name, 1, MAX_ATTRIBUTE_NAME_LENGTH)
      .pattern(path, name, ATTRIBUTE_NAME_PATTERN)
      .length(path, value, 0, MAX_ATTRIBUTE_VALUE_LENGTH)
      .pattern(path, value, ATTRIBUTE_VALUE_PATTERN);
  }
  violations.throwIfAny(CODE);
  return attributes;
}

/**
 * Attributes after a change. A payload replaces all of them unless it asks to merge; an empty value removes the
 * attribute (API reference, AttributePayload).
 */
export function changedAttributes(
  path: string,
  current: Attributes,
  payload: AttributePayload | undefined,
): Attributes {
  if (payload === undefined) return current;
  const given = readAttributes(path, payload);
  const all = payload.merge === true ? { ...current, ...given } : given;
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== ''));
}

export function sameAttributes(a: Attributes, b: Attributes): boolean {
  const names = Object.keys(a);
  return names.length === Object.keys(b).length && names.every((name) => Object.hasOwn(b, name) && a[name] === b[name]);
}

/** Tag lists as the registry keeps them. */
export function readTags(tags: readonly Tag[] | undefined): Record<string, string> {
  const read: Record<string, string> = {};
  const violations = new ConstraintViolations().length('tags', tags, 0, MAX_TAGS);
  for (const { Key, Value } of tags ?? []) {
    violations.required('tags.key', Key).length('tags.key', Key, 1, 128).length('tags.value', Value, 0, 256);
    if (Key !== undefined) read[Key] = Value ?? '';
  }
  violations.throwIfAny(CODE);
  const reserved = Object.keys(read).find((key) => key.toLowerCase().startsWith('aws:'));
  if (reserved !== undefined) throw invalidRequest(`Tag keys must not start with aws: (${reserved})`);
  return read;
}
