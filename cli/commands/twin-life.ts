import { LambdaClient } from '@aws-sdk/client-lambda';
import type { LifeReport, LifeRequest, LifeResult } from '@fleetwright/contracts';
import type { StageOptions } from '../operator/stage.ts';
import { formatTable } from '../output/table.ts';
import { invoke } from '../twin/invoke.ts';
import { withDevice } from '../twin/with-device.ts';

export interface TwinLifeOptions extends StageOptions {
  readonly json?: boolean;
}

/** `fleetwright twin life`: how long what wears of a device lasts, or why that cannot be said. */
export async function twinLife(name: string, options: TwinLifeOptions): Promise<void> {
  await withDevice(name, options, ['LifeFunctionName'], async ({ clients, outputs, thingName }) => {
    const request: LifeRequest = { thingName };
    const result = await invoke<LifeResult>(clients.of(LambdaClient), outputs.LifeFunctionName, request);
    if (options.json === true) {
      const { ok: _told, ...report } = result;
      process.stdout.write(`${JSON.stringify(report)}\n`);
      return;
    }
    const rows = result.parts.map((part) => [part.name, part.measure, levelOf(part), trendOf(part), verdictOf(part)]);
    process.stdout.write(`${formatTable({ columns: ['part', 'measure', 'level', 'trend', 'remaining'], rows })}\n`);
  });
}

function levelOf(part: LifeReport): string | null {
  if (part.status === 'not-enough-evidence') return null;
  return `${short(part.level)} of ${short(part.endOfLife)}${part.unit === undefined ? '' : ` ${part.unit}`}`;
}

function trendOf(part: LifeReport): string | null {
  if (part.status === 'not-enough-evidence') return null;
  return `${short(part.perDay)} a day (${short(part.perDayFrom)} to ${short(part.perDayTo)}, ${part.confidencePercent} %)`;
}

export function verdictOf(part: LifeReport): string {
  const since = part.since === undefined ? '' : `, since ${new Date(part.since).toISOString().slice(0, 16)}Z`;
  switch (part.status) {
    case 'not-enough-evidence':
      return `not enough evidence: ${part.reason}${since}`;
    case 'reached':
      return `end of life is reached${since}`;
    case 'no-trend':
      return part.atLeastDays === undefined
        ? `no trend towards its end${since}`
        : `no certain trend; at least ${days(part.atLeastDays)}${since}`;
    case 'far':
      return `more than ${days(part.atLeastDays)}; further than the evidence reaches${since}`;
    case 'estimated':
      return `${days(part.days)} (${days(part.soonestDays)} to ${days(part.latestDays)})${since}`;
  }
}

function days(count: number): string {
  return count < 2 ? `${(count * 24).toFixed(0)} h` : `${count.toFixed(count < 20 ? 1 : 0)} d`;
}

function short(value: number): string {
  return String(Number(value.toPrecision(4)));
}
