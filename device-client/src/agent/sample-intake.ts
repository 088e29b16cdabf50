import type { Sample } from '@fleetwright/contracts';
import type { Device } from '../device.ts';
import { EdgeFeature } from '../edge/edge-feature.ts';
import { reasonOf } from '../errors.ts';
import type { DeviceLog } from '../feature.ts';
import type { TakeOptions } from '../telemetry/telemetry-feature.ts';
import type { SampleChannel } from '../telemetry/telemetry-lanes.ts';

/**
 * Samples of this machine on their way to the queue, past what the edge looks for.
 *
 * INVARIANT: what `take` has resolved for is stored, as far as the edge had it sent at all.
 */
export class SampleIntake {
  readonly edge: EdgeFeature;
  readonly #device: Device;
  /** What the sample that is being taken makes. */
  #puts: Promise<void>[] | undefined;

  constructor(device: Device, log: DeviceLog) {
    this.edge = new EdgeFeature({
      publish: (channel, sample, options) => {
        const put = device.telemetry.put(channel, sample, options);
        if (this.#puts !== undefined) this.#puts.push(put);
        else put.catch((error: unknown) => log.error('an alarm was not taken', { reason: reasonOf(error) }));
      },
    });
    this.#device = device;
  }

  /** Resolves when it is stored. @throws DeviceError as `TelemetryFeature.put` */
  async take(channel: SampleChannel, sample: Sample, options: TakeOptions): Promise<void> {
    if (channel === 'event' || options.priority === 'alarm')
      return this.#device.telemetry.put(channel, sample, options);
    const puts: Promise<void>[] = [];
    this.#puts = puts;
    try {
      this.edge.publish(sample);
    } finally {
      this.#puts = undefined;
    }
    await Promise.all(puts);
  }
}
