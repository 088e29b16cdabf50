import { type UpdateDocument, updateProofText } from '@fleetwright/contracts';
import { backoffDelay } from '../backoff.ts';
import { sleep } from '../clock.ts';
import { reasonOf } from '../errors.ts';
import { AtomicRecord } from './disk/atomic-record.ts';
import { isFull, measureFile } from './disk/disk.ts';
import { type FetchOptions, fetchFirmware } from './fetch-firmware.ts';
import { planUpdate, type UpdateEvent, type UpdateStep } from './plan-update.ts';
import { prepareUpdate, type UpdateJob } from './prepare-update.ts';
import { runSelfTest } from './self-test/run-self-test.ts';
import { UpdateError } from './update-error.ts';
import type { Reboot, SelfTest, Watchdog } from './update-ports.ts';
import {
  FIRST_STATE,
  isReversible,
  type UpdateOrder,
  type UpdatePhase,
  type UpdateState,
  type UpdateTarget,
  updateStateSchema,
} from './update-state.ts';

export interface EngineOptions extends Omit<FetchOptions, 'onProgress'> {
  readonly thingName: string;
  /** ECDSA P-256 with SHA-256, DER, by the key of the device's certificate. */
  sign(bytes: Uint8Array): Promise<Uint8Array>;
  readonly reboot: Reboot;
  readonly selfTest: SelfTest;
  /** ms */
  readonly selfTestTime: number;
  readonly watchdog: Watchdog | undefined;
  /** Called when the phase has changed, after it is on disk. */
  onPhase(phase: UpdatePhase): void;
  /** Aborts when the agent stops. */
  readonly signal: AbortSignal;
}

/** The run of a job, as the engine sees it. */
export interface EngineJob extends Omit<UpdateJob, 'document'> {
  readonly order: UpdateOrder;
  document(): UpdateDocument;
  /** Values are text: AWS IoT Jobs takes nothing else. */
  report(details: Readonly<Record<string, string>>): void;
}

const RETRY = { base: 500, cap: 60_000 };
/** Attempts to write the state on a slot that is on trial, before the device goes back without having written it. */
const TRIAL_WRITES = 5;
/** Attempts to tell the boot loader that a trial has ended. */
const REVERTS = 5;
/** Attempts to sign the proof, before the outcome is told without one. */
const PROOF_ATTEMPTS = 3;

/**
 * Does what {@link planUpdate} says, one step at a time.
 *
 * INVARIANTS
 * - The state is on disk before a step of it begins. A step may have been done before: each is idempotent.
 * - One event is worked off at a time, whoever brings it.
 * - Past the point of no return nothing but a reboot or the agent's end stops it.
 */
export class UpdateEngine {
  readonly #options: EngineOptions;
  readonly #record: AtomicRecord<UpdateState>;
  #state: UpdateState = FIRST_STATE;
  #job: EngineJob | undefined;
  #turn: Promise<void> = Promise.resolve();
  #rebooting = false;

  constructor(options: EngineOptions) {
    this.#options = options;
    this.#record = new AtomicRecord(options.files.disk, options.files.directory, 'update', updateStateSchema);
  }

  get state(): UpdateState {
    return this.#state;
  }

  /** Whether the device is about to restart: nothing more happens before it has. */
  get rebooting(): boolean {
    return this.#rebooting;
  }

  /** Reads what was left, and begins to go on with it. Resolves when it is known; {@link settled} when it is done. */
  async start(): Promise<void> {
    this.#state = (await this.#record.read()) ?? FIRST_STATE;
    await this.#options.keys.load();
    const { slots } = this.#options;
    void this.#enqueue(async () => {
      const boot = await slots.status();
      if (boot.confirmed) await slots.stillGood?.();
      return { kind: 'started', boot };
    }).catch(() => {});
  }

  /** Resolves when nothing is under way. */
  settled(): Promise<void> {
    return this.#turn;
  }

  /** Begins or goes on with what a job orders, as far as it goes. Rejects when that could not even be written down. */
  order(job: EngineJob): Promise<void> {
    return this.#enqueue(async () => {
      this.#job = job;
      return { kind: 'ordered', order: job.order, boot: await this.#options.slots.status() };
    });
  }

  cancel(order: UpdateOrder): Promise<void> {
    return this.#enqueue(async () => ({ kind: 'cancelled', order }));
  }

  #enqueue(happened: () => Promise<UpdateEvent>): Promise<void> {
    const turn = this.#turn.then(async () => {
      if (this.#rebooting || this.#options.signal.aborted) return;
      await this.#workOff(await this.#untilItWorks('slots', happened));
    });
    this.#turn = turn.catch((error: unknown) => {
      if (!this.#options.signal.aborted) this.#options.log.error('an update stands still', { reason: reasonOf(error) });
    });
    return turn;
  }

  async #workOff(first: UpdateEvent): Promise<void> {
    for (let event: UpdateEvent | undefined = first; event !== undefined; ) {
      const { state, steps } = planUpdate(this.#state, event);
      if (state !== this.#state) await this.#write(state);
      event = undefined;
      for (const step of steps) {
        if (this.#options.signal.aborted || this.#rebooting) return;
        event = await this.#do(step);
      }
    }
  }

  async #write(state: UpdateState): Promise<void> {
    const { clock, log, onPhase, random, signal, slots } = this.#options;
    for (let attempt = 1; ; attempt++) {
      try {
        await this.#record.write(state);
        this.#state = state;
        log.info('update', { phase: state.phase.name });
        onPhase(state.phase);
        return;
      } catch (error) {
        // Nothing has begun that could not be left as it is.
        if (isReversible(this.#state.phase)) throw error;
        log.error('the state of an update cannot be written', { reason: reasonOf(error), attempt });
        if (attempt >= TRIAL_WRITES && !(await slots.status()).confirmed) return this.#giveUpTrial();
      }
      await sleep(clock, RETRY.base + backoffDelay(RETRY, attempt, random()), signal);
      signal.throwIfAborted();
    }
  }

  /** A slot on trial that cannot even write: the other one will understand from what it finds. */
  async #giveUpTrial(): Promise<void> {
    await this.#revert();
    await this.#reboot('the slot on trial cannot write');
  }

  async #do(step: UpdateStep): Promise<UpdateEvent | undefined> {
    const { files, log, slots } = this.#options;
    switch (step) {
      case 'check':
        return this.#attempt('DOWNLOAD_FAILED', (job) => prepareUpdate(this.#options, job, this.#state));
      case 'download':
        return this.#attempt('DOWNLOAD_FAILED', (job) => this.#download(job));
      case 'install':
        return this.#attempt('INSTALL_FAILED', () => this.#install());
      case 'activate':
        return this.#activate();
      case 'reboot':
        await this.#reboot(`update: ${this.#state.phase.name}`);
        return undefined;
      case 'test':
        return this.#test();
      case 'confirm':
        await this.#untilItWorks('confirm', () => slots.confirm());
        return { kind: 'confirmed' };
      case 'revert':
        await this.#revert();
        return undefined;
      case 'attest':
        return this.#untilItWorks('attest', () => this.#attest());
      case 'discard':
        await files.discard().catch((error) => log.warn('a download cannot be removed', { reason: reasonOf(error) }));
        return undefined;
    }
  }

  /** A step that can be given up: what goes wrong ends the update, and an abort leaves it as it is. */
  async #attempt(
    otherwise: 'DOWNLOAD_FAILED' | 'INSTALL_FAILED',
    work: (job: EngineJob) => Promise<UpdateEvent>,
  ): Promise<UpdateEvent | undefined> {
    const job = this.#job;
    if (job === undefined || job.signal.aborted) return undefined;
    try {
      return await work(job);
    } catch (error) {
      if (job.signal.aborted) return undefined;
      const reason = error instanceof UpdateError ? error.code : isFull(error) ? 'NO_SPACE' : otherwise;
      this.#options.log.warn('update', { reason, detail: reasonOf(error) });
      return { kind: 'failed', failure: { reason, detail: reasonOf(error) } };
    }
  }

  get #target(): UpdateTarget {
    const { phase } = this.#state;
    if (!('target' in phase)) throw new Error(`there is no target while ${phase.name}`);
    return phase.target;
  }

  async #download(job: EngineJob): Promise<UpdateEvent> {
    const { phase } = this.#state;
    const way = phase.name === 'downloading' ? phase.way : 'image';
    let reported = -1;
    const onProgress = (percent: number): void => {
      if (percent === reported) return;
      reported = percent;
      job.report({ stage: 'downloading', percent: String(percent) });
    };
    await fetchFirmware({ ...this.#options, onProgress }, job, this.#target, way);
    return { kind: 'downloaded' };
  }

  async #install(): Promise<UpdateEvent> {
    const { files, slots } = this.#options;
    const target = this.#target;
    if (!(await slots.holds(target))) {
      if ((await measureFile(files.disk, files.imagePath))?.sha256 !== target.sha256) return { kind: 'payload-lost' };
      await slots.write(files.imagePath, target);
    }
    return { kind: 'installed' };
  }

  async #activate(): Promise<UpdateEvent> {
    try {
      await this.#options.slots.tryOther(this.#target);
      return { kind: 'activated' };
    } catch (error) {
      return { kind: 'failed', failure: { reason: 'INSTALL_FAILED', detail: reasonOf(error) } };
    }
  }

  async #test(): Promise<UpdateEvent | undefined> {
    const { clock, log, selfTest, selfTestTime, signal, watchdog } = this.#options;
    const silently = (what: Promise<void> | undefined): Promise<void> =>
      Promise.resolve(what).catch((error) => log.error('watchdog', { reason: reasonOf(error) }));
    await silently(watchdog?.arm(2 * selfTestTime));
    const result = await runSelfTest(selfTest, { clock, time: selfTestTime, signal });
    // What has failed is about to restart: the watchdog stays, in case that hangs. Somebody who stops the agent is no failure
    // of the firmware: the test begins again.
    if (result.passed || signal.aborted) await silently(watchdog?.disarm());
    if (signal.aborted) return undefined;
    if (result.passed) return { kind: 'passed' };
    return { kind: 'failed', failure: { reason: 'SELF_TEST_FAILED', detail: result.detail } };
  }

  /** A boot loader that cannot be told counts the boot that follows: the trial ends all the same, only later. */
  async #revert(): Promise<void> {
    const { clock, log, random, signal, slots } = this.#options;
    for (let attempt = 1; attempt <= REVERTS; attempt++) {
      try {
        return await slots.revert();
      } catch (error) {
        log.error('the trial cannot be ended', { reason: reasonOf(error), attempt });
        await sleep(clock, RETRY.base + backoffDelay(RETRY, attempt, random()), signal);
        signal.throwIfAborted();
      }
    }
  }

  async #reboot(why: string): Promise<void> {
    this.#rebooting = true;
    this.#options.log.info('restarting', { why });
    await this.#untilItWorks('reboot', async () => this.#options.reboot.reboot(why));
  }

  /** What runs now, vouched for by the device's own key. */
  async #attest(): Promise<UpdateEvent> {
    const { slots } = this.#options;
    const { phase } = this.#state;
    const { image, running: slot } = await slots.status();
    const sha256 = await slots.measure();
    const firmware = image?.version;
    if (firmware === undefined || sha256 === undefined || !('order' in phase)) {
      return { kind: 'attested', details: { slot }, sha256 };
    }
    const details = { firmware, slot, imageSha256: sha256 };
    const proof = await this.#proof(phase.order, details);
    return { kind: 'attested', details: { ...details, ...(proof !== undefined && { proof }) }, sha256 };
  }

  async #proof(
    { jobId, nonce }: UpdateOrder,
    running: { firmware: string; slot: string; imageSha256: string },
  ): Promise<string | undefined> {
    const { clock, log, random, sign, signal, thingName } = this.#options;
    const text = updateProofText({ thingName, jobId, nonce, ...running });
    for (let attempt = 1; attempt <= PROOF_ATTEMPTS; attempt++) {
      try {
        return Buffer.from(await sign(Buffer.from(text))).toString('base64');
      } catch (error) {
        log.error('the device cannot sign what runs', { reason: reasonOf(error), attempt });
        await sleep(clock, RETRY.base + backoffDelay(RETRY, attempt, random()), signal);
        signal.throwIfAborted();
      }
    }
    return undefined;
  }

  async #untilItWorks<T>(what: string, work: () => Promise<T>): Promise<T> {
    const { clock, log, random, signal } = this.#options;
    for (let attempt = 1; ; attempt++) {
      try {
        return await work();
      } catch (error) {
        log.error('a step of an update is tried again', { what, reason: reasonOf(error), attempt });
      }
      await sleep(clock, RETRY.base + backoffDelay(RETRY, attempt, random()), signal);
      signal.throwIfAborted();
    }
  }
}
