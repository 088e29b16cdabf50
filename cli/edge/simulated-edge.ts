import { join } from 'node:path';
import { BuildError, buildComponents } from '../../greengrass-components/build/index.ts';
import { Failure } from '../failure.ts';
import type { HotStore } from '../hot-store/hot-store.ts';
import type { LaunchedPlatform } from '../launch-platform.ts';
import type { Progress } from '../output/progress.ts';
import { PROJECT_ROOT } from '../project-root.ts';
import { CoreProcess } from './core-process.ts';
import { type PlantProcess, startPlant } from './plant-process.ts';
import { plantSettings } from './plant-settings.ts';

/** What the edge has brought about, in the summary of a run. */
export interface EdgeSummary {
  readonly core: string;
  /** Components that run, or have done what they had to. */
  readonly components: number;
  /** Samples that the core has brought into the hot store in this run: summaries of its aggregator, and what it decided and found. */
  readonly samplesStored: number;
}

export interface SimulatedEdgeOptions {
  readonly core: string;
  /** 0 for one that is free. */
  readonly modbusPort: number;
  readonly coapPort: number;
  readonly seed: number;
}

/** ms that a core may take from its first connection until all its components run */
const START_PATIENCE = 180_000;

/** A simulated plant and a Greengrass core that watches over it, both beside the local cloud. */
export class SimulatedEdge {
  /** Over the stage's own settings of the edge. */
  readonly settings: object;
  readonly #plant: PlantProcess;
  readonly #options: SimulatedEdgeOptions;
  /** ms since the epoch */
  readonly #since = Date.now();
  /** Samples of earlier runs, and of what this one began with. */
  #before = 0;
  #core: CoreProcess | undefined;

  private constructor(plant: PlantProcess, options: SimulatedEdgeOptions) {
    this.#plant = plant;
    this.#options = options;
    this.settings = plantSettings(plant.ports);
  }

  /** Builds the components and starts the plant; nothing else is needed for the template. @throws Failure */
  static async prepare(options: SimulatedEdgeOptions, progress: Progress): Promise<SimulatedEdge> {
    const { coapPort, modbusPort, seed } = options;
    progress.step('building the edge components, starting the simulated plant');
    const plant = await startPlant({ modbus: modbusPort, coap: coapPort }, seed);
    try {
      const built = await buildComponents({
        repository: PROJECT_ROOT,
        root: join(PROJECT_ROOT, 'greengrass-components'),
        updateDigests: false,
      });
      const { coap, modbus } = plant.ports;
      progress.done(`${built.length} components built; plant on Modbus TCP ${modbus} and CoAP ${coap}`);
      return new SimulatedEdge(plant, options);
    } catch (error) {
      await plant.stop();
      if (error instanceof BuildError) throw new Failure(error.message, 1, { cause: error });
      throw error;
    }
  }

  /** Resolves when the core runs what the cloud has deployed to it. @throws Failure */
  async start(
    { description }: LaunchedPlatform,
    store: HotStore,
    progress: Progress,
    signal: AbortSignal,
  ): Promise<void> {
    const { core } = this.#options;
    progress.step(`core ${core} onboards and takes its deployment`);
    this.#core = new CoreProcess({ core, dataDir: description.dataDirectory });
    const components = await this.#core.running(START_PATIENCE, signal);
    if (signal.aborted) return;
    const { thingName } = this.#core;
    progress.done(`core ${thingName} runs ${components.length} components`);
    this.#before = await store.countSamples(this.#since, { thingName });
  }

  async summary(store: HotStore): Promise<EdgeSummary> {
    const core = this.#core;
    if (core === undefined) throw new Error('the core was not started');
    const { thingName } = core;
    const components = await core.components();
    return {
      core: thingName,
      components: components.filter(({ state }) => state === 'RUNNING' || state === 'FINISHED').length,
      samplesStored: (await store.countSamples(this.#since, { thingName })) - this.#before,
    };
  }

  async stop(): Promise<void> {
    await this.#core?.stop();
    await this.#plant.stop();
  }
}
