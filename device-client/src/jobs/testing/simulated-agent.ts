import { EventEmitter } from 'node:events';
import type { JobOperation } from '@fleetwright/contracts';
import { CloudTime } from '../../replay/cloud-time.ts';
import { ReplayGuard } from '../../replay/replay-guard.ts';
import type { StateDirectory } from '../../state-directory.ts';
import { temporaryState, testContext } from '../../telemetry/testing/feature-context.ts';
import { SimulatedClock } from '../../telemetry/testing/simulated-clock.ts';
import { ExecutionStore } from '../execution-record.ts';
import type { JobHandler } from '../job-handler.ts';
import { JobRunner } from '../job-runner.ts';
import type { JobsEvents } from '../jobs-events.ts';
import type { JobsService } from '../jobs-service.ts';
import { SimulatedJobsCloud } from './simulated-jobs-service.ts';

export const START = Date.UTC(2026, 5, 1);

/** An agent that runs jobs on a clock of its own, and may lose its connection or its life. */
export class SimulatedAgent {
  readonly clock = new SimulatedClock(START);
  readonly cloud = new SimulatedJobsCloud();
  readonly events = new EventEmitter<JobsEvents>();
  readonly lines: string[];
  readonly #handlers: () => readonly JobHandler[];
  readonly #log: ReturnType<typeof testContext>['log'];
  connected = true;
  ready = true;
  runner!: JobRunner;
  store!: ExecutionStore;

  constructor(handlers: () => readonly JobHandler[]) {
    this.#handlers = handlers;
    const context = testContext();
    this.lines = context.lines;
    this.#log = context.log;
  }

  /** Starts it, as a new life on the same state where it ran before. */
  boot(state: StateDirectory = temporaryState(), service: JobsService = this.cloud.service()): this {
    const { clock, cloud } = this;
    const log = this.#log;
    this.store = new ExecutionStore(state, log);
    this.runner = new JobRunner({
      service,
      store: this.store,
      guard: new ReplayGuard({
        state,
        time: new CloudTime({ clock, monotonic: () => clock.now() }),
        log,
        thingName: cloud.thingName,
        oneNonceEach: false,
      }),
      handlers: new Map(this.#handlers().map((handler): [JobOperation, JobHandler] => [handler.operation, handler])),
      connected: () => this.connected,
      ready: () => this.ready,
      clock,
      random: () => 0.5,
      log,
      events: this.events,
      reportInterval: 5_000,
      pollInterval: 3_600_000,
    });
    this.runner.start();
    return this;
  }

  online(): void {
    this.connected = true;
    this.runner.connected();
  }
}

let drawn = 0;

/** A document of an operation without parameters. */
export function jobDocument(operation: 'reboot' | 'rotate-certificate' = 'reboot', over: object = {}): object {
  const nonce = String(++drawn).padStart(32, '0');
  return { version: 1, operation, nonce, issuedAt: START, expiresAt: START + 86_400_000, ...over };
}
