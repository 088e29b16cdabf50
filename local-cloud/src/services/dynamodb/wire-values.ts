import type { Json } from './engine.ts';

/** An SDK request as JSON carries it: bytes in base64. Always a copy, since dynalite works on what it is given. */
export function toWire(value: unknown): unknown {
  if (value instanceof Uint8Array) return Buffer.from(value.buffer, value.byteOffset, value.length).toString('base64');
  if (Array.isArray(value)) return value.map(toWire);
  if (typeof value !== 'object' || value === null) return value;
  const copy: Json = {};
  for (const [name, member] of Object.entries(value)) if (member !== undefined) copy[name] = toWire(member);
  return copy;
}

/**
 * A JSON answer as the SDK types it: base64 of `B` and `BS` as bytes, members named `…DateTime` as dates.
 * An attribute that is itself named `B` holds an object there, never text, so the two cannot be confused.
 */
export function fromWire(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(fromWire);
  if (typeof value !== 'object' || value === null) return value;
  const copy: Json = {};
  for (const [name, member] of Object.entries(value)) {
    if (member === undefined) continue;
    if (name === 'B' && typeof member === 'string') copy[name] = Buffer.from(member, 'base64');
    else if (name === 'BS' && Array.isArray(member))
      copy[name] = member.map((text) => Buffer.from(String(text), 'base64'));
    else if (name.endsWith('DateTime') && typeof member === 'number') copy[name] = new Date(member * 1000);
    else copy[name] = fromWire(member);
  }
  return copy;
}
