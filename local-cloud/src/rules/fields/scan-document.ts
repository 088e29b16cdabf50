import type { FieldKey, FieldNode } from './field-tree.ts';
import { KeyTable } from './key-table.ts';

/** Deeper documents are left to `JSON.parse`, which does not recurse. */
const MAX_DEPTH = 64;
/** Every decimal of at most 15 digits has a double of its own, whose shortest notation it is. */
const MAX_DIGITS = 15;
/** `0.000001` is the smallest number that JavaScript writes without an exponent. */
const MAX_LEADING_ZEROS = 5;

const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;
const OPEN_ARRAY = 0x5b;
const CLOSE_ARRAY = 0x5d;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const COLON = 0x3a;
const MINUS = 0x2d;
const POINT = 0x2e;
const ZERO = 0x30;

/** Place where the document stops being one, or being readable here. */
const FAILED = -1;

/**
 * Reads a JSON document without building it: checks its whole grammar and notes where wanted values stand.
 *
 * INVARIANT: `scan` is true only for what `JSON.parse` accepts, and then the noted values are those it would give, the
 * last of equal keys included. False says nothing: the document may be none, or one that is left to `JSON.parse`.
 */
export class DocumentScanner {
  /** By slot: first byte of the value, -1 without one, and the byte after it. */
  readonly starts: number[] = [];
  readonly ends: number[] = [];
  /** By slot: the value's text is that of its re-serialized form. */
  readonly plain: boolean[] = [];
  /** The object or array of the document itself. */
  rootStart = 0;
  rootEnd = 0;
  /** The root's text is that of its re-serialized form. Known only when keys were watched. */
  rootPlain = false;
  /** A byte above 0x7f was read. */
  wide = false;

  #bytes: Uint8Array = new Uint8Array(0);
  #end = 0;
  /** What re-serializing would change, so far: white space, escapes, numbers, keys. */
  #blemishes = 0;
  readonly #keys = new KeyTable();
  #watchKeys = false;

  /** `watchKeys` finds out about equal keys too, which {@link rootPlain} needs. */
  scan(bytes: Uint8Array, tree: FieldNode, slots: number, watchKeys: boolean): boolean {
    this.#bytes = bytes;
    this.#end = bytes.length;
    this.#blemishes = 0;
    this.wide = false;
    this.#watchKeys = watchKeys;
    if (watchKeys) this.#keys.clear(bytes);
    const { starts } = this;
    for (let slot = 0; slot < slots; slot++) starts[slot] = -1;
    const start = this.#space(0);
    this.#blemishes = 0;
    const first = start < this.#end ? bytes[start] : 0;
    let end = FAILED;
    if (first === OPEN_OBJECT) end = this.#object(start + 1, tree, 0);
    else if (first === OPEN_ARRAY) end = this.#array(start + 1, 0);
    this.rootStart = start;
    this.rootEnd = end;
    this.rootPlain = watchKeys && this.#blemishes === 0;
    const done = end !== FAILED && this.#space(end) === this.#end;
    this.#bytes = EMPTY;
    return done;
  }

  #space(from: number): number {
    const bytes = this.#bytes;
    let position = from;
    for (; position < this.#end; position++) {
      const code = bytes[position] as number;
      if (code > 0x20 || (code !== 0x20 && code !== 0x0a && code !== 0x0d && code !== 0x09)) break;
    }
    if (position !== from) this.#blemishes++;
    return position;
  }

  /** `from` is behind the opening brace. */
  #object(from: number, node: FieldNode | undefined, depth: number): number {
    if (depth > MAX_DEPTH) return FAILED;
    const bytes = this.#bytes;
    const end = this.#end;
    const serial = this.#watchKeys ? this.#keys.open() : 0;
    let position = from;
    if (position < end && (bytes[position] as number) <= 0x20) position = this.#space(position);
    if (position < end && bytes[position] === CLOSE_OBJECT) return position + 1;
    for (;;) {
      if (position >= end || bytes[position] !== QUOTE) return FAILED;
      const key = position + 1;
      position = this.#string(key);
      if (position === FAILED) return FAILED;
      const keyEnd = position - 1;
      if (this.#escaped) return FAILED;
      if (serial !== 0 && !this.#keys.add(key, keyEnd, serial)) this.#blemishes++;
      if (position < end && (bytes[position] as number) <= 0x20) position = this.#space(position);
      if (position >= end || bytes[position] !== COLON) return FAILED;
      position++;
      if (position < end && (bytes[position] as number) <= 0x20) position = this.#space(position);
      position =
        node === undefined ? this.#value(position, undefined, depth) : this.#member(position, node, key, keyEnd, depth);
      if (position === FAILED) return FAILED;
      if (position < end && (bytes[position] as number) <= 0x20) position = this.#space(position);
      if (position >= end) return FAILED;
      const next = bytes[position] as number;
      if (next === CLOSE_OBJECT) return position + 1;
      if (next !== COMMA) return FAILED;
      position++;
      if (position < end && (bytes[position] as number) <= 0x20) position = this.#space(position);
    }
  }

  /** Value of an attribute of an object that holds wanted ones. */
  #member(from: number, node: FieldNode, key: number, keyEnd: number, depth: number): number {
    const bytes = this.#bytes;
    const length = keyEnd - key;
    const first = bytes[key] as number;
    const { keys } = node;
    for (let index = 0; index < keys.length; index++) {
      const wanted = keys[index] as FieldKey;
      if (wanted.length !== length || (wanted.first !== first && length !== 0)) continue;
      const { name, slot, inner } = wanted;
      let offset = 0;
      while (offset < length && name[offset] === bytes[key + offset]) offset++;
      if (offset !== length) continue;
      // an equal key before this one counts no more
      if (inner !== undefined) for (const below of inner.slots) this.starts[below] = -1;
      const before = this.#blemishes;
      const end = this.#value(from, inner, depth);
      if (slot >= 0) {
        this.starts[slot] = from;
        this.ends[slot] = end;
        this.plain[slot] = this.#blemishes === before;
      }
      return end;
    }
    return this.#value(from, undefined, depth);
  }

  #array(from: number, depth: number): number {
    if (depth > MAX_DEPTH) return FAILED;
    const bytes = this.#bytes;
    const end = this.#end;
    let position = from;
    if (position < end && (bytes[position] as number) <= 0x20) position = this.#space(position);
    if (position < end && bytes[position] === CLOSE_ARRAY) return position + 1;
    for (;;) {
      position = this.#value(position, undefined, depth);
      if (position === FAILED) return FAILED;
      if (position < end && (bytes[position] as number) <= 0x20) position = this.#space(position);
      if (position >= end) return FAILED;
      const next = bytes[position] as number;
      if (next === CLOSE_ARRAY) return position + 1;
      if (next !== COMMA) return FAILED;
      position++;
      if (position < end && (bytes[position] as number) <= 0x20) position = this.#space(position);
    }
  }

  #value(position: number, node: FieldNode | undefined, depth: number): number {
    if (position >= this.#end) return FAILED;
    const code = this.#bytes[position] as number;
    if (code === QUOTE) return this.#string(position + 1);
    if (code === OPEN_OBJECT) return this.#object(position + 1, node, depth + 1);
    if (code === OPEN_ARRAY) return this.#array(position + 1, depth + 1);
    if (code === 0x74) return this.#word(position, TRUE);
    if (code === 0x66) return this.#word(position, FALSE);
    if (code === 0x6e) return this.#word(position, NULL);
    return this.#number(position, code);
  }

  #word(position: number, word: Uint8Array): number {
    for (let index = 1; index < word.length; index++) {
      if (position + index >= this.#end || this.#bytes[position + index] !== word[index]) return FAILED;
    }
    return position + word.length;
  }

  /** The string read last had an escape. */
  #escaped = false;

  /** `from` is behind the opening quote; gives the place behind the closing one. */
  #string(from: number): number {
    const bytes = this.#bytes;
    const end = this.#end;
    this.#escaped = false;
    let position = from;
    while (position < end) {
      const kind = KINDS[bytes[position] as number] as number;
      position++;
      if (kind === PLAIN) continue;
      if (kind === CLOSING) return position;
      if (kind === WIDE) this.wide = true;
      else if (kind === ESCAPING) {
        this.#blemishes++;
        this.#escaped = true;
        const length = this.#escape(position);
        if (length === 0) return FAILED;
        position += length;
      } else return FAILED;
    }
    return FAILED;
  }

  /** Length of an escape without its backslash, 0 for one that JSON does not have. */
  #escape(position: number): number {
    if (position >= this.#end) return 0;
    const code = this.#bytes[position] as number;
    if (code !== 0x75) return ESCAPES[code] === 1 ? 1 : 0;
    if (position + 4 >= this.#end) return 0;
    for (let index = 1; index <= 4; index++) {
      if (HEX[this.#bytes[position + index] as number] !== 1) return 0;
    }
    return 5;
  }

  #digits(from: number): number {
    const bytes = this.#bytes;
    const end = this.#end;
    let position = from;
    while (position < end) {
      const code = bytes[position] as number;
      if (code < ZERO || code > 0x39) break;
      position++;
    }
    return position;
  }

  /** A fraction that begins with more zeros than JavaScript writes. */
  #isTiny(from: number, end: number): boolean {
    let position = from;
    while (position < end && this.#bytes[position] === ZERO) position++;
    return position - from > MAX_LEADING_ZEROS;
  }

  #number(from: number, first: number): number {
    const bytes = this.#bytes;
    const end = this.#end;
    let position = from;
    const negative = first === MINUS;
    if (negative) position++;
    if (position >= end) return FAILED;
    const whole = position;
    const zero = bytes[whole] === ZERO;
    if (zero) position++;
    else {
      position = this.#digits(position);
      if (position === whole) return FAILED;
    }
    let digits = position - whole;
    let odd = negative && zero;
    if (position < end && bytes[position] === POINT) {
      const fraction = ++position;
      position = this.#digits(position);
      if (position === fraction) return FAILED;
      digits += position - fraction;
      odd = bytes[position - 1] === ZERO || (zero && this.#isTiny(fraction, position));
    }
    if (position < end && ((bytes[position] as number) | 0x20) === 0x65) {
      odd = true;
      position++;
      if (position < end && (bytes[position] === 0x2b || bytes[position] === MINUS)) position++;
      const exponent = position;
      position = this.#digits(position);
      if (position === exponent) return FAILED;
    }
    if (odd || digits > MAX_DIGITS) this.#blemishes++;
    return position;
  }
}

/** What a byte is inside a string. */
const PLAIN = 0;
const CLOSING = 1;
const ESCAPING = 2;
const CONTROL = 3;
const WIDE = 4;

const KINDS = Uint8Array.from({ length: 256 }, (_, byte) => {
  if (byte === QUOTE) return CLOSING;
  if (byte === BACKSLASH) return ESCAPING;
  return byte < 0x20 ? CONTROL : byte > 0x7f ? WIDE : PLAIN;
});

const EMPTY = new Uint8Array(0);
const TRUE = Buffer.from('true');
const FALSE = Buffer.from('false');
const NULL = Buffer.from('null');

const ESCAPES = tableOf('"\\/bfnrt');
const HEX = tableOf('0123456789abcdefABCDEF');

function tableOf(characters: string): Uint8Array {
  const table = new Uint8Array(256);
  for (const character of characters) table[character.charCodeAt(0)] = 1;
  return table;
}
