import { createHash } from 'node:crypto';

const SEAL_LENGTH = 64;

/** JSON under its own SHA-256, so that a torn write is told from a whole one. */
export function sealJson(value: unknown): Buffer {
  const body = `${JSON.stringify(value)}\n`;
  return Buffer.from(`${digest(body)}\n${body}`);
}

/** Undefined where the bytes are not whole. */
export function openSealedJson(bytes: Uint8Array): unknown {
  const text = Buffer.from(bytes).toString('utf8');
  const body = text.slice(SEAL_LENGTH + 1);
  if (text[SEAL_LENGTH] !== '\n' || text.slice(0, SEAL_LENGTH) !== digest(body)) return undefined;
  return JSON.parse(body);
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
