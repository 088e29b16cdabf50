import { type Device, DeviceError } from '../../../device-client/src/index.ts';
import type { Dice } from '../dice.ts';

/** Samples of a few devices, at a steady pace, whether or not there is a cloud. */
export class Traffic {
  readonly #devices: readonly Device[];
  readonly #dice: Dice;
  readonly #timer: NodeJS.Timeout;
  #given = 0;
  #refused = 0;

  /** @param interval ms between two samples of one device */
  constructor(devices: readonly Device[], dice: Dice, interval: number) {
    this.#devices = devices;
    this.#dice = dice;
    this.#timer = setInterval(() => this.#tick(), interval);
  }

  /** Samples that the devices took. */
  get given(): number {
    return this.#given;
  }

  /** Samples that a device refused because too many were waiting. */
  get refused(): number {
    return this.#refused;
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #tick(): void {
    for (const device of this.#devices) {
      const channel = this.#dice.chance(0.1) ? 'event' : 'telemetry';
      try {
        device.publish(channel, { time: Date.now(), values: { reading: this.#dice.int(1_000_000) } });
        this.#given++;
      } catch (error) {
        if (!(error instanceof DeviceError && error.code === 'QUEUE_FULL')) throw error;
        this.#refused++;
      }
    }
  }
}
