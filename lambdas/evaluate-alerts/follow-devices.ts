import { type DeviceAlertState, evaluateRules, type TelemetryAlert } from '@fleetwright/contracts';
import { advance, type TrackingPorts } from '../shared/tracked-state.ts';
import type { DeviceSamples } from './read-samples.ts';

export type AlertPorts = Omit<TrackingPorts<DeviceAlertState, TelemetryAlert>, 'arrange'>;

/** ms for which an invocation believes what it remembers of a device. Others may have moved it meanwhile. */
const BELIEVED = 60_000;
/** Devices that are remembered; the longest unseen are forgotten first. */
const MAX_REMEMBERED = 50_000;
/** Devices whose state is read and written at once. */
const PARALLEL = 16;

interface Remembered {
  readonly state: DeviceAlertState;
  readonly readAt: number;
}

export interface FollowReport {
  /** Ids of messages that must be delivered again. */
  readonly failed: readonly string[];
  /** Devices whose state was read. */
  readonly read: number;
  /** Devices whose state was written. */
  readonly written: number;
}

/**
 * Keeps the states of devices, and remembers them between batches, so that a calm device costs one read a minute and
 * nothing else.
 *
 * INVARIANTS
 * - What is remembered only saves reading: what changes a state, or tells of it, is decided on the state that is read.
 * - An alert is kept before it is published (`advance`), so it is published at least once, with the same id.
 */
export class DeviceFollower {
  readonly #remembered = new Map<string, Remembered>();
  readonly #ports: AlertPorts;
  readonly #now: () => number;
  readonly #onFailure: (thingName: string, error: unknown) => void;

  constructor(ports: AlertPorts, now: () => number, onFailure: (thingName: string, error: unknown) => void) {
    this.#ports = ports;
    this.#now = now;
    this.#onFailure = onFailure;
  }

  async follow(devices: readonly DeviceSamples[]): Promise<FollowReport> {
    const failed: string[] = [];
    let read = 0;
    let written = 0;
    const demanding = devices.filter((device) => this.#demands(device));
    let next = 0;
    const worker = async (): Promise<void> => {
      while (next < demanding.length) {
        const device = demanding[next++] as DeviceSamples;
        try {
          read++;
          if (await this.#advance(device)) written++;
        } catch (error) {
          this.#remembered.delete(device.thingName);
          failed.push(...device.messageIds);
          this.#onFailure(device.thingName, error);
        }
      }
    };
    await Promise.all(Array.from({ length: Math.min(PARALLEL, demanding.length) }, worker));
    return { failed, read, written };
  }

  /** Whether the kept state must be asked. Takes the samples into what is remembered otherwise. */
  #demands({ rules, samples, thingName }: DeviceSamples): boolean {
    const known = this.#remembered.get(thingName);
    const now = this.#now();
    if (known === undefined || now - known.readAt > BELIEVED) return true;
    const { changed, state } = evaluateRules(rules, thingName, known.state, samples, now);
    if (!changed) this.#remember(thingName, { state, readAt: known.readAt });
    return changed;
  }

  /** @returns whether the state was written */
  async #advance({ rules, samples, thingName }: DeviceSamples): Promise<boolean> {
    let latest: DeviceAlertState = {};
    let changes = false;
    await advance<DeviceAlertState, TelemetryAlert>(
      thingName,
      (state) => {
        const evaluated = evaluateRules(rules, thingName, state ?? {}, samples, this.#now());
        latest = evaluated.state;
        changes = evaluated.changed;
        return changes ? { state: evaluated.state, outputs: evaluated.alerts } : undefined;
      },
      { ...this.#ports, arrange: async () => {} },
    );
    this.#remember(thingName, { state: latest, readAt: this.#now() });
    return changes;
  }

  #remember(thingName: string, remembered: Remembered): void {
    this.#remembered.delete(thingName);
    this.#remembered.set(thingName, remembered);
    if (this.#remembered.size <= MAX_REMEMBERED) return;
    const [oldest] = this.#remembered.keys();
    if (oldest !== undefined) this.#remembered.delete(oldest);
  }
}
