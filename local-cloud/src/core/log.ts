export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

/** Structured log: one JSON object per line. Never pass secrets, keys or payloads. */
export type Log = (level: LogLevel, message: string, fields?: Record<string, unknown>) => void;

export const RANK: Record<LogLevel, number> = { debug: 0, info: 1, warn: 2, error: 3 };

export function jsonLog(write: (line: string) => void, now: () => number, threshold: LogLevel = 'info'): Log {
  return (level, message, fields) => {
    if (RANK[level] < RANK[threshold]) return;
    write(`${JSON.stringify({ time: new Date(now()).toISOString(), level, message, ...fields })}\n`);
  };
}

export const silentLog: Log = () => {};
