import { randomBytes } from 'node:crypto';
import type { UploadMessage } from '@fleetwright/contracts';
import type { ComponentClock } from '../../shared/src/component.ts';
import type { SpoolStats } from './spool-stats.ts';

export interface SpoolReportPorts {
  readonly clock: ComponentClock;
  /** ms */
  readonly interval: () => number;
  readonly stats: () => SpoolStats;
  readonly give: (upload: UploadMessage) => void;
}

/** Tells the cloud, through the spool itself, when something was lost, refused or deferred since the last time. */
export class SpoolReport {
  readonly #ports: SpoolReportPorts;
  #told = '';
  #timer: { cancel(): void } | undefined;

  constructor(ports: SpoolReportPorts) {
    this.#ports = ports;
  }

  start(): void {
    this.#told = this.#troubles();
    this.#schedule();
  }

  stop(): void {
    this.#timer?.cancel();
  }

  #schedule(): void {
    this.#timer = this.#ports.clock.after(this.#ports.interval(), () => {
      this.#tell();
      this.#schedule();
    });
  }

  #tell(): void {
    const troubles = this.#troubles();
    if (troubles === this.#told) return;
    this.#told = troubles;
    const { bytes, deferred, dropped, refused, waiting } = this.#ports.stats();
    this.#ports.give({
      version: 1,
      uploadId: randomBytes(16).toString('hex'),
      channel: 'event',
      priority: 'alarm',
      samples: [
        {
          time: this.#ports.clock.now(),
          values: {
            spool_dropped: dropped,
            spool_refused: refused,
            spool_deferred: deferred,
            spool_waiting: waiting,
            spool_bytes: bytes,
          },
        },
      ],
    });
  }

  #troubles(): string {
    const { deferred, dropped, refused } = this.#ports.stats();
    return [dropped, refused, deferred].join();
  }
}
