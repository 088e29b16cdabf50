import type { Channel, TelemetryMessage } from '@fleetwright/contracts';
import type { Device } from '../../../device-client/src/index.ts';

/** What the cloud owes a device: each message that it has acknowledged, with its samples. */
export class SentLedger {
  readonly #acknowledged = new Map<string, TelemetryMessage>();
  #samples = 0;
  #twice = 0;
  #retries = 0;
  #interruptions = 0;

  /** Notes what `device` gets acknowledged from now on. */
  follow(device: Device): void {
    device.on('acknowledged', (channel, message) => {
      const key = messageKey(device.identity.thingName, channel, message.bootId, message.sequence);
      if (this.#acknowledged.has(key)) this.#twice++;
      else this.#samples += message.samples.length;
      this.#acknowledged.set(key, message);
    });
    device.on('retry', () => {
      this.#retries++;
    });
    device.on('interrupted', () => {
      this.#interruptions++;
    });
  }

  get messages(): ReadonlyMap<string, TelemetryMessage> {
    return this.#acknowledged;
  }

  get samples(): number {
    return this.#samples;
  }

  get retries(): number {
    return this.#retries;
  }

  get interruptions(): number {
    return this.#interruptions;
  }

  /** Messages that the agent counted as acknowledged twice: it must not. */
  get acknowledgedTwice(): number {
    return this.#twice;
  }
}

export function messageKey(thingName: string, channel: Channel | string, bootId: number, sequence: number): string {
  return `${thingName} ${channel} ${bootId} ${sequence}`;
}
