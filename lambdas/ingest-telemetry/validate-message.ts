import {
  MAX_SAMPLES_PER_MESSAGE,
  MAX_VALUES_PER_SAMPLE,
  sampleSchema,
  type TelemetryMessage,
  telemetryMessageSchema,
} from '@fleetwright/contracts';
import { type $ZodIssue, toDotPath } from 'zod/v4/core';

export type Validation =
  | { readonly ok: true; readonly message: TelemetryMessage }
  | { readonly ok: false; readonly problem: string };

/**
 * Validates a decoded payload. The schema decides; {@link isPlainlyValid} only spares it the common case,
 * where it costs more than everything else done with the message.
 *
 * INVARIANT: what the fast check accepts, the schema accepts unchanged.
 */
export function validateMessage(payload: unknown): Validation {
  if (isPlainlyValid(payload)) return { ok: true, message: payload };
  const parsed = telemetryMessageSchema.safeParse(payload);
  return parsed.success ? { ok: true, message: parsed.data } : { ok: false, problem: describe(parsed.error.issues) };
}

/** Problems that are spelled out; a message can have thousands. */
const MAX_PROBLEMS = 5;

function describe(issues: readonly $ZodIssue[]): string {
  const named = issues.slice(0, MAX_PROBLEMS).map((issue) => {
    // What is wrong with a key stands one level below.
    const message =
      issue.code === 'invalid_key' ? issue.issues.map((inner) => inner.message).join(', ') : issue.message;
    return `${toDotPath(issue.path) || 'message'}: ${message}`;
  });
  const more = issues.length - named.length;
  return more > 0 ? `${named.join('; ')}; and ${more} more` : named.join('; ');
}

const MAX_TEXT = 2048;
const MAX_BOOT_ID = 0xffff_ffff;

export function isPlainlyValid(payload: unknown): payload is TelemetryMessage {
  if (!isPlainObject(payload)) return false;
  const { version, bootId, sequence, samples } = payload;
  if (Object.keys(payload).length !== 4 || version !== 1) return false;
  if (!isWhole(bootId) || bootId < 1 || bootId > MAX_BOOT_ID) return false;
  if (!isWhole(sequence) || sequence < 1) return false;
  if (!Array.isArray(samples) || samples.length < 1 || samples.length > MAX_SAMPLES_PER_MESSAGE) return false;
  for (let index = 0; index < samples.length; index++) {
    if (!isPlainlyValidSample(samples[index])) return false;
  }
  return true;
}

function isPlainlyValidSample(sample: unknown): boolean {
  if (!isPlainObject(sample)) return false;
  const { time, values } = sample;
  if (Object.keys(sample).length !== 2 || !isWhole(time) || time < 0) return false;
  if (!isPlainObject(values)) return false;
  let count = 0;
  for (const name in values) {
    if (++count > MAX_VALUES_PER_SAMPLE || !isKnownName(name)) return false;
    const value = values[name];
    if (typeof value === 'number' ? !Number.isFinite(value) : !isFlagOrText(value)) return false;
  }
  return count > 0;
}

function isFlagOrText(value: unknown): boolean {
  return typeof value === 'boolean' || (typeof value === 'string' && value.length <= MAX_TEXT);
}

function isWhole(value: unknown): value is number {
  return Number.isSafeInteger(value);
}

function isPlainObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype;
}

/** Names that the schema has accepted. A fleet uses few; the bound keeps a hostile one from filling memory. */
const knownNames = new Set<string>();
const MAX_KNOWN_NAMES = 10_000;

function isKnownName(name: string): boolean {
  if (knownNames.has(name)) return true;
  if (!sampleSchema.safeParse({ time: 0, values: { [name]: 0 } }).success) return false;
  if (knownNames.size < MAX_KNOWN_NAMES) knownNames.add(name);
  return true;
}
