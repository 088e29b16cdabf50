import { Decimal, InexactJson } from './decimal.ts';
import type { Numbers } from './numbers.ts';
import { RawPayload, type SqlValue } from './value.ts';

const RUN = 16;
const EXPONENT = /\d[eE]/;
const LOWER_CASE_EXPONENT = /\de/;
/** A fraction of zeros, which SQL 2015-10-08 keeps apart from an Int. */
const WHOLE_DECIMAL = /\.0+(?!\d)/;

/** @throws SyntaxError when the text is no JSON document */
export function parseJson(text: string, numbers: Numbers): SqlValue {
  if (mayLoseDigits(text) || (numbers.keepWhole && WHOLE_DECIMAL.test(text))) return parseExactly(text, numbers);
  return JSON.parse(text) as SqlValue;
}

/**
 * Whether `JSON.parse` could lose digits: there is a run of 16 or more digits and points, or an exponent. Strings that
 * look so only cost time. Numbers of up to 15 digits have doubles of their own.
 */
function mayLoseDigits(text: string): boolean {
  // every run of 16 covers one of these positions, and from there reaches 8 further to one side
  for (let position = RUN - 1; position < text.length; position += RUN) {
    const code = text.charCodeAt(position);
    if (code > 0x39 || code < 0x2e) continue;
    if (!isDigitOrPoint(text.charCodeAt(position - 8)) && !isDigitOrPoint(text.charCodeAt(position + 8))) continue;
    if (runAround(text, position) >= RUN) return true;
  }
  return (text.indexOf('E') < 0 ? LOWER_CASE_EXPONENT : EXPONENT).test(text);
}

function isDigitOrPoint(code: number): boolean {
  return (code >= 0x30 && code <= 0x39) || code === 0x2e;
}

function runAround(text: string, position: number): number {
  let start = position;
  while (start > 0 && isDigitOrPoint(text.charCodeAt(start - 1))) start--;
  let end = position + 1;
  while (end < text.length && isDigitOrPoint(text.charCodeAt(end))) end++;
  return end - start;
}

/**
 * `JSON.parse` with the numbers of the rule SQL. The grammar is checked by `JSON.parse` itself first, so that this
 * reader may rely on it.
 */
function parseExactly(text: string, numbers: Numbers): SqlValue {
  JSON.parse(text);
  let position = 0;

  const skipSpace = (): void => {
    for (;;) {
      const code = text.charCodeAt(position);
      if (code !== 0x20 && code !== 0x0a && code !== 0x0d && code !== 0x09) return;
      position++;
    }
  };

  const readString = (): string => {
    const start = position++;
    for (;;) {
      const code = text.charCodeAt(position++);
      if (code === 0x5c) position++;
      else if (code === 0x22) return JSON.parse(text.slice(start, position)) as string;
    }
  };

  const readObject = (): SqlValue => {
    const object: Record<string, SqlValue> = {};
    position++;
    skipSpace();
    while (text[position] !== '}') {
      if (text[position] === ',') position++;
      skipSpace();
      const key = readString();
      skipSpace();
      position++;
      setOwn(object, key, readValue());
      skipSpace();
    }
    position++;
    return object;
  };

  const readArray = (): SqlValue => {
    const items: SqlValue[] = [];
    position++;
    skipSpace();
    while (text[position] !== ']') {
      if (text[position] === ',') position++;
      items.push(readValue());
      skipSpace();
    }
    position++;
    return items;
  };

  const readValue = (): SqlValue => {
    skipSpace();
    switch (text[position]) {
      case '{':
        return readObject();
      case '[':
        return readArray();
      case '"':
        return readString();
      case 't':
        position += 4;
        return true;
      case 'f':
        position += 5;
        return false;
      case 'n':
        position += 4;
        return null;
      default: {
        const start = position;
        while (/[-+.\deE]/.test(text[position] ?? '')) position++;
        return numbers.fromText(text.slice(start, position));
      }
    }
  };

  return readValue();
}

/** Sets an own property, also for the key `__proto__`. */
export function setOwn(object: Record<string, SqlValue>, key: string, value: SqlValue): void {
  if (key === '__proto__') {
    Object.defineProperty(object, key, { value, enumerable: true, configurable: true, writable: true });
  } else object[key] = value;
}

/** JSON of a value; keys whose value is Undefined are left out. Undefined by itself is the empty string. */
export function toJson(value: SqlValue): string {
  if (value === undefined) return '';
  if (typeof value === 'bigint') return String(value);
  try {
    return JSON.stringify(value);
  } catch (error) {
    // bigint: TypeError, Decimal: InexactJson
    if (error instanceof InexactJson || error instanceof TypeError) return writeJson(value);
    throw error;
  }
}

function writeJson(value: SqlValue): string {
  if (typeof value === 'bigint') return String(value);
  if (value instanceof Decimal) return value.toString();
  if (value === null || typeof value !== 'object' || value instanceof RawPayload) return JSON.stringify(value);
  if (Array.isArray(value)) {
    return `[${value.map(writeJson).join(',')}]`;
  }
  const members: string[] = [];
  for (const [key, member] of Object.entries(value)) {
    if (member !== undefined) members.push(`${JSON.stringify(key)}:${writeJson(member)}`);
  }
  return `{${members.join(',')}}`;
}
