const formatters = new Map<string, Intl.DateTimeFormat>();

/** Whether the runtime knows a time zone by this name. */
export function isTimeZone(name: string): boolean {
  try {
    formatter(name);
    return true;
  } catch {
    return false;
  }
}

/** What clocks of a time zone show at a moment, as if they showed UTC. */
export function localDate(at: number, timeZone: string): number {
  if (timeZone === 'UTC') return at;
  const parts: Record<string, number> = {};
  for (const { type, value } of formatter(timeZone).formatToParts(at)) parts[type] = Number(value);
  const { year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0 } = parts;
  return Date.UTC(year, month - 1, day, hour, minute, second) + (((at % 1000) + 1000) % 1000);
}

/** The moment at which clocks of a time zone show `local`; where they skip it, the moment after as much of the gap. */
export function utcOf(local: number, timeZone: string): number {
  if (timeZone === 'UTC') return local;
  const before = local - (localDate(local - 86_400_000, timeZone) - (local - 86_400_000));
  if (localDate(before, timeZone) === local) return before;
  const after = local - (localDate(local + 86_400_000, timeZone) - (local + 86_400_000));
  return localDate(after, timeZone) === local ? after : before;
}

function formatter(timeZone: string): Intl.DateTimeFormat {
  let known = formatters.get(timeZone);
  if (known === undefined) {
    known = new Intl.DateTimeFormat('en-US', {
      timeZone,
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    });
    formatters.set(timeZone, known);
  }
  return known;
}
