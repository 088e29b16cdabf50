import imported from 'canonicalize';

/** The package is a CommonJS function, which its own types call a namespace. */
const serialize = imported as unknown as (value: unknown) => string | undefined;

/** Canonical JSON (RFC 8785) in UTF-8. @throws Error for what is not JSON */
export function canonicalJson(value: unknown): Buffer {
  const text = serialize(value);
  if (text === undefined) throw new Error('only JSON has a canonical form');
  return Buffer.from(text, 'utf8');
}
