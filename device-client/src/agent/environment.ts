import { ENVIRONMENT_PREFIX } from './setting-names.ts';

/** The agent's own variables of the process's environment. */
export function agentEnvironment(): Readonly<Record<string, string | undefined>> {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => name.startsWith(ENVIRONMENT_PREFIX)));
}
