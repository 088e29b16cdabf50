import type { ModelManifest } from '@fleetwright/contracts';
import type { ComponentClock, ComponentLog } from '../../shared/src/component.ts';
import type { Configuration, ModelSource } from './configuration.ts';
import { type FoundModel, findModel } from './find-model.ts';
import type { InferenceState, ModelState } from './inference-state.ts';
import { ModelRefusal } from './model-refusal.ts';
import { ModelRunner, RunFailure } from './model-runner.ts';
import { verifySignatures } from './model-signatures.ts';
import type { ModelStore } from './model-store.ts';
import { type ModelExpectations, readSignatures, type VerifiedModel, verifyModel } from './verify-model.ts';

export interface KeeperPorts {
  readonly store: ModelStore;
  readonly state: InferenceState;
  readonly clock: ComponentClock;
  readonly log: ComponentLog;
  readonly workDirectory: string;
  readonly program: string;
  readonly wasmFile: string;
  configuration(): Configuration;
  /** Names of outputs that other models have. */
  outputsOfOthers(): ReadonlySet<string>;
  /** Something has changed that is told. */
  changed(): void;
}

/** A model that was offered and is not used. */
export interface Refused {
  /** Undefined: its manifest was not believed. */
  readonly version?: string | undefined;
  readonly reason: string;
  readonly detail: string;
  /** ms since the epoch */
  readonly at: number;
}

interface Loaded {
  readonly model: VerifiedModel;
  readonly runner: ModelRunner;
  readonly since: number;
}

/** Times that a model may be begun to load without an end: more is no bad luck with kills and power, but the model. */
const MOST_ATTEMPTS = 5;
/** ms before a model that could not be loaded is tried again, and a thread that died is replaced */
const RELOAD_AFTER = 600_000;
const REVIVE_AFTER = 5_000;

/**
 * Which model of a name runs.
 *
 * INVARIANTS
 * - What runs has been verified, loaded and tested; until another one has, it goes on.
 * - What misbehaved is not tried again under any circumstances but other content.
 * - Before a model takes over, the state on disk says so: after a kill the same one runs.
 */
export class ModelKeeper {
  readonly name: string;
  readonly #ports: KeeperPorts;
  #source: ModelSource;
  #active: Loaded | undefined;
  #next: (Loaded & { readonly deadline: number }) | undefined;
  #fallenBack = false;
  #refused: Refused | undefined;
  #looked: { fingerprint: string; keys: string; again: number } | undefined;
  #withdrawnAt: number | undefined;
  #keys: string | undefined;
  #reviveAt = 0;
  #work: Promise<void> = Promise.resolve();
  #closed = false;

  constructor(name: string, source: ModelSource, ports: KeeperPorts) {
    this.name = name;
    this.#source = source;
    this.#ports = ports;
  }

  get active(): { readonly model: VerifiedModel; readonly runner: ModelRunner; readonly since: number } | undefined {
    return this.#active;
  }

  get refused(): Refused | undefined {
    return this.#refused;
  }

  get fallenBack(): boolean {
    return this.#fallenBack;
  }

  get withdrawnAt(): number | undefined {
    return this.#withdrawnAt;
  }

  get source(): ModelSource {
    return this.#source;
  }

  /** Also the same again: what was refused is looked at anew. */
  set source(source: ModelSource) {
    this.#source = source;
    this.#looked = undefined;
  }

  /** Of what runs, and of what is about to. */
  get manifests(): readonly ModelManifest[] {
    return [this.#active, this.#next].flatMap((loaded) => (loaded === undefined ? [] : [loaded.model.manifest]));
  }

  /** Goes on with what ran before the start; with what was good before that, where it cannot. */
  restore(): Promise<void> {
    return this.#do(async () => {
      const { active, previous } = this.#ports.state.model(this.name);
      for (const digest of [active, previous]) {
        if (digest === undefined) continue;
        try {
          this.#active = await this.#load(await this.#ports.store.read(digest, this.#expectations()));
          this.#fallenBack = digest !== active;
          return;
        } catch (error) {
          this.#refuse(error, undefined);
        }
      }
    });
  }

  /** Looks whether another model is offered, and makes it ready. */
  scan(): Promise<void> {
    return this.#do(async () => {
      const { clock, workDirectory } = this.#ports;
      const keys = JSON.stringify(this.#ports.configuration().trustedKeys);
      if (this.#keys !== keys) await this.#checkKeys();
      this.#keys = keys;
      let found: FoundModel | undefined;
      try {
        found = await findModel(this.#source, workDirectory);
      } catch (error) {
        this.#refuse(error, undefined);
        return;
      }
      if (found === undefined) return this.#withdrawn();
      this.#withdrawnAt = undefined;
      const known = this.#looked;
      const same = known !== undefined && known.fingerprint === found.fingerprint && known.keys === keys;
      if (same && clock.monotonic() < known.again) return;
      this.#looked = { fingerprint: found.fingerprint, keys, again: Number.POSITIVE_INFINITY };
      await this.#consider(found.directory, this.#looked);
    });
  }

  /**
   * Lets the model take over that is ready, if there is one. To be called while no run is under way.
   * @param isWarm whether it has all the samples of a window
   */
  async switchOver(isWarm: (manifest: ModelManifest) => boolean): Promise<void> {
    const next = this.#next;
    if (next === undefined) return;
    const inTime = this.#active?.runner.alive === true && this.#ports.clock.now() < next.deadline;
    if (inTime && !isWarm(next.model.manifest)) return;
    await this.#do(() => this.#switchOver());
  }

  /** The model that runs has given a result. */
  async proven(): Promise<void> {
    const { state } = this.#ports;
    if (this.#active === undefined || state.model(this.name).proven) return;
    await state.change(this.name, { proven: true });
    await this.#prune();
  }

  /**
   * The model that runs has failed too often: what was good before takes over, if there is any. To be called while no run is
   * under way.
   * @returns whether another one runs now
   */
  async fallBack(failure: RunFailure): Promise<boolean> {
    const bad = this.#active;
    await this.#do(() => this.#fallBack(failure));
    return this.#active !== bad;
  }

  /** Replaces the thread of the model that runs, which has ended; not too often. @returns why that failed, if it did */
  async revive(): Promise<RunFailure | undefined> {
    let problem: RunFailure | undefined;
    await this.#do(async () => {
      const dead = this.#active;
      const { clock } = this.#ports;
      if (dead === undefined || dead.runner.alive || clock.monotonic() < this.#reviveAt) return;
      this.#reviveAt = clock.monotonic() + REVIVE_AFTER;
      try {
        this.#active = { ...(await this.#load(dead.model)), since: dead.since };
      } catch (error) {
        problem = new RunFailure(
          'DIED',
          `it could not be loaded again: ${error instanceof Error ? error.message : error}`,
        );
      }
    });
    return problem;
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#work;
    await this.#next?.runner.close();
    await this.#active?.runner.close();
    this.#next = undefined;
    this.#active = undefined;
  }

  async #switchOver(): Promise<void> {
    const [before, next] = [this.#active, this.#next];
    if (next === undefined) return;
    this.#next = undefined;
    const { active, previous, proven } = this.#ports.state.model(this.name);
    this.#refused = undefined;
    await this.#activate(next, { previous: proven ? active : previous, proven: false });
    await before?.runner.close();
  }

  async #fallBack(failure: RunFailure): Promise<void> {
    const { clock, log, state, store } = this.#ports;
    const { previous, quarantined } = state.model(this.name);
    const bad = this.#active;
    if (bad === undefined || previous === undefined) return;
    const { digest, manifest } = bad.model;
    let good: Loaded;
    try {
      good = await this.#load(await store.read(previous, this.#expectations()));
    } catch (error) {
      log.error('the last good model cannot take over', { model: this.name, reason: String(error) });
      return;
    }
    const detail = `${failure.reason}: ${failure.message}`;
    const at = clock.now();
    log.error('a model misbehaved, the last good one takes over', {
      model: this.name,
      version: manifest.version,
      takesOver: good.model.manifest.version,
      reason: detail,
    });
    await state.change(this.name, { quarantined: { ...quarantined, [digest]: { reason: 'MISBEHAVED', detail, at } } });
    this.#refused = { version: manifest.version, reason: 'MISBEHAVED', detail, at };
    await this.#activate(good, { previous: undefined, proven: true });
    this.#fallenBack = true;
    await bad.runner.close();
    this.#ports.changed();
  }

  /** A key that is withdrawn takes its models with it, at once. */
  async #checkKeys(): Promise<void> {
    const running = this.#active;
    if (running === undefined) return;
    const { papers, manifest } = running.model;
    try {
      verifySignatures(papers.manifest, readSignatures(papers.signatures), this.#ports.configuration().trustedKeys);
    } catch (error) {
      await this.#ports.state.change(this.name, { active: undefined, proven: false });
      this.#active = undefined;
      await running.runner.close();
      this.#refuse(error, manifest.version);
    }
  }

  async #consider(directory: string, looked: { again: number }): Promise<void> {
    const { clock, state, store } = this.#ports;
    let model: VerifiedModel | undefined;
    try {
      model = await verifyModel(directory, this.#expectations());
      const { digest, manifest } = model;
      if (digest === this.#active?.model.digest) {
        await this.#drop();
        if (this.#refused !== undefined || this.#fallenBack) {
          this.#refused = undefined;
          this.#fallenBack = false;
          this.#ports.changed();
        }
        return;
      }
      if (digest === this.#next?.model.digest) return;
      const bad = state.model(this.name).quarantined[digest];
      if (bad !== undefined) throw new ModelRefusal(bad.reason, bad.detail);
      const taken = manifest.outputs.find(({ name }) => this.#ports.outputsOfOthers().has(name));
      if (taken !== undefined) throw new ModelRefusal('OUTPUT_TAKEN', `another model gives ${taken.name} too`);
      await store.keep(model);
      const loaded = await this.#load(model).catch((error) => {
        store.released(digest);
        throw error;
      });
      await this.#drop();
      const { length, step } = manifest.window;
      this.#next = { ...loaded, deadline: clock.now() + length + 2 * step };
      if (this.#active === undefined) await this.#switchOver();
    } catch (error) {
      looked.again = clock.monotonic() + RELOAD_AFTER;
      this.#refuse(error, model?.manifest.version);
    }
  }

  async #load(model: VerifiedModel): Promise<Loaded> {
    const { clock, configuration, program, state, wasmFile } = this.#ports;
    const { digest, manifest } = model;
    const before = state.model(this.name);
    const attempts = (before.trying?.digest === digest ? before.trying.attempts : 0) + 1;
    if (attempts > MOST_ATTEMPTS) {
      const detail = `the component ended ${MOST_ATTEMPTS} times while it was loaded`;
      const mark = { reason: 'MISBEHAVED', detail, at: clock.now() } as const;
      await state.change(this.name, { trying: undefined, quarantined: { ...before.quarantined, [digest]: mark } });
      throw new ModelRefusal('MISBEHAVED', detail);
    }
    await state.change(this.name, { trying: { digest, attempts } });
    try {
      const options = { program, wasmFile, clock, loadTimeout: configuration().loadTimeout };
      const runner = await ModelRunner.start(manifest, model.bytes, options);
      if (this.#closed) await runner.close();
      return { model, runner, since: clock.now() };
    } finally {
      await state.change(this.name, { trying: undefined });
    }
  }

  async #activate(loaded: Loaded, history: Pick<ModelState, 'previous' | 'proven'>): Promise<void> {
    const { log, state } = this.#ports;
    const { digest, keyId, manifest } = loaded.model;
    const versions = { ...state.model(this.name).versions, [manifest.version]: digest };
    await state.change(this.name, { active: digest, versions, ...history });
    this.#ports.store.released(digest);
    this.#active = loaded;
    this.#fallenBack = false;
    log.info('a model runs', { model: this.name, version: manifest.version, keyId });
    this.#ports.changed();
  }

  /** What nobody offers any more goes on for a while, and then ends. */
  async #withdrawn(): Promise<void> {
    const { clock, configuration, log, state } = this.#ports;
    this.#looked = undefined;
    if (this.#active === undefined) return;
    this.#withdrawnAt ??= clock.now();
    if (clock.now() - this.#withdrawnAt < configuration().keepWithdrawn) return;
    const before = this.#active;
    log.info('a model ends that nothing offers', { model: this.name, version: before.model.manifest.version });
    await state.change(this.name, { active: undefined, proven: false });
    this.#active = undefined;
    await this.#drop();
    await before.runner.close();
    this.#ports.changed();
  }

  async #drop(): Promise<void> {
    const next = this.#next;
    this.#next = undefined;
    if (next === undefined) return;
    this.#ports.store.released(next.model.digest);
    await next.runner.close();
  }

  #refuse(error: unknown, version: string | undefined): void {
    const { clock, log } = this.#ports;
    const reason = error instanceof ModelRefusal ? error.reason : 'NOT_READABLE';
    const detail = error instanceof Error ? error.message : String(error);
    if (this.#refused?.reason === reason && this.#refused.detail === detail) return;
    this.#refused = { version, reason, detail, at: clock.now() };
    const runs = this.#active?.model.manifest.version;
    log.error('a model is refused', { model: this.name, version, reason, detail, runs });
    this.#ports.changed();
  }

  #expectations(): ModelExpectations {
    const { configuration, state } = this.#ports;
    return {
      keys: configuration().trustedKeys,
      name: this.name,
      minimumVersion: this.#source.minimumVersion,
      digestOf: (name, version) => state.model(name).versions[version],
    };
  }

  async #prune(): Promise<void> {
    await this.#ports.store.prune(this.#ports.state.digests);
  }

  /** One after another. */
  #do(task: () => Promise<void>): Promise<void> {
    const run = this.#work.then(async () => {
      if (!this.#closed) await task();
    });
    this.#work = run.catch((error) => {
      this.#ports.log.error('a model could not be looked after', { model: this.name, reason: String(error) });
    });
    return this.#work;
  }
}
