/**
 * The canonical form of a JSON value (RFC 8785): no white space, names sorted by their UTF-16 code units, numbers and text
 * as ECMAScript writes them. @throws TypeError for what JSON cannot hold, and for text with lone surrogates (section 3.2.2.2)
 */
export function canonicalJson(value: unknown): string {
  if (value === null || typeof value === 'boolean') return JSON.stringify(value);
  if (typeof value === 'string') return canonicalText(value);
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) throw new TypeError('JSON has no such number');
    return JSON.stringify(value);
  }
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  if (typeof value === 'object') {
    const names = Object.keys(value).sort();
    const members = value as Readonly<Record<string, unknown>>;
    return `{${names.map((name) => `${canonicalText(name)}:${canonicalJson(members[name])}`).join(',')}}`;
  }
  throw new TypeError(`JSON has no ${typeof value}`);
}

function canonicalText(text: string): string {
  if (LONE_SURROGATE.test(text)) throw new TypeError('text with a lone surrogate has no canonical form');
  return JSON.stringify(text);
}

const LONE_SURROGATE = /[\uD800-\uDBFF](?![\uDC00-\uDFFF])|(?<![\uD800-\uDBFF])[\uDC00-\uDFFF]/;

/**
 * Reads bytes that must be the canonical form of what they say: so a value has one digest, and nothing hides in a name that
 * is given twice. @throws SyntaxError
 */
export function parseCanonicalJson(bytes: Uint8Array): unknown {
  const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  const value: unknown = JSON.parse(text);
  if (canonicalJson(value) !== text)
    throw new SyntaxError('the bytes are not the canonical form of their JSON (RFC 8785)');
  return value;
}
