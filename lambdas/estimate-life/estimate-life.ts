import {
  estimateLife,
  type LifeReport,
  type LifeResult,
  type LifeRules,
  lifeRequestSchema,
} from '@fleetwright/contracts';
import * as z from 'zod';
import type { DeviceFinding } from '../shared/find-device.ts';
import type { TelemetryHistory } from '../shared/telemetry-history.ts';

export interface LifePorts {
  now(): number;
  findDevice(thingName: string): Promise<DeviceFinding>;
  readonly history: TelemetryHistory;
}

/** Values of one trend at most: the estimate looks at all pairs of them. */
const MAX_VALUES = 500;
const LEAST_STRETCH = 60;
const HOUR = 3_600;
const DAY = 86_400;

/** Estimates how long what wears of a device lasts. Reads only. */
export async function lifeOf(
  input: unknown,
  life: Readonly<Record<string, LifeRules>>,
  ports: LifePorts,
): Promise<LifeResult> {
  const parsed = lifeRequestSchema.safeParse(input);
  if (!parsed.success) return { ok: false, reason: 'INVALID', message: z.prettifyError(parsed.error) };
  const { thingName } = parsed.data;
  const found = await ports.findDevice(thingName);
  if (!found.ok) return found;
  const { deviceType } = found;
  const rules = Object.hasOwn(life, deviceType) ? life[deviceType] : undefined;
  if (rules === undefined || Object.keys(rules).length === 0) {
    const message = `nothing is known to wear of ${deviceType}: configure remainingLife.${deviceType}`;
    return { ok: false, reason: 'NO_RULE', message };
  }
  const at = ports.now();
  const parts = await Promise.all(
    Object.entries(rules).map(async ([name, rule]): Promise<LifeReport> => {
      const { channel, endOfLife, lookbackDays, measure, minDays, unit } = rule;
      const points = await ports.history.medians(
        thingName,
        channel,
        measure,
        at - lookbackDays * DAY * 1_000,
        stretchOf(lookbackDays, minDays),
      );
      return { name, measure, endOfLife, ...(unit !== undefined && { unit }), ...estimateLife(points, rule, at) };
    }),
  );
  return { ok: true, thingName, deviceType, at, parts };
}

/** Seconds that one value stands for: an hour, or so many that there are not too many values; less for short trends. */
export function stretchOf(lookbackDays: number, minDays: number): number {
  const fewest = Math.ceil((lookbackDays * DAY) / MAX_VALUES / LEAST_STRETCH) * LEAST_STRETCH;
  const wanted = Math.min(HOUR, Math.floor((minDays * DAY) / 24 / LEAST_STRETCH) * LEAST_STRETCH);
  return Math.max(LEAST_STRETCH, wanted, fewest);
}
