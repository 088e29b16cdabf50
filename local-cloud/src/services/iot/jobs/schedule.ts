import type { SchedulingConfig } from '@aws-sdk/client-iot';
import { parseCron } from './cron-expression.ts';
import { SHOWN_WINDOWS } from './limits.ts';

const MINUTE = 60_000;

/** When a job may reach out to things. */
export interface Schedule {
  /** ms since the epoch */
  readonly startTime: number | undefined;
  readonly endTime: number | undefined;
  /** Inside the schedule and, where there are windows, inside one of them. */
  isOpen(now: number): boolean;
  /** When {@link isOpen} may next change; undefined when it never does. */
  nextChange(now: number): number | undefined;
  /** Beginnings of the next windows, soonest first; empty without windows. */
  windowStarts(now: number): readonly number[];
}

export function scheduleOf(config: SchedulingConfig | undefined): Schedule {
  const startTime = readDateTime(config?.startTime);
  const endTime = readDateTime(config?.endTime);
  const windows = (config?.maintenanceWindows ?? []).map(({ startTime: cron, durationInMinutes }) => ({
    cron: parseCron(cron ?? ''),
    length: (durationInMinutes ?? 0) * MINUTE,
  }));
  const begins = (now: number): boolean => startTime === undefined || now >= startTime;
  const ends = (now: number): boolean => endTime !== undefined && now >= endTime;
  /** End of the window that is open at `now`: one that began no longer ago than it lasts. */
  const openUntil = (now: number): number | undefined => {
    const until = windows.flatMap(({ cron, length }) => {
      let end: number | undefined;
      for (let at = cron?.next(now - length); at !== undefined && at <= now; at = cron?.next(at)) end = at + length;
      return end === undefined || end <= now ? [] : [end];
    });
    return until.length === 0 ? undefined : Math.max(...until);
  };
  return {
    startTime,
    endTime,
    isOpen: (now) => begins(now) && !ends(now) && (windows.length === 0 || openUntil(now) !== undefined),
    nextChange(now) {
      const candidates = [startTime, endTime].filter((at) => at !== undefined && at > now) as number[];
      if (windows.length > 0 && !ends(now)) {
        const until = openUntil(now);
        if (until !== undefined) candidates.push(until);
        for (const { cron } of windows) {
          const at = cron?.next(now);
          if (at !== undefined) candidates.push(at);
        }
      }
      return candidates.length === 0 ? undefined : Math.min(...candidates);
    },
    windowStarts(now) {
      const from = Math.max(now, (startTime ?? now) - 1);
      const starts = windows.flatMap(({ cron }) => {
        const own: number[] = [];
        for (let at = cron?.next(from); at !== undefined && own.length < SHOWN_WINDOWS; at = cron?.next(at))
          own.push(at);
        return own;
      });
      return [...new Set(starts)]
        .filter((at) => endTime === undefined || at < endTime)
        .sort((a, b) => a - b)
        .slice(0, SHOWN_WINDOWS);
    },
  };
}

const DATE_TIME = /^(\d{4})-(\d{2})-(\d{2})[ T](\d{2}):(\d{2})(?::(\d{2})(?:\.\d{1,3})?)?Z?$/;

/** `YYYY-MM-DD HH:MM` in UTC, as the API reference gives it (SchedulingConfig), or ISO 8601. Undefined for other text. */
export function readDateTime(text: string | undefined): number | undefined {
  const parts = DATE_TIME.exec(text ?? '');
  if (parts === null) return undefined;
  const [year, month, day, hour, minute, second] = parts.slice(1).map((part) => Number(part ?? 0)) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  const at = Date.UTC(year, month - 1, day, hour, minute, second || 0);
  const read = new Date(at);
  const same = read.getUTCMonth() === month - 1 && read.getUTCDate() === day && hour < 24 && minute < 60;
  return same ? at : undefined;
}

export function writeDateTime(at: number): string {
  return new Date(at).toISOString().slice(0, 16).replace('T', ' ');
}
