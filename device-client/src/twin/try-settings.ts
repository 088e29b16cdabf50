import { reasonOf } from '../errors.ts';
import type { DeviceLog } from '../feature.ts';
import { type SettingChange, type SettingError, settingError } from './plan-settings.ts';
import type { SettingHandlers } from './settings-handler.ts';

export interface TrialPorts {
  readonly handlers: SettingHandlers;
  /** Rejects when the device does not do well with what is in use now; may take as long as it needs to tell. */
  readonly healthy: ((signal: AbortSignal) => Promise<void>) | undefined;
  readonly log: DeviceLog;
  readonly signal: AbortSignal;
}

/** `errors`: one for each change, since none of them is in use. */
export type TrialOutcome =
  | { readonly outcome: 'good' | 'stopped' }
  | { readonly outcome: 'bad'; readonly errors: readonly SettingError[] };

/**
 * Puts changes into use and looks how the device does. When it does not do well, or one of them cannot be applied, all are
 * taken back, the last first.
 */
export async function trySettings(changes: readonly SettingChange[], ports: TrialPorts): Promise<TrialOutcome> {
  const { handlers, healthy, signal } = ports;
  const applied: SettingChange[] = [];
  let errorOf: ((setting: string) => SettingError) | undefined;
  for (const change of changes) {
    applied.push(change);
    try {
      await handlers[change.setting]?.apply(change.to, signal);
    } catch (failure) {
      const reason = reasonOf(failure);
      errorOf = (setting) =>
        settingError(
          setting,
          'NOT_APPLIED',
          setting === change.setting ? reason : `${change.setting} failed: ${reason}`,
        );
      break;
    }
  }
  if (errorOf === undefined && !signal.aborted) {
    try {
      await healthy?.(signal);
    } catch (failure) {
      const reason = reasonOf(failure);
      errorOf = (setting) => settingError(setting, 'UNHEALTHY', reason);
    }
  }
  // Stopping may be why something failed; the next start decides.
  if (signal.aborted) return { outcome: 'stopped' };
  const failed = errorOf;
  if (failed === undefined) return { outcome: 'good' };
  await takeBack(applied, ports);
  return { outcome: 'bad', errors: changes.map(({ setting }) => failed(setting)) };
}

async function takeBack(applied: readonly SettingChange[], { handlers, log, signal }: TrialPorts): Promise<void> {
  for (const { from, setting } of [...applied].reverse()) {
    try {
      await handlers[setting]?.apply(from, signal);
    } catch (failure) {
      log.error('an earlier setting cannot be put back', { setting, reason: reasonOf(failure) });
    }
  }
}
