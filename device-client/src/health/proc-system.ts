/** Busy and total time of all processors since the system started, in clock ticks. */
export interface ProcessorTimes {
  readonly busy: number;
  readonly total: number;
}

/** Bytes that programs can still get, of `/proc/meminfo` (proc_meminfo(5), `MemAvailable`; kernels since 3.14). */
export function parseMemoryAvailable(text: string): number | undefined {
  const match = /^MemAvailable:\s+(\d+) kB$/m.exec(text) ?? /^MemFree:\s+(\d+) kB$/m.exec(text);
  return match === null ? undefined : Number(match[1]) * 1024;
}

/** The first line of `/proc/stat` (proc_stat(5)). Waiting for a disk is not being busy. */
export function parseProcessorTimes(text: string): ProcessorTimes | undefined {
  const match = /^cpu\s+(.+)$/m.exec(text);
  if (match === null) return undefined;
  // user nice system idle iowait irq softirq steal; the time of guests is in user already
  const times = (match[1] as string).trim().split(/\s+/).slice(0, 8).map(Number);
  if (times.length < 4 || times.some((time) => !Number.isFinite(time))) return undefined;
  const total = times.reduce((sum, time) => sum + time, 0);
  const [, , , idle = 0, waiting = 0] = times;
  return { busy: total - idle - waiting, total };
}

/** Percent of all processors between two readings. */
export function processorLoad(before: ProcessorTimes, now: ProcessorTimes): number | undefined {
  const total = now.total - before.total;
  if (total <= 0) return undefined;
  return Math.min(100, Math.max(0, ((now.busy - before.busy) / total) * 100));
}

/** Seconds, of `/proc/uptime` (proc_uptime(5)). */
export function parseUptime(text: string): number | undefined {
  const seconds = Math.floor(Number(text.trim().split(/\s+/)[0]));
  return text.trim() === '' || !Number.isFinite(seconds) ? undefined : seconds;
}

/** dBm of the first radio in `/proc/net/wireless` that tells it so. */
export function parseWirelessSignal(text: string): number | undefined {
  for (const line of text.split('\n').slice(2)) {
    const [, , , level] = line.trim().split(/\s+/);
    const signal = level === undefined ? Number.NaN : Number.parseFloat(level);
    // A driver that tells a share of its own scale gives a positive number.
    if (Number.isFinite(signal) && signal < 0) return signal;
  }
  return undefined;
}
