import { reasonOf } from '../errors.ts';
import type { DeviceLink, DeviceLog } from '../feature.ts';
import type { SlotSystem } from './slots/slot-system.ts';
import type { UpdatePhase } from './update-state.ts';

/** As the `firmware` shadow has them. */
export type FirmwareCondition = 'running' | 'downloading' | 'verifying' | 'installing' | 'rolled-back' | 'failed';

export interface FirmwareReporterOptions {
  readonly link: Pick<DeviceLink, 'publish' | 'onConnected' | 'connected'>;
  readonly thingName: string;
  readonly slots: Pick<SlotSystem, 'status'>;
  readonly hardwareRevision: string;
  readonly log: DeviceLog;
}

/** Reports which firmware runs, and what becomes of it, in the shadow `firmware`: when it changes and at each connection. */
export class FirmwareReporter {
  readonly #options: FirmwareReporterOptions;
  #condition: FirmwareCondition = 'running';
  #unlink: () => void = () => {};

  constructor(options: FirmwareReporterOptions) {
    this.#options = options;
  }

  start(phase: UpdatePhase): void {
    this.#condition = conditionOf(phase) ?? this.#condition;
    this.#unlink = this.#options.link.onConnected(() => this.#tell());
  }

  stop(): void {
    this.#unlink();
  }

  phase(phase: UpdatePhase): void {
    const condition = conditionOf(phase);
    if (condition === undefined || condition === this.#condition) return;
    this.#condition = condition;
    this.#tell();
  }

  /** Resolves when the broker has acknowledged. Rejects while there is no connection. */
  async report(condition: FirmwareCondition): Promise<void> {
    const { hardwareRevision, link, slots, thingName } = this.#options;
    const { image } = await slots.status();
    const reported = { state: condition, hardwareRevision, ...(image !== undefined && { version: image.version }) };
    const topic = `$aws/things/${thingName}/shadow/name/firmware/update`;
    await link.publish(topic, JSON.stringify({ state: { reported } }), 1);
  }

  /** What cannot be told now is told at the next connection. */
  #tell(): void {
    if (!this.#options.link.connected) return;
    this.report(this.#condition).catch((error: unknown) => {
      this.#options.log.warn('the firmware shadow is not updated', { reason: reasonOf(error) });
    });
  }
}

/** Undefined: as before. */
function conditionOf(phase: UpdatePhase): FirmwareCondition | undefined {
  switch (phase.name) {
    case 'downloading':
      return 'downloading';
    case 'installing':
    case 'activating':
    case 'rebooting':
      return 'installing';
    case 'testing':
    case 'confirming':
      return 'verifying';
    case 'ended':
      if (phase.status === 'succeeded') return 'running';
      return phase.details.stage === 'rolled-back' ? 'rolled-back' : 'failed';
    default:
      return undefined;
  }
}
