import { alertRulesSchema, deviceModelSchema, lifeRulesSchema, topicLevelSchema } from '@fleetwright/contracts';
import { z } from 'zod';

/** Something for each device type; null takes away what the defaults have for a type. */
const byDeviceType = <T extends z.ZodType>(schema: T) =>
  z.preprocess(
    (raw) =>
      typeof raw === 'object' && raw !== null && !Array.isArray(raw)
        ? Object.fromEntries(Object.entries(raw).filter(([, value]) => value !== null))
        : raw,
    z.record(topicLevelSchema, schema),
  );

/** Alerts on what devices measure, by device type and the name of the rule. */
export const alertsSchema = z.strictObject({
  rules: byDeviceType(alertRulesSchema).default({}),
  /** A sample that is older than this when it arrives is history, and raises nothing. */
  maxLatenessSeconds: z.int().min(1).max(604_800).default(3_600),
  /** How long samples are gathered before they are judged; it also puts in order what came out of order. */
  batchWindowSeconds: z.int().min(1).max(300).default(2),
  /** Invocations at once. */
  maxConcurrency: z.int().min(2).max(1_000).default(5),
  /** Addresses that all alerts on devices are mailed to, once their owners have confirmed. */
  emails: z.array(z.email('must be an e-mail address')).default([]),
});

export type AlertSettings = z.infer<typeof alertsSchema>;

/** How devices of a type answer to their settings. */
export const modelsSchema = byDeviceType(deviceModelSchema);

/** What of devices of a type wears, and when it is used up. */
export const remainingLifeSchema = byDeviceType(lifeRulesSchema);

export interface MistakenType {
  readonly path: readonly string[];
  readonly message: string;
  readonly value: unknown;
}

/** Settings for device types that the stage does not have: nothing would ever come of them. */
export function mistakenTypes(settings: Record<string, unknown>): MistakenType[] {
  const types = at(settings, 'provisioning', 'deviceTypes');
  if (!Array.isArray(types)) return [];
  return [['alerts', 'rules'], ['measures'], ['models'], ['remainingLife']].flatMap((path) => {
    const group = at(settings, ...path);
    if (typeof group !== 'object' || group === null) return [];
    return Object.entries(group)
      .filter(([type, value]) => !types.includes(type) && value !== null)
      .map(([type]) => ({
        path: [...path, type],
        message: `must be one of provisioning.deviceTypes (${types.join(', ')})`,
        value: type,
      }));
  });
}

function at(value: unknown, ...path: readonly string[]): unknown {
  return path.reduce<unknown>((inner, key) => (inner as Record<string, unknown> | undefined)?.[key], value);
}
