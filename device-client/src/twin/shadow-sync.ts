import { type BackoffPolicy, backoffDelay } from '../backoff.ts';
import { type DeviceClock, sleep } from '../clock.ts';
import { Doorbell } from '../doorbell.ts';
import { reasonOf } from '../errors.ts';
import type { DeviceLog } from '../feature.ts';
import { applyPatch, patchBetween, sameJson } from './json-merge.ts';
import type { ShadowKeeper } from './shadow-keeper.ts';
import { type ShadowDelta, type ShadowDocument, type ShadowService, ShadowServiceError } from './shadow-service.ts';

export interface ShadowSyncOptions {
  readonly service: ShadowService;
  readonly keeper: ShadowKeeper;
  /** Whether the device takes a desired state from this shadow: without, it only reports. */
  readonly takesSettings: boolean;
  readonly connected: () => boolean;
  readonly clock: DeviceClock;
  readonly random: () => number;
  readonly log: DeviceLog;
  readonly signal: AbortSignal;
  /** ms after which the shadow is read even without a sign of change: a setting that is desired no more makes no delta. */
  readonly refreshInterval: number;
}

const RETRY: BackoffPolicy = { base: 1_000, cap: 60_000 };
/** Conflicts in a row after which the device waits: somebody else writes as fast as it does. */
const PATIENT_CONFLICTS = 5;

/** What the device knows of the shadow; version undefined: it does not exist. */
interface KnownShadow extends Omit<ShadowDocument, 'version'> {
  readonly version: number | undefined;
}

/**
 * Keeps a shadow and the device the same.
 *
 * INVARIANTS
 * - A report goes with the version that its desired state was read at: the cloud refuses it when that has changed
 *   meanwhile, and the device reads again.
 * - Whatever was missed, while offline or between two deltas, is made good by reading the whole shadow.
 */
export class ShadowSync {
  readonly #options: ShadowSyncOptions;
  readonly #bell: Doorbell;
  #known: KnownShadow | undefined;
  /** What is known may be old. */
  #stale = true;
  /** What the cloud refused and would refuse again. */
  #refused: string | undefined;
  #loop: Promise<void> | undefined;

  constructor(options: ShadowSyncOptions) {
    this.#options = options;
    this.#bell = new Doorbell(options.clock);
  }

  start(): void {
    const { service, takesSettings } = this.#options;
    if (takesSettings) {
      service.listen(
        (delta) => this.#take(delta),
        () => this.#forget(),
      );
    }
    this.#loop = this.#run();
  }

  connected(): void {
    const { service, takesSettings } = this.#options;
    // Where deltas are about to come again, the shadow is read when they do.
    if (!takesSettings || service.listening) this.#forget();
    this.#bell.ring();
  }

  /** There is something new to report. */
  changed(): void {
    this.#bell.ring();
  }

  /** Resolves when the loop has ended, after its signal has aborted. */
  async stopped(): Promise<void> {
    await this.#loop;
  }

  /** IoT developer guide, `device-shadow-document`: the version lets a device discard what is older than what it has. */
  #take({ state, version }: ShadowDelta): void {
    const known = this.#known;
    // The delta that is left after the device's own report.
    if (known?.version === version) return;
    if (known?.version === undefined || version !== known.version + 1) this.#stale = true;
    else {
      const desired = applyPatch(known.desired, state);
      // A value that is desired as it is reported is not in a delta: what is not told may be another than it was.
      if (sameJson(patchBetween(known.reported, applyPatch(known.reported, desired)), state)) {
        this.#known = { ...known, version, desired };
      } else this.#stale = true;
    }
    this.#bell.ring();
  }

  #forget(): void {
    this.#stale = true;
    this.#bell.ring();
  }

  async #run(): Promise<void> {
    const { clock, connected, keeper, log, random, refreshInterval, signal, takesSettings } = this.#options;
    for (let failures = 0, conflicts = 0; !signal.aborted; ) {
      if (!connected()) {
        await this.#bell.wait(signal);
        continue;
      }
      try {
        if (this.#stale || this.#known === undefined) this.#known = await this.#read();
        const known = this.#known;
        if (known.version === undefined) await keeper.release();
        else if (takesSettings) await keeper.adopt(known.desired, known.version);
        const reported = await this.#report(known);
        failures = 0;
        conflicts = 0;
        if (reported || this.#stale || this.#known !== known) continue;
        if (!(await this.#bell.wait(signal, refreshInterval))) this.#stale = true;
      } catch (error) {
        if (signal.aborted) return;
        this.#stale = true;
        const conflict = error instanceof ShadowServiceError && error.code === 'CONFLICT';
        if (conflict && ++conflicts <= PATIENT_CONFLICTS) continue;
        log.warn('a shadow cannot be kept in step; again', { reason: reasonOf(error) });
        await sleep(clock, RETRY.base + backoffDelay(RETRY, failures++, random()), signal);
      }
    }
  }

  async #read(): Promise<KnownShadow> {
    // Set again by whatever happens while the answer is under way: the answer may be from before it.
    this.#stale = false;
    try {
      return await this.#options.service.get();
    } catch (error) {
      if (!(error instanceof ShadowServiceError) || error.code !== 'NOT_FOUND') throw error;
      return { version: undefined, desired: {}, reported: {} };
    }
  }

  /** @returns whether anything was reported */
  async #report(known: KnownShadow): Promise<boolean> {
    const { keeper, log, service } = this.#options;
    const { managed, view } = keeper;
    const reported = Object.fromEntries(Object.entries(known.reported).filter(([name]) => managed.has(name)));
    const shown = Object.fromEntries(Object.entries(view).filter(([, value]) => value !== null));
    const patch = patchBetween(reported, shown);
    const text = JSON.stringify(patch);
    if (patch === undefined || text === this.#refused) return false;
    let version: number;
    try {
      version = await service.report(patch, known.version);
    } catch (error) {
      if (!(error instanceof ShadowServiceError) || error.code !== 'INVALID') throw error;
      log.error('the cloud refuses a report; it is not sent again', { reason: error.message });
      this.#refused = text;
      return false;
    }
    this.#refused = undefined;
    // The delta of this very report may have come before its answer.
    const now = this.#known ?? known;
    if (now.version === known.version || now.version === version) {
      this.#known = { ...now, version, reported: applyPatch(now.reported, patch) };
    } else this.#stale = true;
    return true;
  }
}
