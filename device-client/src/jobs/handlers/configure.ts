import type { JobHandler, JsonValue } from '../job-handler.ts';

/** What takes settings: the twin's configuration (`ShadowTwin.configure`). */
export interface ConfigurationPort {
  /**
   * Takes settings as if the shadow had asked for them; null removes one. Resolves when they are in use, or when the
   * device is back at the last ones that worked.
   */
  configure(settings: Readonly<Record<string, JsonValue>>, signal: AbortSignal): Promise<ConfigurationOutcome>;
}

export type ConfigurationOutcome =
  | { readonly status: 'applied' }
  /** Nothing of it is in use. `errors` by setting. */
  | { readonly status: 'refused'; readonly code: string; readonly errors: Readonly<Record<string, string>> };

/** Configures once, all or nothing. */
export function configureHandler(port: ConfigurationPort): JobHandler<'configure'> {
  return {
    operation: 'configure',
    async run({ document, report, signal }) {
      report({ stage: 'applying' });
      const outcome = await port.configure(document.settings as Record<string, JsonValue>, signal);
      if (outcome.status === 'applied') return { status: 'succeeded' };
      const detail = Object.entries(outcome.errors)
        .map(([setting, message]) => `${setting}: ${message}`)
        .join('; ');
      return { status: 'failed', details: { reason: outcome.code, detail } };
    },
  };
}
