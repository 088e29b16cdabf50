import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type InferenceMessage, inferenceMessageSchema, type ModelManifest, type Sample } from '@fleetwright/contracts';
import type * as z from 'zod';
import { ManualClock } from '../../../shared/src/testing/manual-clock.ts';
import { TestHost } from '../../../shared/src/testing/test-host.ts';
import { TestLocalBus } from '../../../shared/src/testing/test-local-bus.ts';
import { TestShadows } from '../../../shared/src/testing/test-shadows.ts';
import { configurationSchema } from '../configuration.ts';
import { OFFER_FILE } from '../find-model.ts';
import { type InferencePrograms, OnnxInference } from '../onnx-inference.ts';
import { placeModel, testKey, testManifest, vibration } from './test-models.ts';

type Input = z.input<typeof configurationSchema>;

const COMPONENT = 'com.example.Model';
/** ms of the wall clock for a second of the plant */
const PAUSE = 20;
const MOST_ROUNDS = 2_000;
export const START = Date.UTC(2026, 0, 1);

/** A core with the inference component and a model component, whose clock stands until told to go. For tests. */
export class InferenceCore {
  readonly root = mkdtempSync(join(tmpdir(), 'fleetwright-core-'));
  readonly clock = new ManualClock(START);
  readonly bus = new TestLocalBus();
  readonly shadows = new TestShadows();
  readonly key = testKey();
  readonly #programs: InferencePrograms;
  readonly #configuration: Input;
  #value: ((time: number) => number) | undefined;
  #running: { component: OnnxInference; host: TestHost<typeof configurationSchema> } | undefined;

  constructor(programs: InferencePrograms, configuration: Input = {}) {
    this.#programs = programs;
    this.#configuration = {
      models: { shaking: { component: COMPONENT } },
      trustedKeys: this.key.trusted,
      scanInterval: 1_000,
      lateness: 1_000,
      // Of a clock that does not wait for models.
      runTimeout: 600_000,
      loadTimeout: 600_000,
      ...configuration,
    };
    mkdirSync(join(this.root, 'work', COMPONENT), { recursive: true });
  }

  get host(): TestHost<typeof configurationSchema> {
    if (this.#running === undefined) throw new Error('not started');
    return this.#running.host;
  }

  get configuration(): Input {
    return this.#configuration;
  }

  async start(): Promise<void> {
    const workDirectory = join(this.root, 'work', 'com.fleetwright.OnnxInference');
    mkdirSync(workDirectory, { recursive: true });
    const host = new TestHost(configurationSchema, this.#configuration, {
      workDirectory,
      clock: this.clock,
      bus: this.bus,
      shadows: this.shadows,
    });
    const component = new OnnxInference(this.#programs);
    this.#running = { component, host };
    await component.start(host);
  }

  async stop(): Promise<void> {
    await this.#running?.component.stop();
    this.#running = undefined;
  }

  async remove(): Promise<void> {
    await this.stop();
    rmSync(this.root, { recursive: true, force: true });
  }

  /** As a new version of the model component starts. */
  offer(bytes: Buffer, changes: Partial<ModelManifest> = {}, key = this.key): void {
    const manifest = testManifest(bytes, changes);
    const directory = join(this.root, 'artifacts', manifest.version);
    mkdirSync(join(this.root, 'artifacts'), { recursive: true });
    placeModel(directory, bytes, manifest, key.privateKey);
    writeFileSync(join(this.root, 'work', COMPONENT, OFFER_FILE), `${directory}\n`);
  }

  /** As the model component stops. */
  withdraw(): void {
    rmSync(join(this.root, 'work', COMPONENT, OFFER_FILE));
  }

  /** Seconds of the plant: a value each, and time for the component to do what it does. */
  async play(seconds: number, value: (time: number) => number = () => 1): Promise<void> {
    this.#value = value;
    for (let second = 0; second < seconds; second++) await this.#second();
  }

  /** From now on there are no values. */
  silence(): void {
    this.#value = undefined;
  }

  async #second(): Promise<void> {
    const time = this.clock.now();
    const value = this.#value?.(time);
    if (value !== undefined) await this.bus.publish('fleetwright/edge/field/pump-1', vibration(time, value));
    await this.clock.advance(1_000);
    // Work on files and in threads waits for no clock of ours, and the history holds five minutes of it.
    await new Promise((resolve) => setTimeout(resolve, PAUSE));
  }

  /** What was found, in order. */
  get results(): InferenceMessage[] {
    return this.bus.messages('fleetwright/edge/inference').map((message) => inferenceMessageSchema.parse(message));
  }

  /** Samples that were given to the spool, each upload once. */
  uploads(channel: 'telemetry' | 'event'): Sample[] {
    const uploads = this.bus.messages('fleetwright/edge/upload') as {
      uploadId: string;
      channel: string;
      samples: Sample[];
    }[];
    const once = new Map(uploads.map((upload) => [upload.uploadId, upload]));
    return [...once.values()].filter((upload) => upload.channel === channel).flatMap(({ samples }) => samples);
  }

  /** What the shadow says of the model. */
  get reported(): Record<string, unknown> {
    return this.reportOf('shaking');
  }

  reportOf(model: string): Record<string, unknown> {
    const reported = this.shadows.reported('inference') as
      | { models?: Record<string, Record<string, unknown>> }
      | undefined;
    return reported?.models?.[model] ?? {};
  }

  /** Puts what an earlier run would have left. @param models of the state, or the text of the file */
  remember(models: object | string): void {
    const workDirectory = join(this.root, 'work', 'com.fleetwright.OnnxInference');
    mkdirSync(workDirectory, { recursive: true });
    const text = typeof models === 'string' ? models : JSON.stringify({ format: 1, models });
    writeFileSync(join(workDirectory, 'state.json'), text);
  }

  /** Goes on, with the values of before, until something is so. */
  async until(condition: () => boolean, what: string): Promise<void> {
    for (let round = 0; round < MOST_ROUNDS && !condition(); round++) await this.#second();
    if (!condition()) throw new Error(`it did not come: ${what}`);
  }
}
