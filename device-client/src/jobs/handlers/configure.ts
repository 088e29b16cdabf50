import type { JobHandler, JsonValue } from '../job-handler.ts';

/** What takes settings: the twin of the device (`TwinFeature`). */
export interface ConfigurationPort {
  /**
   * Takes settings as if the shadow had asked for them; null removes one. Resolves when they are in use, or when the
   * device is back at the last ones that worked. The same id again tells what came of it, also after a restart.
   * @throws when the agent stops
   */
  configure(id: string, settings: Readonly<Record<string, JsonValue>>): Promise<ConfigurationOutcome>;
}

export type ConfigurationOutcome =
  | { readonly status: 'applied' }
  /** Nothing of it is in use. `errors` by setting. */
  | { readonly status: 'refused'; readonly code: string; readonly errors: Readonly<Record<string, string>> };

/** Configures once, all or nothing. */
export function configureHandler(port: ConfigurationPort): JobHandler<'configure'> {
  return {
    operation: 'configure',
    async run({ document, executionNumber, jobId, report, signal }) {
      signal.throwIfAborted();
      report({ stage: 'applying' });
      const outcome = await port.configure(`${jobId}/${executionNumber}`, document.settings);
      if (outcome.status === 'applied') return { status: 'succeeded' };
      const detail = Object.entries(outcome.errors)
        .map(([setting, message]) => `${setting}: ${message}`)
        .join('; ');
      return { status: 'failed', details: { reason: outcome.code, detail } };
    },
  };
}
