import { Worker } from 'node:worker_threads';
import { type ModelManifest, widthOf } from '@fleetwright/contracts';
import type { ComponentClock } from '../../shared/src/component.ts';
import { ModelRefusal } from './model-refusal.ts';
import { scaled } from './window-features.ts';
import type { WorkerAnswer, WorkerData, WorkerRequest } from './worker-protocol.ts';

/** Where models run. */
export interface RunnerOptions {
  /** The bundle, which serves a model when it is started as a worker thread. */
  readonly program: string;
  readonly wasmFile: string;
  readonly clock: ComponentClock;
  /** ms for loading, and for each of the test runs */
  readonly loadTimeout: number;
}

/**
 * - `THREW`: the runtime gave an error. `TIMEOUT`: it took too long. `NOT_FINITE`: NaN or infinite. `DIED`: its thread ended.
 */
export class RunFailure extends Error {
  readonly reason: 'THREW' | 'TIMEOUT' | 'NOT_FINITE' | 'DIED';

  constructor(reason: RunFailure['reason'], detail: string) {
    super(detail);
    this.name = 'RunFailure';
    this.reason = reason;
  }
}

type Task = WorkerRequest extends infer R ? (R extends WorkerRequest ? Omit<R, 'id'> : never) : never;

/**
 * A model in a thread of its own.
 *
 * INVARIANTS
 * - What `start` resolves with has loaded, has the shapes of its manifest and has passed its test vectors.
 * - After a timeout the thread is gone: a slow model costs its own thread and nobody's time.
 */
export class ModelRunner {
  readonly manifest: ModelManifest;
  readonly #worker: Worker;
  readonly #clock: ComponentClock;
  readonly #waiting = new Map<number, { resolve(answer: WorkerAnswer): void; reject(error: Error): void }>();
  #next = 1;
  #end: RunFailure | undefined;

  private constructor(manifest: ModelManifest, { clock, program, wasmFile }: RunnerOptions) {
    this.manifest = manifest;
    this.#clock = clock;
    const workerData: WorkerData = { role: 'model', wasmFile };
    this.#worker = new Worker(program, {
      workerData,
      env: {},
      // The runtime writes as it likes; the component's log is JSON.
      stdout: true,
      stderr: true,
      resourceLimits: { maxOldGenerationSizeMb: 128 },
    });
    this.#worker.stdout.resume();
    this.#worker.stderr.resume();
    this.#worker.on('message', (answer: WorkerAnswer) => {
      this.#waiting.get(answer.id)?.resolve(answer);
      this.#waiting.delete(answer.id);
    });
    this.#worker.on('error', (error) => this.#died(`its thread ended: ${error.message}`));
    this.#worker.on('exit', (code) => this.#died(`its thread ended with ${code}`));
    // A component that stops does not wait for a model.
    this.#worker.unref();
  }

  get alive(): boolean {
    return this.#end === undefined;
  }

  /** @throws ModelRefusal `NOT_LOADABLE`, `SHAPE_MISMATCH`, `TEST_FAILED` */
  static async start(manifest: ModelManifest, bytes: Uint8Array, options: RunnerOptions): Promise<ModelRunner> {
    const runner = new ModelRunner(manifest, options);
    try {
      await runner.#load(bytes, options.loadTimeout);
      await runner.#test(options.loadTimeout);
      return runner;
    } catch (error) {
      await runner.close();
      if (error instanceof RunFailure) throw new ModelRefusal('NOT_LOADABLE', error.message, { cause: error });
      throw error;
    }
  }

  /**
   * @param rows features before scaling @param timeout ms
   * @returns outputs of each row, in the order of the manifest, all finite @throws RunFailure
   */
  async run(rows: readonly (readonly number[])[], timeout: number): Promise<number[][]> {
    const { features, outputs } = this.manifest;
    const values = Float32Array.from(rows.flatMap((row) => scaled(features, row)));
    const answer = await this.#ask({ kind: 'run', values, rows: rows.length }, timeout);
    if (!answer.ok) throw new RunFailure('THREW', answer.detail);
    const given = answer.values ?? new Float32Array();
    const results = rows.map((_, row) => Array.from(given.subarray(row * outputs.length, (row + 1) * outputs.length)));
    const strange = results.flat().find((value) => !Number.isFinite(value));
    if (strange !== undefined) throw new RunFailure('NOT_FINITE', `it gave ${strange}`);
    return results;
  }

  async close(): Promise<void> {
    this.#died('closed');
    await this.#worker.terminate();
  }

  async #load(bytes: Uint8Array, timeout: number): Promise<void> {
    const { features, outputs, tensors } = this.manifest;
    const width = features.reduce((sum, feature) => sum + widthOf(feature), 0);
    const answer = await this.#ask({ kind: 'load', bytes, tensors, width, outputs: outputs.length }, timeout);
    if (answer.ok) return;
    throw new ModelRefusal(answer.reason === 'THREW' ? 'NOT_LOADABLE' : answer.reason, answer.detail);
  }

  async #test(timeout: number): Promise<void> {
    const { tolerance, vectors } = this.manifest.test;
    let results: number[][];
    try {
      results = await this.run(
        vectors.map(({ features }) => features),
        timeout,
      );
    } catch (error) {
      if (error instanceof RunFailure) throw new ModelRefusal('TEST_FAILED', error.message, { cause: error });
      throw error;
    }
    vectors.forEach(({ outputs }, at) => {
      outputs.forEach((expected, output) => {
        const given = results[at]?.[output] as number;
        if (Math.abs(given - expected) <= tolerance) return;
        throw new ModelRefusal('TEST_FAILED', `test vector ${at} must give ${expected}, gave ${given}`);
      });
    });
  }

  #ask(task: Task, timeout: number): Promise<WorkerAnswer> {
    if (this.#end !== undefined) return Promise.reject(this.#end);
    const id = this.#next++;
    return new Promise<WorkerAnswer>((resolve, reject) => {
      const timer = this.#clock.after(timeout, () => {
        this.#died(`no answer within ${timeout} ms`, 'TIMEOUT');
        void this.#worker.terminate();
      });
      this.#waiting.set(id, {
        resolve: (answer) => {
          timer.cancel();
          resolve(answer);
        },
        reject: (error) => {
          timer.cancel();
          reject(error);
        },
      });
      this.#worker.postMessage({ ...task, id });
    });
  }

  #died(detail: string, reason: RunFailure['reason'] = 'DIED'): void {
    this.#end ??= new RunFailure(reason, detail);
    for (const { reject } of this.#waiting.values()) reject(this.#end);
    this.#waiting.clear();
  }
}
