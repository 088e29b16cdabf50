import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { ALL_FIELD_TOPICS, type ModelManifest } from '@fleetwright/contracts';
import type { Component, ComponentHost } from '../../shared/src/component.ts';
import { readFieldMessage } from '../../shared/src/read-field-message.ts';
import { Uploader } from '../../shared/src/uploader.ts';
import type { Configuration, ModelSource } from './configuration.ts';
import { FieldHistory } from './field-history.ts';
import { InferenceReport, type ModelReport, reportOfModel } from './inference-report.ts';
import { InferenceState } from './inference-state.ts';
import { ModelKeeper } from './model-keeper.ts';
import { ModelSlot } from './model-slot.ts';
import { ModelStore } from './model-store.ts';
import { ResultPublisher } from './result-publisher.ts';

/** Where the runtime is. */
export interface InferencePrograms {
  /** The bundle, which is also the program of the threads. */
  readonly program: string;
  readonly wasmFile: string;
}

/** ms between two looks for windows that have ended */
const TICK = 1_000;
const FORGET_EVERY = 60_000;

interface Parts {
  readonly host: ComponentHost<Configuration>;
  readonly uploader: Uploader;
  readonly state: InferenceState;
  readonly store: ModelStore;
  readonly history: FieldHistory;
  readonly report: InferenceReport;
}

/** Runs models on windows of field values. */
export class OnnxInference implements Component<Configuration> {
  readonly name = 'com.fleetwright.OnnxInference';
  readonly #programs: InferencePrograms;
  readonly #slots = new Map<string, ModelSlot>();
  readonly #timers = new Map<string, { cancel(): void }>();
  readonly #ends: (() => void | Promise<void>)[] = [];
  #parts: Parts | undefined;
  #manifests: readonly ModelManifest[] = [];
  #changing: Promise<void> = Promise.resolve();
  #stopped = false;

  constructor(programs: InferencePrograms) {
    this.#programs = programs;
  }

  async start(host: ComponentHost<Configuration>): Promise<void> {
    const { clock, configuration, local, log, shadows, workDirectory } = host;
    const directory = join(workDirectory, 'models');
    await mkdir(directory, { recursive: true, mode: 0o700 });
    const state = await InferenceState.open(join(workDirectory, 'state.json'), log);
    const store = new ModelStore(directory);
    const uploader = await Uploader.open(host, { durable: true });
    const history = new FieldHistory();
    const report = new InferenceReport({ shadows, clock, log }, () => this.#report());
    const parts: Parts = { host, uploader, state, store, history, report };
    this.#parts = parts;
    this.#ends.push(() => report.close());
    this.#ends.push(configuration.onChange(() => void this.#change(() => this.#configure(parts))));
    await this.#change(() => this.#configure(parts));
    await store.prune(state.digests);
    const fields = await local.subscribe(ALL_FIELD_TOPICS, (given) => {
      const message = readFieldMessage(given);
      if (message === undefined) log.warn('a message is no field message and is left out');
      else history.add(message, clock.now());
    });
    this.#ends.push(() => fields.end());
    this.#every(
      'tick',
      () => TICK,
      () => this.#tick(),
    );
    this.#every(
      'scan',
      () => configuration.current.scanInterval,
      () => this.#scan(),
    );
    this.#every(
      'forget',
      () => FORGET_EVERY,
      async () => history.forget(clock.now()),
    );
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    for (const timer of this.#timers.values()) timer.cancel();
    for (const end of this.#ends.splice(0).reverse()) await end();
    await this.#changing;
    for (const slot of this.#slots.values()) await slot.close();
    this.#slots.clear();
    await this.#parts?.uploader.close();
    this.#parts = undefined;
  }

  async #configure(parts: Parts): Promise<void> {
    const { models } = parts.host.configuration.current;
    for (const [name, slot] of [...this.#slots]) {
      const source = models[name];
      if (source === undefined || source === null) {
        this.#slots.delete(name);
        await slot.close();
        await parts.state.forget(name);
      } else {
        slot.keeper.source = source;
      }
    }
    for (const [name, source] of Object.entries(models)) {
      if (source === null || this.#slots.has(name)) continue;
      const slot = this.#slotOf(name, source, parts);
      this.#slots.set(name, slot);
      await slot.keeper.restore();
    }
    await this.#scan();
  }

  #slotOf(name: string, source: ModelSource, { history, host, report, state, store, uploader }: Parts): ModelSlot {
    const { clock, local, log, workDirectory } = host;
    const configuration = (): Configuration => host.configuration.current;
    const keeper = new ModelKeeper(name, source, {
      ...this.#programs,
      store,
      state,
      clock,
      log,
      workDirectory,
      configuration,
      outputsOfOthers: () => this.#outputsBesides(name),
      changed: () => report.touch(),
    });
    const publisher = new ResultPublisher(name, {
      local,
      uploader,
      state,
      log,
      telemetryInterval: () => configuration().telemetryInterval,
    });
    return new ModelSlot({ keeper, publisher, history, clock, log, configuration });
  }

  async #scan(): Promise<void> {
    await Promise.all([...this.#slots.values()].map(({ keeper }) => keeper.scan()));
    this.#remember();
    this.#parts?.report.touch();
  }

  async #tick(): Promise<void> {
    for (const slot of this.#slots.values()) slot.tick();
    this.#remember();
  }

  /** Has the history keep what the models need that run, and those that are about to. */
  #remember(): void {
    const manifests = [...this.#slots.values()].flatMap(({ keeper }) => keeper.manifests);
    const same =
      manifests.length === this.#manifests.length && manifests.every((one, at) => one === this.#manifests[at]);
    if (same) return;
    this.#manifests = manifests;
    this.#parts?.history.use(manifests);
  }

  #outputsBesides(name: string): ReadonlySet<string> {
    const others = [...this.#slots].filter(([other]) => other !== name);
    const outputs = others.flatMap(([, { keeper }]) => keeper.manifests.flatMap((manifest) => manifest.outputs));
    return new Set(outputs.map((output) => output.name));
  }

  #report(): Record<string, ModelReport> {
    const entries = [...this.#slots].map(([name, { keeper, line, subjects }]) => [
      name,
      reportOfModel(keeper, line.counts, subjects.length),
    ]);
    return Object.fromEntries(entries);
  }

  /** One change of the configuration after another. */
  #change(task: () => Promise<void>): Promise<void> {
    const run = this.#changing.then(async () => {
      if (!this.#stopped) await task();
    });
    this.#changing = run.catch((error) => {
      this.#parts?.host.log.error('a configuration could not be followed', { reason: String(error) });
    });
    return this.#changing;
  }

  /** Again and again, each time after the task is done: a slow one does not pile up. */
  #every(name: string, interval: () => number, task: () => Promise<void>): void {
    const { clock, log } = (this.#parts as Parts).host;
    const wait = (): void => {
      if (this.#stopped) return;
      const timer = clock.after(interval(), () => {
        task()
          .catch((error) =>
            log.error('what is to be done again and again failed', { task: name, reason: String(error) }),
          )
          .finally(wait);
      });
      this.#timers.set(name, timer);
    };
    wait();
  }
}
