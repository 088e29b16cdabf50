import imported from 'canonicalize';

// Its types call the default export a namespace under nodenext; at run time it is the function.
const canonicalize = imported as unknown as (value: unknown) => string | undefined;

/** Canonical form of a JSON value (RFC 8785). @throws TypeError for what JSON cannot hold */
export function canonicalJson(value: unknown): string {
  const text = canonicalize(value);
  if (text === undefined) throw new TypeError('JSON has no such value');
  return text;
}

/** Reads bytes that must be the canonical form of what they say: so nothing hides in a name that is given twice. @throws SyntaxError */
export function parseCanonicalJson(bytes: Uint8Array): unknown {
  const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  const value: unknown = JSON.parse(text);
  if (canonicalJson(value) !== text) {
    throw new SyntaxError('the bytes are not the canonical form of their JSON (RFC 8785)');
  }
  return value;
}
