import { readFileSync } from 'node:fs';
import type { RuleVector, SqlVersion, VectorFailure } from '../../local-cloud/src/index.ts';
import { Failure, messageOf } from '../failure.ts';

export interface RuleTestOptions {
  readonly sql?: string;
  readonly sqlVersion?: SqlVersion;
  readonly topic?: string;
  readonly payload?: string;
  readonly payloadFile?: string;
  readonly payloadBase64?: string;
  readonly clientId?: string;
  readonly principal?: string;
  readonly sourceIp?: string;
  readonly now?: number;
  readonly vectors?: string;
  readonly json?: boolean;
}

/** `fleetwright rule test`: evaluates a topic rule without a cloud, or checks a file of vectors. */
export async function ruleTest(options: RuleTestOptions): Promise<void> {
  if (options.vectors !== undefined) return checkVectors(options.vectors, options);
  return evaluateOne(options);
}

async function evaluateOne(options: RuleTestOptions): Promise<void> {
  const { sql, topic } = options;
  if (sql === undefined || topic === undefined) {
    throw new Failure('rule test needs --sql and --topic, or --vectors', 2);
  }
  const { evaluateRule, trialOf, SqlError, SelectionError } = await import('../../local-cloud/src/index.ts');
  const payload = readPayload(options);
  const trial = { ...trialOf({ ...options, sql, topic, payload: {} }, { now: Date.now() }), payload };
  try {
    const { match, outputBytes } = evaluateRule(trial);
    show(match, outputBytes, options.json === true);
  } catch (error) {
    if (error instanceof SqlError) throw new Failure(`the SQL is refused: ${error.message}\n${pointTo(sql, error)}`);
    if (error instanceof SelectionError) throw new Failure(`the rule has no output: ${error.message}`);
    throw error;
  }
}

function show(match: boolean, bytes: Buffer | undefined, json: boolean): void {
  if (json) {
    process.stdout.write(`${JSON.stringify({ match, ...(match ? { output: outputJson(bytes) } : {}) })}\n`);
  } else if (!match) process.stdout.write('no match: the topic is not in FROM, or WHERE is not true\n');
  else process.stdout.write(`match\n${pretty(bytes)}\n`);
}

/** JSON as it is; bytes that are none in the notation of vector files. */
function outputJson(bytes: Buffer = Buffer.alloc(0)): unknown {
  const text = bytes.toString('utf8');
  try {
    return JSON.parse(text);
  } catch {
    return Buffer.from(text).equals(bytes) ? { $text: text } : { $base64: bytes.toString('base64') };
  }
}

function pretty(bytes: Buffer = Buffer.alloc(0)): string {
  const text = bytes.toString('utf8');
  if (bytes.length === 0) return '(Undefined: nothing is sent)';
  return Buffer.from(text).equals(bytes) ? text : `(${bytes.length} bytes) ${bytes.toString('base64')}`;
}

function readPayload({ payload, payloadFile, payloadBase64 }: RuleTestOptions): Buffer {
  const given = [payload, payloadFile, payloadBase64].filter((value) => value !== undefined);
  if (given.length > 1) throw new Failure('give one of --payload, --payload-file and --payload-base64', 2);
  if (payloadFile !== undefined) return readFile(payloadFile);
  if (payloadBase64 !== undefined) return Buffer.from(payloadBase64, 'base64');
  return Buffer.from(payload ?? '');
}

function readFile(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    throw new Failure(`cannot read ${path}: ${messageOf(error)}`, 1, { cause: error });
  }
}

/** The line of the statement with a mark below the place. */
function pointTo(sql: string, { line, column }: { readonly line: number; readonly column: number }): string {
  const text = sql.split('\n')[line - 1] ?? '';
  return `  ${text}\n  ${' '.repeat(column - 1)}^`;
}

async function checkVectors(path: string, { json, now }: RuleTestOptions): Promise<void> {
  const { checkVector, readVectors, VectorFileError } = await import('../../local-cloud/src/index.ts');
  let vectors: RuleVector[];
  try {
    vectors = readVectors(readFile(path).toString('utf8'));
  } catch (error) {
    if (error instanceof VectorFileError) throw new Failure(`${path}: ${error.message}`, 2, { cause: error });
    throw error;
  }
  const failures: VectorFailure[] = [];
  for (const [index, vector] of vectors.entries()) {
    const failure = checkVector(vector, index, { now: now ?? Date.now() });
    if (failure === undefined) continue;
    failures.push(failure);
    process.stdout.write(describeFailure(failure));
  }
  const passed = vectors.length - failures.length;
  process.stdout.write(
    json === true
      ? `${JSON.stringify({ passed, failed: failures.length, failures })}\n`
      : `${passed} passed, ${failures.length} failed\n`,
  );
  if (failures.length > 0) process.exitCode = 1;
}

function describeFailure({ index, sql, topic, source, differences }: VectorFailure): string {
  const from = source === undefined ? '' : ` (${source})`;
  return `vector ${index}${from}: ${sql} on ${topic}\n${differences.map((difference) => `  ${difference}\n`).join('')}`;
}
