import * as z from 'zod';

/**
 * Parameters of the commands that every agent carries out by itself, by name. Applications of a device add their own; a
 * command that neither knows is answered with `UNKNOWN_COMMAND`.
 */
export const AGENT_COMMANDS = {
  /** Sends a health message now. */
  'report-health': z.undefined(),
  /** Sends what waits in the queue without waiting for more; done when the cloud has all of it. */
  'flush-telemetry': z.undefined(),
  /** Logs at another level for a time, then as configured again, as after a restart. */
  'set-log-level': z.strictObject({
    level: z.enum(['debug', 'info', 'warn', 'error']),
    seconds: z.int().min(1).max(86_400),
  }),
  /** Ends the connection and makes a new one, with what runs on it. Done when it is about to. */
  reconnect: z.undefined(),
} as const satisfies Record<string, z.ZodType>;

export type AgentCommandName = keyof typeof AGENT_COMMANDS;
