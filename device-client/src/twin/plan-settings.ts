import type { TwinReport } from '@fleetwright/contracts';
import type * as z from 'zod';
import { type Json, type JsonObject, sameJson } from './json-merge.ts';
import type { SettingHandlers } from './settings-handler.ts';

export type SettingError = NonNullable<TwinReport['errors']>[number];

/** One setting that is to have another value; undefined is none. */
export interface SettingChange {
  readonly setting: string;
  readonly from: Json | undefined;
  readonly to: Json | undefined;
}

export interface SettingsPlan {
  /** In the order in which they are applied. */
  readonly changes: readonly SettingChange[];
  /** Of what is asked and cannot be had. */
  readonly errors: readonly SettingError[];
  /** What will be in use when all changes are. */
  readonly settings: JsonObject;
}

/** Longest message of an error; a shadow holds 8 KB in all (IoT Core quotas, "Maximum size of a JSON state document"). */
const MAX_MESSAGE = 200;

/**
 * What to do about settings that are asked for. Each is judged alone; null and undefined ask for none.
 * @param inUse settings that are in use
 */
export function planSettings(
  inUse: JsonObject,
  asked: Readonly<Record<string, Json | undefined>>,
  handlers: SettingHandlers,
): SettingsPlan {
  const errors: SettingError[] = [];
  const wanted = new Map<string, Json | undefined>();
  for (const [setting, value] of Object.entries(asked)) {
    const handler = Object.hasOwn(handlers, setting) ? handlers[setting] : undefined;
    if (handler === undefined) {
      if (value !== undefined && value !== null) {
        errors.push(settingError(setting, 'UNSUPPORTED', 'this device has no such setting'));
      }
      continue;
    }
    if (value === undefined || value === null) {
      wanted.set(setting, undefined);
      continue;
    }
    const parsed = handler.schema.safeParse(value);
    if (parsed.success) wanted.set(setting, value);
    else errors.push(settingError(setting, 'INVALID', problemOf(parsed.error)));
  }
  const settings = new Map(Object.entries(inUse));
  const changes: SettingChange[] = [];
  for (const setting of Object.keys(handlers)) {
    if (!wanted.has(setting)) continue;
    const from = settings.get(setting);
    const to = wanted.get(setting);
    if (sameJson(from, to)) continue;
    changes.push({ setting, from, to });
    if (to === undefined) settings.delete(setting);
    else settings.set(setting, to);
  }
  return { changes, errors, settings: Object.fromEntries(settings) };
}

/** Settings whose desired value is another than the one that was acted on last; one that is desired no more is undefined. */
export function changedDesires(before: JsonObject, now: JsonObject): Record<string, Json | undefined> {
  const changed = new Map<string, Json | undefined>();
  for (const [setting, value] of Object.entries(now)) {
    const known = Object.hasOwn(before, setting) ? before[setting] : undefined;
    if (!sameJson(known, value)) changed.set(setting, value);
  }
  for (const setting of Object.keys(before)) if (!Object.hasOwn(now, setting)) changed.set(setting, undefined);
  return Object.fromEntries(changed);
}

export function settingError(setting: string, code: SettingError['code'], message: string): SettingError {
  return { setting, code, message: message.slice(0, MAX_MESSAGE) };
}

function problemOf(error: z.ZodError): string {
  return error.issues.map(({ message, path }) => [...path, message].join(' ')).join('; ');
}
