import { Failure } from '../failure.ts';

const UNITS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3_600, d: 86_400 };

/** Seconds of `90s`, `30m`, `12h` or `7d`. @throws Failure naming the option */
export function seconds(option: string, text: string): number {
  const match = /^(\d+)([smhd])$/.exec(text);
  if (match === null) throw new Failure(`${option} is a number with s, m, h or d, such as 30m; got ${text}`);
  return Number(match[1]) * (UNITS[match[2] as string] as number);
}
