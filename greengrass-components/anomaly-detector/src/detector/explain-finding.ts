import type { Finding } from './detector.ts';

const MAX_DIGITS = 5;

/** Why a value is an anomaly, in one sentence for people. @param time ms since the epoch */
export function explainFinding(finding: Finding, time: number): string {
  const rare = `as rare as 1 in ${rarity(finding.severity)} values`;
  switch (finding.measure) {
    case 'hour': {
      const hour = new Date(time).getUTCHours();
      return `unusual for the hour: about ${short(finding.usual)} is usual from ${clock(hour)} to ${clock(hour + 1)} UTC; ${rare}`;
    }
    case 'shift':
      return `the level has shifted: the mean of the last 10 values has left the usual ${short(finding.usual)}; ${rare}`;
    case 'range':
      return `beyond the values seen, ${short(finding.seenLow)} to ${short(finding.seenHigh)}; ${rare}`;
    default:
      return `frozen: the same value ${finding.unchanged + 1} times in a row; ${rare}`;
  }
}

/** The same, of a series that is silent. @param elapsed ms @param interval ms */
export function explainSilence(elapsed: number, interval: number): string {
  return `silent: no value for ${seconds(elapsed)}, where one comes each ${seconds(interval)}`;
}

function rarity(severity: number): string {
  return severity < 6 ? String(Math.round(10 ** severity)) : 'more than a million';
}

function short(value: number): string {
  return String(Number(value.toPrecision(MAX_DIGITS)));
}

function clock(hour: number): string {
  return `${String(hour % 24).padStart(2, '0')}:00`;
}

function seconds(milliseconds: number): string {
  return `${short(milliseconds / 1_000)} s`;
}
