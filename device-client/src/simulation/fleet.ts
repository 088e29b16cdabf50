import { setMaxListeners } from 'node:events';
import { join } from 'node:path';
import type { ClaimCredentials } from '@fleetwright/contracts';
import { systemClock } from '../clock.ts';
import { createDevice, type Device } from '../device.ts';
import { reasonOf } from '../errors.ts';
import type { CloudEndpoint } from '../identity/provisioning-service.ts';
import { pumpStation } from '../sensors/pump-station.ts';
import { seededRandom, seedOf } from '../sensors/random.ts';
import { type DeviceRun, emptyRun, runDevice } from './run-device.ts';

export interface FleetOptions {
  readonly endpoint: CloudEndpoint;
  readonly claim: ClaimCredentials;
  readonly count: number;
  readonly sites: readonly string[];
  readonly deviceType: string;
  /** Each device gets a directory of its own below. */
  readonly stateDirectory: string;
  readonly seed: number;
  /** ms between two samples of one device */
  readonly interval: number;
  readonly samplesPerMessage: number;
  /** ms between two health reports of one device */
  readonly healthInterval: number;
  readonly firmware: string;
  /** Devices that provision at the same time. @default 8 */
  readonly concurrency?: number;
}

export interface FleetCounts extends DeviceRun {
  devicesOnboarded: number;
  /** Devices that had their identity from an earlier run. */
  devicesReturned: number;
  devicesFailed: number;
}

/** Many simulated devices in one process, each with its own key, certificate and connection. */
export class Fleet {
  readonly #options: FleetOptions;
  readonly #abort = new AbortController();
  readonly #runs: DeviceRun[] = [];
  readonly #devices: Device[] = [];
  readonly #running: Promise<unknown>[] = [];
  #onboarded = 0;
  #returned = 0;
  #failed = 0;

  readonly #onFailure: (serial: string, reason: string) => void;
  readonly #onDevice: (device: Device) => void;

  /** @param onDevice sees each device before it starts, to listen to it */
  constructor(
    options: FleetOptions,
    onFailure: (serial: string, reason: string) => void = () => {},
    onDevice: (device: Device) => void = () => {},
  ) {
    // Every device of the fleet listens to the same signal.
    setMaxListeners(0, this.#abort.signal);
    this.#options = options;
    this.#onFailure = onFailure;
    this.#onDevice = onDevice;
  }

  counts(): FleetCounts {
    const total: FleetCounts = {
      ...emptyRun(),
      devicesOnboarded: this.#onboarded,
      devicesReturned: this.#returned,
      devicesFailed: this.#failed,
    };
    for (const run of this.#runs) {
      for (const key of Object.keys(run) as (keyof DeviceRun)[]) total[key] += run[key];
    }
    return total;
  }

  /** Resolves when every device has started or failed; each publishes from the moment it is connected. */
  async start(): Promise<void> {
    const { concurrency = 8, count } = this.#options;
    let next = 0;
    const worker = async (): Promise<void> => {
      while (next < count && !this.#abort.signal.aborted) await this.#startOne(next++);
    };
    await Promise.all(Array.from({ length: Math.min(concurrency, count) }, worker));
  }

  /** Stops sampling, waits for what is in flight up to `patience` ms, then disconnects. */
  async stop(patience = 15_000): Promise<void> {
    this.#abort.abort();
    const timer = new AbortController();
    const late = new Promise<void>((resolve) => {
      const handle = systemClock.after(patience, resolve);
      timer.signal.addEventListener('abort', () => handle.cancel());
    });
    await Promise.race([Promise.allSettled(this.#running), late]);
    timer.abort();
    await Promise.all(this.#devices.map((device) => device.stop()));
  }

  async #startOne(index: number): Promise<void> {
    const { claim, deviceType, endpoint, seed, sites, stateDirectory } = this.#options;
    const serial = serialNumber(seed, index);
    const own = seedOf(`${seed}/${serial}`);
    const random = seededRandom(own);
    const device = createDevice({
      endpoint,
      claim,
      stateDirectory: join(stateDirectory, serial),
      parameters: { SerialNumber: serial, Site: sites[index % sites.length] as string, DeviceType: deviceType },
      samplesPerMessage: this.#options.samplesPerMessage,
      random,
    });
    this.#devices.push(device);
    this.#onDevice(device);
    let provisioned = false;
    device.once('provisioned', () => {
      provisioned = true;
    });
    try {
      await device.start();
    } catch (error) {
      if (this.#abort.signal.aborted) return;
      this.#failed++;
      this.#onFailure(serial, reasonOf(error));
      return;
    }
    if (provisioned) this.#onboarded++;
    else this.#returned++;
    const run = emptyRun();
    this.#runs.push(run);
    const { interval, healthInterval, firmware } = this.#options;
    this.#running.push(
      runDevice(
        {
          device,
          sensors: pumpStation({ seed: own, start: systemClock.now() }),
          interval,
          healthInterval,
          firmware,
          phase: random() * Math.min(interval, 1000),
          signal: this.#abort.signal,
        },
        run,
      ),
    );
  }
}

/** `SIM-0001-00042`: stable for a seed, so that a kept state directory finds its devices again. */
export function serialNumber(seed: number, index: number): string {
  return `SIM-${String(seed % 10_000).padStart(4, '0')}-${String(index).padStart(5, '0')}`;
}
