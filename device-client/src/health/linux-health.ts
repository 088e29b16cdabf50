import { readdir, readFile, statfs } from 'node:fs/promises';
import { freemem } from 'node:os';
import { join } from 'node:path';
import type { HealthSource } from './health-source.ts';
import {
  type ProcessorTimes,
  parseMemoryAvailable,
  parseProcessorTimes,
  parseUptime,
  parseWirelessSignal,
  processorLoad,
} from './proc-system.ts';

export interface LinuxHealthOptions {
  /** The file system on which it lies is the one that must not fill up: the device's state directory. */
  readonly directory: string;
  /** Where `proc` and `sys` are. @default '/' */
  readonly root?: string;
}

/** Reads `/proc`, `/sys` and the file system's statistics. */
export function linuxHealth({ directory, root = '/' }: LinuxHealthOptions): HealthSource {
  let before: ProcessorTimes | undefined;
  const text = (...path: string[]): Promise<string | undefined> => readText(join(root, ...path));
  return {
    async read() {
      const [memory, stat, uptime, wireless, disk, battery, temperature] = await Promise.all([
        text('proc/meminfo'),
        text('proc/stat'),
        text('proc/uptime'),
        text('proc/net/wireless'),
        statfs(directory).catch(() => undefined),
        readBattery(join(root, 'sys/class/power_supply')),
        readTemperature(join(root, 'sys/class/thermal')),
      ]);
      const times = parseProcessorTimes(stat ?? '');
      const cpu = before === undefined || times === undefined ? undefined : processorLoad(before, times);
      before = times;
      return known({
        memoryFree: parseMemoryAvailable(memory ?? '') ?? freemem(),
        diskFree: disk === undefined ? undefined : disk.bavail * disk.bsize,
        cpu: rounded(cpu),
        uptime: parseUptime(uptime ?? ''),
        signal: parseWirelessSignal(wireless ?? ''),
        battery,
        temperature: rounded(temperature),
      });
    },
  };
}

/** Percent of the first battery that tells its capacity (kernel documentation, `sysfs-class-power`). */
async function readBattery(directory: string): Promise<number | undefined> {
  for (const name of await entries(directory)) {
    const [type, capacity] = await Promise.all([
      readText(join(directory, name, 'type')),
      readText(join(directory, name, 'capacity')),
    ]);
    const percent = Number(capacity?.trim() || Number.NaN);
    if (type?.trim() === 'Battery' && percent >= 0 && percent <= 100) return percent;
  }
  return undefined;
}

/** °C of the hottest zone; the kernel tells thousandths (kernel documentation, `sysfs-class-thermal`). */
async function readTemperature(directory: string): Promise<number | undefined> {
  const zones = (await entries(directory)).filter((name) => name.startsWith('thermal_zone'));
  const texts = await Promise.all(zones.map((name) => readText(join(directory, name, 'temp'))));
  const degrees = texts.map((value) => Number(value?.trim() || Number.NaN) / 1000).filter(Number.isFinite);
  return degrees.length === 0 ? undefined : Math.max(...degrees);
}

async function entries(directory: string): Promise<string[]> {
  try {
    return (await readdir(directory)).sort();
  } catch {
    return [];
  }
}

async function readText(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch {
    return undefined;
  }
}

/** Tenths are what is stored. */
function rounded(value: number | undefined): number | undefined {
  return value === undefined ? undefined : Math.round(value * 10) / 10;
}

function known<T extends object>(values: T): T {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as T;
}
