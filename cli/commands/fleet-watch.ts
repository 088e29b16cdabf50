import type { FleetCounts } from '../../device-client/src/index.ts';
import { Failure } from '../failure.ts';
import type { FleetProcess } from '../processes/fleet-process.ts';

const NOTHING: FleetCounts = {
  devicesOnboarded: 0,
  devicesReturned: 0,
  devicesFailed: 0,
  messagesPublished: 0,
  messagesAcknowledged: 0,
  samplesPublished: 0,
  samplesAcknowledged: 0,
  samplesDropped: 0,
  healthPublished: 0,
  healthAcknowledged: 0,
  retries: 0,
};

/** Keeps the newest counts of a fleet process. */
export class FleetWatch {
  counts: FleetCounts = NOTHING;
  readonly #fleet: FleetProcess;
  #failure: Promise<never> | undefined;

  constructor(fleet: FleetProcess, onFailure: (serial: string, reason: string) => void) {
    this.#fleet = fleet;
    fleet.on('report', (report) => {
      if (report.kind === 'failure') onFailure(report.serial, report.reason);
      else this.counts = report.counts;
    });
  }

  async started(): Promise<void> {
    await this.#fleet.next('started');
  }

  /** Rejects when the fleet's process ends by itself; otherwise stays pending. */
  failed(): Promise<never> {
    this.#failure ??= new Promise<never>((_resolve, reject) => {
      this.#fleet.once('exit', (code) =>
        reject(new Failure(`the device simulation ended unexpectedly (exit code ${code})`)),
      );
    });
    this.#failure.catch(() => {});
    return this.#failure;
  }
}
