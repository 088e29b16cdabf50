import type * as z from 'zod';

/** What one setting of a shadow is and does. */
export interface SettingHandler<Schema extends z.ZodType = z.ZodType> {
  readonly schema: Schema;
  /**
   * Puts a value into use; undefined is the device's own default. Called in the order in which the handlers are listed,
   * also with earlier values: at the start with the last that worked, and after a configuration that did no good with those
   * before it. So it must be repeatable. What it throws is why the configuration is not taken.
   */
  apply(value: z.infer<Schema> | undefined, signal: AbortSignal): void | Promise<void>;
}

/** Keeps the type of the value while it forgets the schema's. */
export function settingHandler<Schema extends z.ZodType>(handler: SettingHandler<Schema>): SettingHandler {
  return handler as unknown as SettingHandler;
}

export type SettingHandlers = Readonly<Record<string, SettingHandler>>;
