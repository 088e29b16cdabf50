import type { ComponentLog } from './component.ts';

/** Names of fields whose values are never written. */
const SECRET = /secret|password|passphrase|token|credential|psk|private.?key|authorization/i;
/** characters of one text */
const MAX_TEXT = 4_096;
const MAX_DEPTH = 6;

/** A line of JSON for each call: `time`, `level`, `message` and the fields. */
export function createJsonLog(write: (line: string) => void, now: () => number): ComponentLog {
  const line =
    (level: keyof ComponentLog) =>
    (message: string, fields: Readonly<Record<string, unknown>> = {}): void => {
      write(`${JSON.stringify({ time: new Date(now()).toISOString(), level, message, ...shown(fields) })}\n`);
    };
  return { debug: line('debug'), info: line('info'), warn: line('warn'), error: line('error') };
}

function shown(fields: Readonly<Record<string, unknown>>, depth = 0): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [name, SECRET.test(name) ? '[hidden]' : shownValue(value, depth)]),
  );
}

function shownValue(value: unknown, depth: number): unknown {
  if (value instanceof Error) return value.message;
  if (typeof value === 'string') return value.length > MAX_TEXT ? `${value.slice(0, MAX_TEXT)}…` : value;
  if (typeof value === 'bigint') return String(value);
  if (typeof value !== 'object' || value === null) return value;
  if (depth >= MAX_DEPTH) return '…';
  if (Array.isArray(value)) return value.map((item) => shownValue(item, depth + 1));
  if (ArrayBuffer.isView(value)) return `[${value.byteLength} bytes]`;
  return shown(value as Record<string, unknown>, depth + 1);
}
