import { EventEmitter } from 'node:events';
import type { TrustedKeySet, UpdateDocument } from '@fleetwright/contracts';
import { DeviceError } from '../errors.ts';
import type { DeviceFeature, FeatureContext } from '../feature.ts';
import { type JobExecution, type JobHandler, type JobResult, JobStopped } from '../jobs/job-handler.ts';
import { type Disk, isFull } from './disk/disk.ts';
import { nodeDisk } from './disk/node-disk.ts';
import { type Http, httpsClient } from './download/http.ts';
import { streamSource } from './download/stream-source.ts';
import { FirmwareReporter } from './firmware-reporter.ts';
import { connectedSelfTest, type HealthCheck } from './self-test/connected-self-test.ts';
import type { SlotSystem } from './slots/slot-system.ts';
import { TrustedKeys } from './trust/trusted-keys.ts';
import { type EngineJob, UpdateEngine } from './update-engine.ts';
import { UpdateFiles } from './update-files.ts';
import type { Reboot, SelfTest, Watchdog } from './update-ports.ts';
import { isSameOrder, type UpdatePhase } from './update-state.ts';

export interface UpdateOptions {
  readonly slots: SlotSystem;
  readonly reboot: Reboot;
  /** The keys that the device was made with. */
  readonly trustedKeys: TrustedKeySet;
  readonly hardwareRevision: string;
  /** What must be well, beside connection and reporting, before new firmware is confirmed. @default none */
  readonly checks?: readonly HealthCheck[];
  /** Instead of connection, reporting and `checks`. */
  readonly selfTest?: SelfTest;
  /** ms that the self-test may take. @default 300000 */
  readonly selfTestTime?: number;
  readonly watchdog?: Watchdog;
  /** PEM of the CA that signs the servers of downloads. @default the system's trust store */
  readonly downloadCaPem?: string | undefined;
  /** @default HTTPS with `downloadCaPem` */
  readonly http?: Http;
  /** Which transport is tried first, where a job offers both. @default 'http' */
  readonly prefer?: 'http' | 'stream';
  /** Bytes of running image and delta together up to which a delta is used. @default 134217728 */
  readonly deltaMemory?: number;
  /** Minutes that a device may be away within an update, before the cloud calls it timed out. @default 60 */
  readonly stepTimeoutMinutes?: number;
  /** Resolves when an update may begin: a device that somebody works at holds it back. @default at once */
  readonly hold?: (signal: AbortSignal) => Promise<void>;
  /** @default the machine's */
  readonly disk?: Disk;
}

export interface UpdateEvents {
  /** An update has begun, or goes on after a restart. */
  begun: [];
  /** It has come to its end, well or not; also told at a start, when there is none. */
  ended: [];
}

/** As `updateDetailsSchema` names them. */
const STAGES: Readonly<Partial<Record<UpdatePhase['name'], string>>> = {
  checking: 'checking',
  downloading: 'downloading',
  installing: 'installing',
  activating: 'installing',
  rebooting: 'rebooting',
  reverting: 'rebooting',
  testing: 'testing',
  confirming: 'testing',
};

const SELF_TEST_TIME = 300_000;
const DELTA_MEMORY = 134_217_728;

/**
 * Installs firmware that is signed for this device into the slot that does not run, tries it, and keeps it or goes back.
 * A feature, because an update goes on after a restart before there is any connection; its {@link handler} is for the jobs.
 */
export class UpdateFeature extends EventEmitter<UpdateEvents> implements DeviceFeature {
  readonly name = 'update';
  readonly handler: JobHandler<'update'>;
  readonly #options: UpdateOptions;
  #engine: UpdateEngine | undefined;
  #started: Expected<UpdateEngine>;
  #abort = new AbortController();
  #reporter: FirmwareReporter | undefined;
  /** As it was told last; undefined: not yet. */
  #underWay: boolean | undefined;
  /** The run that is told how far it is. */
  #execution: JobExecution<'update'> | undefined;

  constructor(options: UpdateOptions) {
    super();
    this.#options = options;
    this.#started = withResolvers();
    this.handler = {
      operation: 'update',
      stepTimeoutMinutes: options.stepTimeoutMinutes ?? 60,
      run: (execution) => this.#run(execution),
    };
  }

  async start(context: FeatureContext): Promise<void> {
    const { checks = [], disk = nodeDisk, hardwareRevision, slots } = this.#options;
    const { address, clock, identity, link, log, random, sign, state } = context;
    this.#abort = new AbortController();
    const reporter = new FirmwareReporter({ link, thingName: identity.thingName, slots, hardwareRevision, log });
    this.#reporter = reporter;
    const engine = new UpdateEngine({
      files: new UpdateFiles(disk, state.path),
      keys: new TrustedKeys(disk, state.path, this.#options.trustedKeys),
      slots,
      http: this.#options.http ?? httpsClient(this.#options.downloadCaPem),
      streamed: (streamId, fileId, size) =>
        streamSource({ link, clock, thingName: identity.thingName, streamId, fileId, size }),
      prefer: this.#options.prefer ?? 'http',
      deviceType: address.deviceType,
      hardwareRevision,
      deltaMemory: this.#options.deltaMemory ?? DELTA_MEMORY,
      thingName: identity.thingName,
      sign,
      reboot: this.#options.reboot,
      selfTest:
        this.#options.selfTest ??
        connectedSelfTest({ link, clock, checks, report: () => reporter.report('verifying') }),
      selfTestTime: this.#options.selfTestTime ?? SELF_TEST_TIME,
      watchdog: this.#options.watchdog,
      clock,
      random,
      log,
      onPhase: (phase) => {
        reporter.phase(phase);
        this.#tell(phase);
        this.#progress(phase);
      },
      signal: AbortSignal.any([context.signal, this.#abort.signal]),
    });
    await engine.start();
    reporter.start(engine.state.phase);
    this.#underWay = undefined;
    this.#tell(engine.state.phase);
    this.#engine = engine;
    this.#started.resolve(engine);
  }

  async stop(): Promise<void> {
    this.#abort.abort(new JobStopped('stopping', 'the agent stops'));
    this.#reporter?.stop();
    await this.#engine?.settled();
    this.#engine = undefined;
    this.#started = withResolvers();
  }

  status(): Readonly<Record<string, unknown>> {
    const state = this.#engine?.state;
    if (state === undefined) return {};
    const { floor, phase } = state;
    return {
      phase: phase.name,
      ...(floor !== undefined && { floor }),
      ...('order' in phase && { jobId: phase.order.jobId }),
      ...('target' in phase && { version: phase.target.version }),
    };
  }

  #tell(phase: UpdatePhase): void {
    const isUnderWay = !isUnbegun(phase);
    if (isUnderWay === this.#underWay) return;
    this.#underWay = isUnderWay;
    this.emit(isUnderWay ? 'begun' : 'ended');
  }

  /** Which step it is at. While it downloads the percentages say so. */
  #progress(phase: UpdatePhase): void {
    const stage = STAGES[phase.name];
    if (stage !== undefined) this.#execution?.report({ stage });
  }

  /** Idempotent: an execution that has ended answers the same again. */
  async #run(execution: JobExecution<'update'>): Promise<JobResult> {
    const engine = await Promise.race([this.#started.promise, whenAborted(execution.signal)]);
    if (engine === undefined) return notBegun(execution);
    const { executionNumber, jobId } = execution;
    const job = engineJob(execution, this.#abort.signal);
    const { order } = job;
    this.#execution = execution;
    this.#progress(engine.state.phase);
    // What another order, or an earlier run of this one, has left is settled first.
    await engine.settled();
    const before = resultIn(engine.state.phase, order);
    if (before !== undefined) return before;
    try {
      if (isUnbegun(engine.state.phase)) await this.#options.hold?.(job.signal);
      if (!job.signal.aborted) await engine.order(job);
      if (execution.signal.aborted && !isStopping(execution.signal)) await engine.cancel(order);
    } catch (error) {
      if (isStopping(execution.signal) || this.#abort.signal.aborted) return { status: 'resume' };
      if (!isFull(error)) throw error;
      const detail = 'the state of the update cannot be written: the disk is full';
      return { status: 'failed', details: { reason: 'NO_SPACE', detail } };
    }
    const result = resultIn(engine.state.phase, order);
    if (result !== undefined) return result;
    if (engine.rebooting || isStopping(execution.signal) || this.#abort.signal.aborted) return { status: 'resume' };
    if (execution.signal.aborted) return notBegun(execution);
    throw new DeviceError(
      'STATE_UNUSABLE',
      `job ${jobId} (${executionNumber}) cannot go on while an update is ${engine.state.phase.name}`,
    );
  }
}

export function createUpdateFeature(options: UpdateOptions): UpdateFeature {
  return new UpdateFeature(options);
}

function engineJob(execution: JobExecution<'update'>, stopped: AbortSignal): EngineJob {
  let document: UpdateDocument = execution.document;
  const { executionNumber, jobId, signal } = execution;
  return {
    order: { jobId, executionNumber, nonce: document.nonce },
    document: () => document,
    renew: async () => {
      document = await execution.renew();
    },
    report: (details) => execution.report(details),
    signal: AbortSignal.any([signal, stopped]),
  };
}

function resultIn(phase: UpdatePhase, order: EngineJob['order']): JobResult | undefined {
  if (phase.name !== 'ended' || !isSameOrder(phase.order, order)) return undefined;
  const { details, status } = phase;
  if (status === 'succeeded') return { status, details };
  return { status, details: { ...details, reason: details.reason ?? 'INSTALL_FAILED' } };
}

function isUnbegun({ name }: UpdatePhase): boolean {
  return name === 'idle' || name === 'ended';
}

function notBegun({ signal }: JobExecution<'update'>): JobResult {
  if (isStopping(signal)) return { status: 'resume' };
  return { status: 'rejected', details: { reason: 'CANCELLED', detail: 'the job was cancelled before it began' } };
}

function isStopping({ aborted, reason }: AbortSignal): boolean {
  return aborted && reason instanceof JobStopped && reason.why === 'stopping';
}

function whenAborted(signal: AbortSignal): Promise<undefined> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve(undefined);
    else signal.addEventListener('abort', () => resolve(undefined), { once: true });
  });
}

interface Expected<T> {
  readonly promise: Promise<T>;
  resolve(value: T): void;
}

function withResolvers<T>(): Expected<T> {
  let resolve: (value: T) => void = () => {};
  const promise = new Promise<T>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}
