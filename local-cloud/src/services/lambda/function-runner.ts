import type { Timer } from '../../core/clock.ts';
import { type Entropy, uuid } from '../../core/entropy.ts';
import type { CloudContext } from '../../core/plugin.ts';
import type { EnvironmentFactory, LaunchedEnvironment } from './environment-factory.ts';
import { throttled } from './errors.ts';
import type { InvokeOutcome } from './execution-environment.ts';
import { FailureReports } from './failure-reports.ts';
import { FunctionMetrics } from './function-metrics.ts';
import type { FunctionRecord } from './function-record.ts';
import { IDLE_LIFETIME, INIT_TIMEOUT, MAX_ENVIRONMENTS_PER_FUNCTION } from './limits.ts';
import { LogTail } from './log-tail.ts';
import { PlatformLog } from './platform-log.ts';
import type { RuntimeErrorObject } from './runtime-protocol.ts';

export interface InvocationRequest {
  /** JSON */
  readonly event: string | Uint8Array;
  readonly requestId: string;
  /** JSON */
  readonly clientContext?: string | undefined;
  /** Asks for the end of the log. */
  readonly tail?: boolean;
}

export interface InvocationResult {
  /** JSON: the answer, or the error object when `functionError` is set. */
  readonly payload: string;
  readonly functionError: 'Unhandled' | undefined;
  /** The last 4 KB of the log. */
  readonly logTail: string | undefined;
}

/**
 * Runs one function's invocations in its environments.
 *
 * INVARIANTS
 * - An environment runs one invocation at a time, with the function's current configuration and code.
 * - No more invocations run than the reserved concurrency; no more processes than the local bound, beyond which
 *   invocations wait in order.
 */
export class FunctionRunner {
  readonly #context: CloudContext;
  readonly #factory: EnvironmentFactory;
  #record: FunctionRecord;
  #key: string;
  #closed = false;
  #platform: PlatformLog;
  readonly #idle: Acquired[] = [];
  #processes = 0;
  readonly #running = new Set<Promise<InvocationResult>>();
  readonly #waiting: (() => void)[] = [];
  readonly #failures: FailureReports;
  /** Made with the first invocation: by then every part of the cloud is up. */
  #metrics: FunctionMetrics | undefined;
  #sweep: Timer | undefined;

  constructor(context: CloudContext, factory: EnvironmentFactory, record: FunctionRecord) {
    this.#context = context;
    this.#failures = new FailureReports(context);
    this.#factory = factory;
    this.#record = record;
    this.#key = environmentKey(record);
    this.#platform = new PlatformLog(record.logging, () => context.clock.now());
  }

  get record(): FunctionRecord {
    return this.#record;
  }

  /** Takes over a new configuration; environments of an older one end after the invocation they run. */
  update(record: FunctionRecord): void {
    this.#record = record;
    this.#key = environmentKey(record);
    this.#platform = new PlatformLog(record.logging, () => this.#context.clock.now());
    for (const environment of this.#idle) if (environment.key !== this.#key) this.#end(environment);
    this.#idle.splice(0, this.#idle.length, ...this.#idle.filter((environment) => environment.key === this.#key));
  }

  /** Ends idle environments; those that run are ended by the factory. */
  close(): void {
    this.#closed = true;
    this.#sweep?.cancel();
    for (const environment of this.#idle.splice(0)) this.#end(environment);
  }

  /** @throws AwsError `TooManyRequestsException`, and when the role cannot be taken on */
  async invoke(request: InvocationRequest): Promise<InvocationResult> {
    const reserved = this.#record.reservedConcurrency;
    this.#metrics ??= new FunctionMetrics(this.#context, this.#record.name);
    if (reserved !== undefined && this.#running.size >= reserved) {
      this.#metrics.throttled();
      throw throttled();
    }
    this.#context.meter.count('lambda.invocations');
    const work = this.#run(request);
    this.#running.add(work);
    this.#metrics.began(this.#running.size);
    try {
      const result = await work;
      if (result.functionError !== undefined) this.#context.meter.count('lambda.errors');
      this.#metrics.ended(result.functionError !== undefined);
      return result;
    } finally {
      this.#running.delete(work);
    }
  }

  /** Resolves when what runs now has ended. */
  async settled(): Promise<void> {
    await Promise.allSettled(this.#running);
  }

  async #run(request: InvocationRequest): Promise<InvocationResult> {
    const { clock } = this.#context;
    const tail = request.tail === true ? new LogTail() : undefined;
    let environment = await this.#acquire();
    const { record } = environment;
    let initMilliseconds: number | undefined;
    let spent = 0;
    if (environment.cold) {
      let init = await this.#initialize(environment, INIT_TIMEOUT, tail);
      if (init.kind === 'timeout') {
        // The init phase is repeated within the time of the invocation.
        environment = this.#replace(environment);
        const began = clock.now();
        init = await this.#initialize(environment, record.timeout * 1000, tail);
        spent = clock.now() - began;
      }
      if (init.kind !== 'ready') {
        this.#release(environment);
        if (init.kind === 'timeout') return this.#finish(record, request, environment, tail, { kind: 'timeout' });
        const outcome: InvokeOutcome =
          init.kind === 'exit'
            ? init
            : { kind: 'error', error: init.error, durationMilliseconds: 0, maxRssKilobytes: 0 };
        return this.#finish(record, request, environment, tail, outcome);
      }
      initMilliseconds = init.milliseconds;
    }
    const write = (line: string): void => this.#write(environment, tail, line);
    for (const line of this.#platform.start(request.requestId)) write(line);
    environment.onLine = tail === undefined ? undefined : (line) => tail.add(`${line}\n`);
    const milliseconds = Math.max(1, record.timeout * 1000 - spent);
    const outcome = await environment.process.invoke(
      {
        id: request.requestId,
        event: request.event,
        remainingMilliseconds: milliseconds,
        invokedFunctionArn: record.arn,
        traceId: traceId(clock.now(), this.#context.entropy),
        clientContext: request.clientContext,
      },
      milliseconds,
    );
    environment.onLine = undefined;
    const result = this.#finish(record, request, environment, tail, outcome, initMilliseconds);
    this.#release(environment);
    return result;
  }

  async #initialize(environment: Acquired, milliseconds: number, tail: LogTail | undefined) {
    environment.onLine = tail === undefined ? undefined : (line) => tail.add(`${line}\n`);
    const outcome = await environment.process.initialized(milliseconds);
    environment.onLine = undefined;
    if (outcome.kind === 'ready') environment.cold = false;
    return outcome;
  }

  #finish(
    record: FunctionRecord,
    request: InvocationRequest,
    environment: LaunchedEnvironment,
    tail: LogTail | undefined,
    outcome: InvokeOutcome,
    initMilliseconds?: number,
  ): InvocationResult {
    const { requestId } = request;
    const error = errorOf(outcome, requestId, record.timeout);
    const measured = 'durationMilliseconds' in outcome ? outcome : undefined;
    if (outcome.kind === 'timeout') {
      for (const line of this.#platform.timeout(requestId, record.timeout)) this.#write(environment, tail, line);
    } else if (outcome.kind === 'exit') {
      for (const line of this.#platform.exit(requestId, outcome.reason)) this.#write(environment, tail, line);
    }
    const durationMilliseconds =
      measured?.durationMilliseconds ?? (outcome.kind === 'timeout' ? record.timeout * 1000 : 0);
    this.#metrics?.lasted(durationMilliseconds);
    const report = this.#platform.end({
      requestId,
      durationMilliseconds,
      memorySize: record.memorySize,
      maxMemoryUsed: Math.ceil((measured?.maxRssKilobytes ?? 0) / 1024),
      initMilliseconds,
      status: outcome.kind === 'response' ? 'success' : outcome.kind === 'timeout' ? 'timeout' : 'error',
      errorType: error?.errorType,
    });
    for (const line of report) this.#write(environment, tail, line);
    const logTail = tail?.text();
    if (outcome.kind === 'response') return { payload: outcome.payload, functionError: undefined, logTail };
    this.#failures.report({
      function: record.name,
      requestId,
      errorType: error?.errorType,
      errorMessage: error?.errorMessage,
    });
    return { payload: JSON.stringify(error), functionError: 'Unhandled', logTail };
  }

  #write(environment: LaunchedEnvironment, tail: LogTail | undefined, line: string): void {
    environment.logs.add(line);
    tail?.add(line.endsWith('\n') ? line : `${line}\n`);
  }

  async #acquire(): Promise<Acquired> {
    for (;;) {
      const idle = this.#idle.pop();
      if (idle !== undefined) {
        if (this.#usable(idle)) return idle;
        this.#end(idle);
        continue;
      }
      if (this.#processes < MAX_ENVIRONMENTS_PER_FUNCTION) {
        try {
          return this.#launch();
        } catch (error) {
          this.#waiting.shift()?.();
          throw error;
        }
      }
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }

  #launch(): Acquired {
    const environment = this.#factory.launch(this.#record);
    this.#processes++;
    return Object.assign(environment, { cold: true, key: this.#key });
  }

  #replace(environment: Acquired): Acquired {
    this.#end(environment);
    return this.#launch();
  }

  #release(environment: Acquired): void {
    environment.lastUsed = this.#context.clock.now();
    if (this.#usable(environment)) {
      this.#idle.push(environment);
      this.#sweep ??= this.#context.clock.after(IDLE_LIFETIME, () => this.#sweepIdle());
    } else this.#end(environment);
    this.#waiting.shift()?.();
  }

  #usable(environment: Acquired): boolean {
    const margin = (environment.record.timeout + 60) * 1000;
    return (
      !this.#closed &&
      environment.process.alive &&
      environment.key === this.#key &&
      environment.expires - margin > this.#context.clock.now()
    );
  }

  #end(environment: Acquired): void {
    this.#processes--;
    void environment.process.kill();
  }

  #sweepIdle(): void {
    this.#sweep = undefined;
    const now = this.#context.clock.now();
    const kept = this.#idle.filter((environment) => environment.lastUsed + IDLE_LIFETIME > now);
    for (const environment of this.#idle) if (!kept.includes(environment)) this.#end(environment);
    this.#idle.splice(0, this.#idle.length, ...kept);
    const next = Math.min(...kept.map((environment) => environment.lastUsed)) + IDLE_LIFETIME;
    if (kept.length > 0) this.#sweep = this.#context.clock.after(next - now, () => this.#sweepIdle());
  }
}

type Acquired = LaunchedEnvironment & { cold: boolean; readonly key: string };

/** What an environment was started with: a change of anything else leaves it warm. */
function environmentKey(record: FunctionRecord): string {
  const { code, environment, handler, logging, memorySize, role, runtime, timeout } = record;
  return JSON.stringify([code.digest, environment, handler, logging, memorySize, role, runtime, timeout]);
}

function errorOf(outcome: InvokeOutcome, requestId: string, seconds: number): RuntimeErrorObject | undefined {
  if (outcome.kind === 'response') return undefined;
  if (outcome.kind === 'error') return outcome.error;
  if (outcome.kind === 'exit') {
    return { errorType: 'Runtime.ExitError', errorMessage: `RequestId: ${requestId} Error: ${outcome.reason}` };
  }
  return {
    errorType: 'Sandbox.Timedout',
    errorMessage: `RequestId: ${requestId} Error: Task timed out after ${seconds.toFixed(2)} seconds`,
  };
}

/** X-Ray's trace header, unsampled: tracing is not run locally (X-Ray developer guide, "Tracing header"). */
function traceId(now: number, entropy: Entropy): string {
  const digits = uuid(entropy).replaceAll('-', '');
  const seconds = Math.floor(now / 1000)
    .toString(16)
    .padStart(8, '0');
  return `Root=1-${seconds}-${digits.slice(0, 24)};Parent=${digits.slice(-16)};Sampled=0`;
}
