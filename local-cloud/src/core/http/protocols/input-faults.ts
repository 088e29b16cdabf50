import { isUtf8 } from 'node:buffer';
import type { NormalizedSchema } from '@smithy/core/schema';
import { AwsError } from '../../errors.ts';
import { missingMembers } from '../codec/required-members.ts';
import { ShapeError } from '../codec/shape-error.ts';

/** Codes of malformed input, by protocol and service. */
export interface InputFaultCodes {
  /** The bytes or the types do not fit. */
  readonly serialization: string;
  /** A required member is missing. */
  readonly validation: string;
}

/**
 * Runs a strict reader and turns what it finds into AWS's errors.
 *
 * @throws AwsError
 */
export function readChecked(
  codes: InputFaultCodes,
  schema: NormalizedSchema,
  read: () => { value: unknown; missing: boolean },
): Record<string, unknown> {
  let reading: { value: unknown; missing: boolean };
  try {
    reading = read();
  } catch (error) {
    if (error instanceof ShapeError) throw new AwsError(codes.serialization, error.describe(), 400, { cause: error });
    throw error;
  }
  if (reading.missing) missingMembers(schema, reading.value).throwIfAny(codes.validation);
  return reading.value as Record<string, unknown>;
}

/** @throws ShapeError for bytes that are no UTF-8 or no JSON */
export function parseJson(body: Buffer): unknown {
  if (body.length === 0) return {};
  if (!isUtf8(body)) throw new ShapeError('the body is not valid UTF-8');
  // A byte order mark is no part of the text.
  const marked = body[0] === 0xef && body[1] === 0xbb && body[2] === 0xbf;
  try {
    return JSON.parse(body.toString('utf8', marked ? 3 : 0));
  } catch {
    // The engine's own message repeats a piece of the body, which may hold a secret.
    throw new ShapeError('the body is not valid JSON');
  }
}
