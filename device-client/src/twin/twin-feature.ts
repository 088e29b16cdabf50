import { EventEmitter } from 'node:events';
import type { TwinReport } from '@fleetwright/contracts';
import { iotshadow } from 'aws-iot-device-sdk-v2';
import { sleep } from '../clock.ts';
import { DeviceError } from '../errors.ts';
import type { DeviceFeature, DeviceLog, FeatureContext } from '../feature.ts';
import { CloudTime } from '../replay/cloud-time.ts';
import type { Json, JsonObject } from './json-merge.ts';
import { PassingKeeper } from './passing-keeper.ts';
import { REQUEST_SUBSCRIPTIONS, SdkShadowService } from './sdk-shadow-service.ts';
import type { SettingHandlers } from './settings-handler.ts';
import { type OrderOutcome, SettingsKeeper } from './settings-keeper.ts';
import type { ShadowKeeper } from './shadow-keeper.ts';
import { ShadowStateStore } from './shadow-state.ts';
import { ShadowSync } from './shadow-sync.ts';

export interface ShadowOptions {
  /** undefined for the classic shadow */
  readonly name: string | undefined;
  /** Made with `settingHandler`. Without any, the device only reports in this shadow. @default none */
  readonly settings?: SettingHandlers;
  /** The desired state is another program's to judge: `state()` has it, `passed` tells of it. Goes without `settings`. @default false */
  readonly passes?: boolean;
  /** Rejects when the device does not do well with new settings, which it then takes back. @default it always does */
  readonly healthy?: (signal: AbortSignal) => Promise<void>;
}

export interface TwinOptions {
  readonly shadows: readonly ShadowOptions[];
  /** The time as all features of the device hear it from the cloud. @default one of its own */
  readonly time?: CloudTime | undefined;
  /** ms after which a shadow is read even without a sign of change. @default 3600000 */
  readonly refreshInterval?: number;
  /** seconds that an answer of the cloud may take. @default 15 */
  readonly operationTimeout?: number;
}

export interface TwinEvents {
  /** A change of the desired state was acted on; `report` says what came of it, `settings` are those in use. */
  adopted: [shadow: string | undefined, settings: JsonObject, report: TwinReport];
  /** The desired state of a shadow that is passed on has changed. */
  passed: [shadow: string | undefined, desired: JsonObject];
}

interface RunningShadow {
  readonly keeper: ShadowKeeper;
  readonly store: ShadowStateStore;
  readonly service: SdkShadowService;
  readonly sync: ShadowSync;
}

/** The shadow that takes the settings of `configure` jobs. */
const CONFIGURATION = 'config';
/** ms that what is under way gets to notice that the agent stops */
const STOP_GRACE = 800;

/** The device's shadows: settings it is told, and state it reports. */
export class TwinFeature extends EventEmitter<TwinEvents> implements DeviceFeature {
  readonly name = 'twin';
  readonly #options: TwinOptions;
  readonly #names: ReadonlySet<string | undefined>;
  /** Reports of the time before the start. */
  readonly #early = new Map<string | undefined, Record<string, Json>>();
  #running:
    | {
        readonly context: FeatureContext;
        readonly shadows: ReadonlyMap<string | undefined, RunningShadow>;
        readonly client: iotshadow.IotShadowClientv2;
        readonly abort: AbortController;
        readonly unlink: () => void;
      }
    | undefined;

  /** @throws DeviceError `INPUT_INVALID` for two of one name, and for settings in a shadow that is passed on */
  constructor(options: TwinOptions) {
    super();
    this.#options = options;
    this.#names = new Set(options.shadows.map(({ name }) => name));
    if (this.#names.size < options.shadows.length) throw new DeviceError('INPUT_INVALID', 'two shadows of one name');
    const both = options.shadows.find(({ passes, settings }) => passes === true && settings !== undefined);
    if (both !== undefined) {
      throw new DeviceError('INPUT_INVALID', `the shadow '${both.name ?? ''}' is passed on and has settings`);
    }
  }

  async start(context: FeatureContext): Promise<void> {
    const { clock, identity, link, log, random, state } = context;
    const { thingName } = identity;
    const { operationTimeout = 15, refreshInterval = 3_600_000, shadows } = this.#options;
    const time = this.#options.time ?? new CloudTime({ clock });
    const client = iotshadow.IotShadowClientv2.newFromMqtt5(link.client, {
      maxRequestResponseSubscriptions: Math.max(2, REQUEST_SUBSCRIPTIONS * shadows.length),
      maxStreamingSubscriptions: Math.max(1, shadows.length),
      operationTimeoutInSeconds: operationTimeout,
    });
    const abort = new AbortController();
    const running = new Map<string | undefined, RunningShadow>();
    for (const options of shadows) {
      const { name: shadowName, passes = false, settings = {} } = options;
      const store = new ShadowStateStore(state, shadowName, log);
      const keeper = this.#keeper(options, store, log, abort.signal);
      const service = new SdkShadowService({ shadows: client, client: link.client, thingName, shadowName, time, log });
      const sync = new ShadowSync({
        service,
        keeper,
        takesSettings: passes || Object.keys(settings).length > 0,
        connected: () => link.connected,
        clock,
        random,
        log,
        signal: abort.signal,
        refreshInterval,
      });
      running.set(shadowName, { keeper, store, service, sync });
    }
    for (const { keeper } of running.values()) await keeper.start();
    for (const [name, own] of this.#early) running.get(name)?.keeper.report(own);
    this.#early.clear();
    for (const { sync } of running.values()) sync.start();
    const unlink = link.onConnected(() => {
      for (const { sync } of running.values()) sync.connected();
    });
    this.#running = { context, shadows: running, client, abort, unlink };
  }

  #keeper(options: ShadowOptions, store: ShadowStateStore, log: DeviceLog, signal: AbortSignal): ShadowKeeper {
    const { healthy, name, passes, settings: handlers = {} } = options;
    if (passes === true) return new PassingKeeper(store, (desired) => this.emit('passed', name, desired));
    return new SettingsKeeper({
      store,
      handlers,
      healthy,
      log,
      signal,
      onAdopted: (settings, report) => this.emit('adopted', name, settings, report),
    });
  }

  async stop(): Promise<void> {
    const running = this.#running;
    if (running === undefined) return;
    this.#running = undefined;
    const { abort, client, context, shadows, unlink } = running;
    unlink();
    abort.abort();
    for (const { service } of shadows.values()) service.close();
    client.close();
    const waited = new AbortController();
    const all = Promise.all([...shadows.values()].map(({ sync }) => sync.stopped()));
    await Promise.race([all, sleep(context.clock, STOP_GRACE, waited.signal)]);
    waited.abort();
    for (const { store } of shadows.values()) store.close();
  }

  /**
   * Reports state of the device's own, at once or when there is a connection again; null takes a name back.
   * @throws DeviceError `INPUT_INVALID` for a shadow that the twin does not have, `STATE_UNUSABLE`
   */
  report(shadow: string | undefined, own: Readonly<Record<string, Json>>): void {
    if (!this.#names.has(shadow)) throw new DeviceError('INPUT_INVALID', `the twin has no shadow '${shadow ?? ''}'`);
    const known = this.#running?.shadows.get(shadow);
    if (known === undefined) {
      this.#early.set(shadow, { ...this.#early.get(shadow), ...own });
      return;
    }
    known.keeper.report(own);
    known.sync.changed();
  }

  /** Settings of a shadow that are in use; undefined before the start. */
  settings(shadow: string | undefined): JsonObject | undefined {
    return this.#running?.shadows.get(shadow)?.store.current.settings;
  }

  /** What was desired last, as far as the device has heard, and what it reports of its own; undefined before the start. */
  state(shadow: string | undefined): { readonly desired: JsonObject; readonly reported: JsonObject } | undefined {
    const known = this.#running?.shadows.get(shadow);
    if (known === undefined) return undefined;
    const { keeper, store } = known;
    const reported = Object.entries(keeper.view).filter(([, value]) => value !== null);
    return { desired: store.current.desired, reported: Object.fromEntries(reported) };
  }

  /** @see ConfigurationPort */
  async configure(id: string, settings: Readonly<Record<string, unknown>>): Promise<OrderOutcome> {
    const shadow = this.#running?.shadows.get(CONFIGURATION);
    if (!(shadow?.keeper instanceof SettingsKeeper)) {
      throw new DeviceError('STOPPED', 'the twin is not running or has no configuration');
    }
    const outcome = await shadow.keeper.order(id, settings as Readonly<Record<string, Json>>);
    shadow.sync.changed();
    return outcome;
  }

  status(): Readonly<Record<string, unknown>> {
    const shown: Record<string, unknown> = {};
    for (const [name, { store }] of this.#running?.shadows ?? [])
      shown[name ?? '(classic)'] = store.current.report ?? {};
    return shown;
  }
}
