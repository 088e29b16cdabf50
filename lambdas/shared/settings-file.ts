import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { FunctionError, messageOf } from './errors.ts';

/** Beside the bundle: settings that the 4 KB of a function's environment (Lambda quotas) would not hold. */
export const SETTINGS_FILE = 'settings.json';

/**
 * Reads the settings beside the bundle once, when the module loads.
 * @throws FunctionError `ENVIRONMENT_INVALID` with every problem
 */
export function readSettings<T>(schema: z.ZodType<T>): T {
  let raw: unknown;
  try {
    raw = JSON.parse(readFileSync(join(__dirname, SETTINGS_FILE), 'utf8'));
  } catch (error) {
    throw new FunctionError('ENVIRONMENT_INVALID', `${SETTINGS_FILE}: ${messageOf(error)}`, { cause: error });
  }
  const parsed = schema.safeParse(raw);
  if (!parsed.success) throw new FunctionError('ENVIRONMENT_INVALID', z.prettifyError(parsed.error));
  return parsed.data;
}
