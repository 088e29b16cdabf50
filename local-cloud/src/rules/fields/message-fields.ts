import type { Evaluation } from '../evaluation.ts';
import { parseJson } from '../values/json.ts';
import { jsonText } from '../values/json-text.ts';
import type { Numbers } from '../values/numbers.ts';
import { isObject, type SqlValue } from '../values/value.ts';
import { buildFieldTree, type FieldNode } from './field-tree.ts';
import { DocumentScanner } from './scan-document.ts';

/** Where more statements than these read one message, a document that they share costs less. */
const MAX_PASSES = 2;

const UNREAD = Symbol('unread');
const POWERS_OF_TEN = Array.from({ length: 16 }, (_, exponent) => 10 ** exponent);

/**
 * Attributes that one statement reads, found in the message's bytes without building the document.
 *
 * INVARIANT: between `of` another evaluation and the end of a synchronous run of the statement nothing else uses the
 * same instance; whoever asks with another evaluation makes it read anew.
 */
export class MessageFields {
  readonly #numbers: Numbers;
  readonly #paths: (readonly string[])[] = [];
  #tree: FieldNode | undefined;
  #wantsWhole = false;
  readonly #scanner = new DocumentScanner();
  #owner: Evaluation | undefined;
  #scanned = false;
  #text = '';
  readonly #values: (SqlValue | typeof UNREAD)[] = [];

  constructor(numbers: Numbers) {
    this.#numbers = numbers;
  }

  /** Slot of an attribute; asked for while the statement is compiled. */
  slot(path: readonly string[]): number {
    const known = this.#paths.findIndex((other) => other.join('\0') === path.join('\0'));
    if (known >= 0) return known;
    this.#tree = undefined;
    return this.#paths.push(path) - 1;
  }

  pathOf(slot: number): readonly string[] {
    return this.#paths[slot] as readonly string[];
  }

  /** The statement will ask for {@link wholeText}. */
  wantWhole(): void {
    this.#wantsWhole = true;
  }

  value(evaluation: Evaluation, slot: number): SqlValue {
    if (this.#owner !== evaluation) this.#read(evaluation);
    const known = this.#values[slot];
    if (known !== UNREAD) return known;
    const value = this.#scanned
      ? this.#valueAt(evaluation, slot)
      : readPath(this.#document(evaluation), this.pathOf(slot));
    this.#values[slot] = value;
    return value;
  }

  /** JSON of the value; undefined for an attribute that is not there. */
  json(evaluation: Evaluation, slot: number): string | undefined {
    if (this.#owner !== evaluation) this.#read(evaluation);
    if (this.#scanned) {
      const start = this.#scanner.starts[slot] as number;
      if (start < 0) return undefined;
      const code = evaluation.input.payload[start];
      // objects and arrays are plain only if their keys were watched
      if (this.#scanner.plain[slot] === true && code !== 0x7b && code !== 0x5b) {
        return this.#slice(evaluation, start, this.#scanner.ends[slot] as number);
      }
    }
    const value = this.value(evaluation, slot);
    return value === undefined ? undefined : jsonText(value);
  }

  /** The message's object as its re-serialized form, where that is the text of the message itself. */
  wholeText(evaluation: Evaluation): string | undefined {
    if (this.#owner !== evaluation) this.#read(evaluation);
    const { rootPlain, rootStart, rootEnd } = this.#scanner;
    if (!this.#scanned || !rootPlain || evaluation.input.payload[rootStart] !== 0x7b) return undefined;
    return this.#slice(evaluation, rootStart, rootEnd);
  }

  /** The message's object has the attribute. */
  has(evaluation: Evaluation, slot: number): boolean {
    if (this.#owner !== evaluation) this.#read(evaluation);
    if (this.#scanned) return (this.#scanner.starts[slot] as number) >= 0;
    return readPath(this.#document(evaluation), this.pathOf(slot)) !== undefined;
  }

  /** Lets the message go. */
  release(): void {
    if (this.#owner === undefined) return;
    this.#owner = undefined;
    this.#forget(this.#values.length);
  }

  #forget(count: number): void {
    this.#text = '';
    for (let slot = 0; slot < count; slot++) this.#values[slot] = UNREAD;
  }

  #read(evaluation: Evaluation): void {
    this.#tree ??= buildFieldTree(this.#paths);
    const count = this.#paths.length;
    if (this.#values.length !== count || this.#owner !== undefined) this.#forget(count);
    this.#owner = evaluation;
    const { payload } = evaluation.input;
    this.#scanned =
      !evaluation.hasDocument(this.#numbers) &&
      ++evaluation.passes <= MAX_PASSES &&
      this.#scanner.scan(payload, this.#tree, count, this.#wantsWhole);
  }

  #document(evaluation: Evaluation): SqlValue {
    return evaluation.document(this.#numbers);
  }

  #slice(evaluation: Evaluation, start: number, end: number): string {
    if (this.#scanner.wide) return evaluation.input.payload.toString('utf8', start, end);
    if (this.#text === '') this.#text = evaluation.input.payload.toString('latin1');
    return this.#text.slice(start, end);
  }

  #valueAt(evaluation: Evaluation, slot: number): SqlValue {
    const start = this.#scanner.starts[slot] as number;
    if (start < 0) return undefined;
    const end = this.#scanner.ends[slot] as number;
    const { payload } = evaluation.input;
    const code = payload[start] as number;
    if (code === 0x22) {
      if (this.#scanner.plain[slot] === true) return this.#slice(evaluation, start + 1, end - 1);
      return JSON.parse(this.#slice(evaluation, start, end)) as string;
    }
    if (code === 0x74) return true;
    if (code === 0x66) return false;
    if (code === 0x6e) return null;
    if (code === 0x7b || code === 0x5b) return parseJson(this.#slice(evaluation, start, end), this.#numbers);
    if (this.#scanner.plain[slot] === true) return readNumber(payload, start, end);
    return this.#numbers.fromText(this.#slice(evaluation, start, end));
  }
}

/** A number of at most 15 digits without exponent: a quotient of two exact doubles is the nearest one. */
function readNumber(bytes: Uint8Array, start: number, end: number): number {
  const negative = bytes[start] === 0x2d;
  let value = 0;
  let point = 0;
  for (let position = negative ? start + 1 : start; position < end; position++) {
    const code = bytes[position] as number;
    if (code === 0x2e) point = position;
    else value = value * 10 + (code - 0x30);
  }
  if (point !== 0) value /= POWERS_OF_TEN[end - point - 1] as number;
  return negative ? -value : value;
}

/** Own attributes of objects, step by step; everything else has none. */
export function readPath(from: SqlValue, path: readonly string[]): SqlValue {
  let value = from;
  for (const name of path) {
    if (!isObject(value) || !Object.hasOwn(value, name)) return undefined;
    value = value[name];
  }
  return value;
}
