import { ENVIRONMENT_PREFIX } from './setting-names.ts';

/** The agent's own variables of the process's environment. */
export function agentEnvironment(): Readonly<Record<string, string | undefined>> {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => name.startsWith(ENVIRONMENT_PREFIX)));
}

/** Where programs are looked for. */
export function searchPath(): string | undefined {
  return process.env.PATH;
}

/** How systemd tells a service where it listens, and how long it may be silent. */
export function serviceEnvironment(): Readonly<Record<string, string | undefined>> {
  const { NOTIFY_SOCKET, PATH, WATCHDOG_PID, WATCHDOG_USEC } = process.env;
  return { NOTIFY_SOCKET, PATH, WATCHDOG_PID, WATCHDOG_USEC };
}

/** What the launcher of A/B slots tells the program that it starts. */
export function slotEnvironment(): Readonly<Record<string, string | undefined>> {
  return process.env;
}
