import { EventEmitter } from 'node:events';
import type { JobOperation } from '@fleetwright/contracts';
import { sleep } from '../clock.ts';
import { DeviceError } from '../errors.ts';
import type { DeviceFeature, FeatureContext } from '../feature.ts';
import { CloudTime } from '../replay/cloud-time.ts';
import { ReplayGuard } from '../replay/replay-guard.ts';
import { ExecutionStore } from './execution-record.ts';
import type { AnyJobHandler, JobHandler } from './job-handler.ts';
import { JobRunner } from './job-runner.ts';
import type { JobsEvents } from './jobs-events.ts';
import type { JobsService } from './jobs-service.ts';
import { SdkJobsService } from './sdk-jobs-service.ts';

export interface JobsOptions {
  /** One for each operation that the device can do; a document of another is rejected. */
  readonly handlers: readonly AnyJobHandler[];
  /** The time as all features of the device hear it from the cloud. @default one of its own */
  readonly time?: CloudTime | undefined;
  /** Whether another job may be begun now; looked at each minute, and at `wake`. One that was begun goes on. @default always */
  readonly ready?: () => boolean;
  /** ms between two reports of progress at least. @default 5000 */
  readonly reportInterval?: number;
  /** ms after which an idle device asks for its next job without having been told of one. @default 21600000 */
  readonly pollInterval?: number;
  /** seconds that an answer of the cloud may take. @default 15 */
  readonly operationTimeout?: number;
}

/** ms that a handler gets to notice that the agent stops */
const STOP_GRACE = 800;

/** Runs the jobs of AWS IoT Jobs, one at a time. */
export class JobsFeature extends EventEmitter<JobsEvents> implements DeviceFeature {
  readonly name = 'jobs';
  readonly #options: JobsOptions;
  readonly #handlers: ReadonlyMap<JobOperation, JobHandler>;
  #running:
    | {
        readonly runner: JobRunner;
        readonly store: ExecutionStore;
        readonly service: JobsService;
        readonly unlink: () => void;
        readonly context: FeatureContext;
      }
    | undefined;

  /** @throws DeviceError `INPUT_INVALID` for two handlers of one operation */
  constructor(options: JobsOptions) {
    super();
    this.#options = options;
    const handlers = new Map<JobOperation, JobHandler>();
    for (const handler of options.handlers) {
      if (handlers.has(handler.operation)) {
        throw new DeviceError('INPUT_INVALID', `two handlers for the operation '${handler.operation}'`);
      }
      // The runner gives each handler documents of its own operation only.
      handlers.set(handler.operation, handler as JobHandler);
    }
    this.#handlers = handlers;
  }

  async start(context: FeatureContext): Promise<void> {
    const { clock, identity, link, log, random, state } = context;
    const { thingName } = identity;
    const { operationTimeout, pollInterval = 21_600_000, ready = () => true, reportInterval = 5_000 } = this.#options;
    const time = this.#options.time ?? new CloudTime({ clock });
    const guard = new ReplayGuard({ state, time, log, thingName, oneNonceEach: false });
    const store = new ExecutionStore(state, log);
    const service = new SdkJobsService({
      client: link.client,
      thingName,
      time,
      log,
      ...(operationTimeout !== undefined && { operationTimeout }),
    });
    const runner = new JobRunner({
      service,
      store,
      guard,
      handlers: this.#handlers,
      connected: () => link.connected,
      clock,
      random,
      log,
      events: this,
      ready,
      reportInterval,
      pollInterval,
    });
    runner.start();
    const unlink = link.onConnected(() => runner.connected());
    this.#running = { runner, store, service, unlink, context };
  }

  /** Looks again whether another job may be begun. */
  wake(): void {
    this.#running?.runner.wake();
  }

  /** Resolves when nothing that was asked for while `ready` may begin any more. */
  async settled(): Promise<void> {
    await this.#running?.runner.settled();
  }

  status(): Readonly<Record<string, unknown>> {
    const record = this.#running?.store.current;
    if (record === undefined) return {};
    const { attempt, document, executionNumber, jobId, phase } = record;
    return { jobId, executionNumber, operation: document?.operation, phase, attempt };
  }

  async stop(): Promise<void> {
    const running = this.#running;
    if (running === undefined) return;
    this.#running = undefined;
    const { context, runner, service, unlink } = running;
    unlink();
    const stopped = runner.stop();
    service.close();
    const waited = new AbortController();
    await Promise.race([stopped, sleep(context.clock, STOP_GRACE, waited.signal)]);
    waited.abort();
  }
}
