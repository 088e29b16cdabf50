import { TWIN_REPORT, type TwinReport } from '@fleetwright/contracts';
import { reasonOf } from '../errors.ts';
import type { DeviceLog } from '../feature.ts';
import { type Json, type JsonObject, sameJson } from './json-merge.ts';
import { changedDesires, planSettings, type SettingError, type SettingsPlan, settingError } from './plan-settings.ts';
import type { SettingHandlers } from './settings-handler.ts';
import type { ShadowKeeper } from './shadow-keeper.ts';
import type { OrderRecord, ShadowState, ShadowStateStore } from './shadow-state.ts';
import { trySettings } from './try-settings.ts';

export interface SettingsKeeperOptions {
  readonly store: ShadowStateStore;
  readonly handlers: SettingHandlers;
  readonly healthy: ((signal: AbortSignal) => Promise<void>) | undefined;
  readonly log: DeviceLog;
  readonly signal: AbortSignal;
  onAdopted(settings: JsonObject, report: TwinReport): void;
}

export type OrderOutcome =
  | { readonly status: 'applied' }
  | { readonly status: 'refused'; readonly code: string; readonly errors: Readonly<Record<string, string>> };

/** Starts of a trial that the agent may not live to judge: once may be a power cut. */
const MAX_ATTEMPTS = 2;
/** Outcomes of orders that are remembered. */
const MAX_ORDERS = 16;
/** A shadow holds 8 KB: of many errors the first are reported. */
const MAX_ERRORS = 8;

/**
 * The settings of one shadow on the device.
 *
 * INVARIANTS
 * - What is on disk as `settings` has worked: it was applied and the device did well, and the device comes back to it after
 *   whatever did not, also when that has killed the agent.
 * - A desired value is acted on once, and again only when it changes.
 */
export class SettingsKeeper implements ShadowKeeper {
  readonly #options: SettingsKeeperOptions;
  /** Desired state that need not be looked at again. */
  #seen: JsonObject;
  #last: Promise<unknown> = Promise.resolve();

  constructor(options: SettingsKeeperOptions) {
    this.#options = options;
    this.#seen = settled(options.store.current);
  }

  /** What the device has to report. */
  get view(): JsonObject {
    const { own, report, settings } = this.#options.store.current;
    return { ...own, ...settings, ...(report !== undefined && { [TWIN_REPORT]: report as JsonObject }) };
  }

  /** Names that are the device's to report. */
  get managed(): ReadonlySet<string> {
    const { handlers, store } = this.#options;
    return new Set([...Object.keys(handlers), ...Object.keys(store.current.own), TWIN_REPORT]);
  }

  /** Puts the last settings that worked into use. */
  start(): Promise<void> {
    return this.#alone(async () => {
      const { handlers, log, signal, store } = this.#options;
      for (const [setting, handler] of Object.entries(handlers)) {
        const value = Object.hasOwn(store.current.settings, setting) ? store.current.settings[setting] : undefined;
        try {
          if (value === undefined) continue;
          await handler.apply(handler.schema.parse(value), signal);
        } catch (error) {
          log.error('a setting that has worked does so no more', { setting, reason: reasonOf(error) });
          const { [setting]: _, ...settings } = store.current.settings;
          store.write({ ...store.current, settings });
        }
      }
    });
  }

  /** Acts on what of a desired state is new. Resolves when the device does well with it, or is back at what it had. */
  adopt(desired: JsonObject, version: number): Promise<void> {
    return this.#alone(async () => {
      const { handlers, log, onAdopted, store } = this.#options;
      const before = store.current;
      const asked = changedDesires(this.#seen, desired);
      if (Object.keys(asked).length === 0) return;
      const plan = planSettings(before.settings, asked, handlers);
      const trial = await this.#try(plan);
      if (trial === undefined) return;
      const earlier = (before.report?.errors ?? []).filter(
        ({ setting }) => !Object.hasOwn(asked, setting) && Object.hasOwn(desired, setting),
      );
      const errors = [...trial, ...plan.errors, ...earlier];
      const rolledBack = trial.length > 0;
      // What was only looked at again belongs to the version that it was first met in.
      const anew = before.report === undefined || !sameJson(before.desired, desired);
      const report: TwinReport = {
        version: anew ? version : before.report.version,
        status: rolledBack ? 'rolled-back' : errors.length > 0 ? 'partly' : 'applied',
        ...(errors.length > 0 && { errors: errors.slice(0, MAX_ERRORS) }),
      };
      const settings = rolledBack ? before.settings : plan.settings;
      store.write({ ...store.current, settings, desired, report, trial: undefined });
      this.#seen = desired;
      if (errors.length > 0) log.warn('not all of the desired state is in use', { version, errors });
      else log.info('the desired state is in use', { version, settings: Object.keys(asked) });
      onAdopted(settings, report);
    });
  }

  /** There is no desired state any more, which is not to desire the defaults: the settings stay as they are. */
  release(): Promise<void> {
    return this.#alone(async () => {
      const { store } = this.#options;
      this.#seen = {};
      if (Object.keys(store.current.desired).length > 0) store.write({ ...store.current, desired: {} });
    });
  }

  /**
   * Takes settings once, all or nothing. The same id again tells what came of it.
   * @throws the reason of the signal, when the agent stops
   */
  order(id: string, asked: Readonly<Record<string, Json>>): Promise<OrderOutcome> {
    return this.#alone(async () => {
      const { handlers, signal, store } = this.#options;
      signal.throwIfAborted();
      const known = store.current.orders.find((order) => order.id === id);
      if (known !== undefined) return outcomeOf(known);
      const plan = planSettings(store.current.settings, asked, handlers);
      const failures = plan.errors.length > 0 ? plan.errors : await this.#try(plan);
      signal.throwIfAborted();
      const [first] = failures ?? [];
      const errors = Object.fromEntries((failures ?? []).map(({ message, setting }) => [setting, message]));
      const record: OrderRecord = { id, errors, ...(first !== undefined && { code: `SETTINGS_${first.code}` }) };
      const { current } = store;
      const settings = first === undefined ? plan.settings : current.settings;
      store.write({ ...current, settings, trial: undefined, orders: [...current.orders, record].slice(-MAX_ORDERS) });
      return outcomeOf(record);
    });
  }

  /** Reports of the device itself: objects are not merged; null takes a name back. @throws DeviceError `STATE_UNUSABLE` */
  report(own: Readonly<Record<string, Json>>): void {
    this.#options.store.report(own);
  }

  /** @returns errors, none when all is well; undefined when the agent stops meanwhile */
  async #try({ changes, settings }: SettingsPlan): Promise<readonly SettingError[] | undefined> {
    const { signal, store } = this.#options;
    if (changes.length === 0) return [];
    const { trial } = store.current;
    const attempt = trial !== undefined && sameJson(trial.settings, settings) ? trial.attempt + 1 : 1;
    if (attempt > MAX_ATTEMPTS) {
      const message = `the agent did not live through ${MAX_ATTEMPTS} attempts`;
      return changes.map(({ setting }) => settingError(setting, 'CRASHED', message));
    }
    store.write({ ...store.current, trial: { settings, attempt } });
    const result = await trySettings(changes, this.#options);
    if (result.outcome === 'bad') return result.errors;
    if (result.outcome === 'good' && !signal.aborted) return [];
    // An orderly stop says nothing about the settings.
    store.write({ ...store.current, trial: attempt === 1 ? undefined : { settings, attempt: attempt - 1 } });
    return undefined;
  }

  #alone<T>(task: () => Promise<T>): Promise<T> {
    const turn = this.#last.then(task);
    this.#last = turn.catch(() => {});
    return turn;
  }
}

/** What an earlier agent could not make use of is looked at again: this one may. */
function settled({ desired, report }: ShadowState): JsonObject {
  const open = new Set(
    (report?.errors ?? [])
      .filter(({ code }) => code === 'INVALID' || code === 'UNSUPPORTED')
      .map(({ setting }) => setting),
  );
  return Object.fromEntries(Object.entries(desired).filter(([setting]) => !open.has(setting)));
}

function outcomeOf({ code, errors }: OrderRecord): OrderOutcome {
  return code === undefined ? { status: 'applied' } : { status: 'refused', code, errors };
}
