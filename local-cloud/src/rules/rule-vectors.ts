import { type Entropy, systemEntropy } from '../core/entropy.ts';
import { evaluateRule, type RuleTrial, type RuleTrialResult } from './evaluate-rule.ts';
import { differencesOf, type JsonValue } from './json-differences.ts';
import { SqlError } from './sql/sql-error.ts';
import { isSqlVersion, SQL_VERSIONS, type SqlVersion } from './values/value.ts';

/** JSON, or bytes that need not be JSON: `{"$base64": "…"}`, `{"$text": "…"}`. */
export type VectorContent = JsonValue;

/** One rule, one message and what AWS IoT makes of them. */
export interface RuleVector {
  readonly sql: string;
  /** @default '2015-10-08', as for a rule that states none */
  readonly sqlVersion?: SqlVersion;
  readonly topic: string;
  readonly clientId?: string;
  readonly principal?: string;
  readonly sourceIp?: string;
  readonly traceId?: string;
  readonly accountId?: string;
  /** `timestamp()`, ms since the epoch */
  readonly now?: number;
  readonly payload: VectorContent;
  /** Without `output` only the match is checked. */
  readonly expect: { readonly match: boolean; readonly output?: VectorContent };
  /** Where the expected value is written. */
  readonly source?: string;
  /** Chosen, not documented: does not count as conformance. */
  readonly assumed?: boolean;
  /** What is wrong with the vector itself, which then fails; set by {@link readVectors}. */
  readonly problem?: string;
}

export interface VectorFailure {
  /** Place in the file, from 0. */
  readonly index: number;
  readonly sql: string;
  readonly topic: string;
  readonly source?: string;
  /** Each with its place in the output: `output.a[0]: expected 1, got 2`. */
  readonly differences: readonly string[];
}

/** A vector file that cannot be read. */
export class VectorFileError extends Error {
  override readonly name = 'VectorFileError';
}

/**
 * Reads a vector file: an array of vectors, or `{"vectors": […]}`. A vector that is none is kept with its `problem`.
 *
 * @throws VectorFileError for a file without such an array
 */
export function readVectors(text: string): RuleVector[] {
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch (cause) {
    throw new VectorFileError(`the file is no JSON: ${(cause as Error).message}`, { cause });
  }
  const list = isRecord(content) ? content.vectors : content;
  if (!Array.isArray(list)) throw new VectorFileError('the file holds no array of vectors');
  return list.map(readVector);
}

const TEXTS = ['clientId', 'principal', 'sourceIp', 'traceId', 'accountId', 'source'] as const;

function readVector(value: unknown): RuleVector {
  const vector = isRecord(value) ? value : {};
  const { sql = '', topic = '' } = vector;
  const problem = isRecord(value) ? problemOf(value) : 'is no object';
  const payload = (vector.payload === undefined ? bytesKey(vector) : vector.payload) as VectorContent;
  if (problem === undefined) return { ...(vector as unknown as RuleVector), payload };
  return { sql: String(sql), topic: String(topic), payload: null, expect: { match: false }, problem };
}

function problemOf(vector: Readonly<Record<string, unknown>>): string | undefined {
  const { sql, topic, sqlVersion, expect, now } = vector;
  if (typeof sql !== 'string') return 'sql must be a string';
  if (typeof topic !== 'string') return 'topic must be a string';
  if (sqlVersion !== undefined && (typeof sqlVersion !== 'string' || !isSqlVersion(sqlVersion))) {
    return `sqlVersion must be one of ${SQL_VERSIONS.join(', ')}`;
  }
  if (!isRecord(expect) || typeof expect.match !== 'boolean') return 'expect.match must be true or false';
  const wrong = TEXTS.find((name) => vector[name] !== undefined && typeof vector[name] !== 'string');
  if (wrong !== undefined) return `${wrong} must be a string`;
  if (now !== undefined && typeof now !== 'number') return 'now must be a number of milliseconds';
  return vector.payload === undefined && bytesKey(vector) === undefined ? 'payload is missing' : undefined;
}

/** `$base64` or `$text` beside `sql` stands for the payload, too. */
function bytesKey(value: Readonly<Record<string, unknown>>): unknown {
  if (value.$base64 !== undefined) return { $base64: value.$base64 };
  return value.$text === undefined ? undefined : { $text: value.$text };
}

/** Undefined when the rule does what the vector expects. */
export function checkVector(
  vector: RuleVector,
  index: number,
  circumstances: { readonly now: number; readonly entropy?: Entropy },
): VectorFailure | undefined {
  const differences =
    vector.problem === undefined
      ? compare(vector, () => evaluateRule(trialOf(vector, circumstances)))
      : [`the vector cannot be used: ${vector.problem}`];
  if (differences.length === 0) return undefined;
  const { sql, topic, source } = vector;
  return { index, sql, topic, ...(source === undefined ? {} : { source }), differences };
}

export function trialOf(
  vector: Omit<RuleVector, 'expect'>,
  { now, entropy = systemEntropy }: { readonly now: number; readonly entropy?: Entropy },
): RuleTrial {
  const { sql, topic, sqlVersion, clientId, principal, sourceIp, traceId, accountId } = vector;
  return {
    sql,
    topic,
    payload: contentBytes(vector.payload),
    now: vector.now ?? now,
    entropy,
    ...(sqlVersion === undefined ? {} : { sqlVersion }),
    ...(clientId === undefined ? {} : { clientId }),
    ...(principal === undefined ? {} : { principal }),
    ...(sourceIp === undefined ? {} : { sourceIp }),
    ...(traceId === undefined ? {} : { traceId }),
    ...(accountId === undefined ? {} : { accountId }),
  };
}

function compare({ expect }: RuleVector, evaluate: () => RuleTrialResult): string[] {
  let result: RuleTrialResult;
  try {
    result = evaluate();
  } catch (error) {
    const kind = error instanceof SqlError ? 'the SQL is refused' : 'the rule cannot be evaluated';
    return [`${kind}: ${(error as Error).message}`];
  }
  if (result.match !== expect.match) return [`match: expected ${expect.match}, got ${result.match}`];
  if (!expect.match || expect.output === undefined) return [];
  const bytes = result.outputBytes ?? Buffer.alloc(0);
  const exact = exactBytes(expect.output);
  if (exact !== undefined) {
    return bytes.equals(exact) ? [] : [`output: expected the bytes ${shownBytes(exact)}, got ${shownBytes(bytes)}`];
  }
  const actual = jsonOrUndefined(bytes);
  if (actual === undefined) return [`output: expected ${JSON.stringify(expect.output)}, got ${shownBytes(bytes)}`];
  return differencesOf(expect.output, actual, 'output');
}

/** Bytes of a payload: JSON text, or what `$base64` and `$text` hold. */
export function contentBytes(content: VectorContent): Buffer {
  return exactBytes(content) ?? Buffer.from(JSON.stringify(content));
}

function exactBytes(content: VectorContent): Buffer | undefined {
  if (!isRecord(content) || Object.keys(content).length !== 1) return undefined;
  const { $base64, $text } = content;
  if (typeof $base64 === 'string') return Buffer.from($base64, 'base64');
  return typeof $text === 'string' ? Buffer.from($text) : undefined;
}

function jsonOrUndefined(bytes: Buffer): JsonValue | undefined {
  try {
    return JSON.parse(bytes.toString('utf8')) as JsonValue;
  } catch {
    return undefined;
  }
}

function shownBytes(bytes: Buffer): string {
  if (bytes.length === 0) return 'nothing';
  const text = bytes.toString('utf8');
  return Buffer.from(text).equals(bytes) ? JSON.stringify(text) : `base64 ${bytes.toString('base64')}`;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
