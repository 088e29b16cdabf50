import type { ModelManifest } from '@fleetwright/contracts';
import type { ComponentLog } from '../../shared/src/component.ts';
import { explain, whatIfRows } from './explain-result.ts';
import type { FieldHistory } from './field-history.ts';
import type { ModelKeeper } from './model-keeper.ts';
import { type ModelRunner, RunFailure } from './model-runner.ts';
import { readWindow } from './window-features.ts';

export interface DueWindow {
  readonly subject: string;
  /** ms since the epoch, not included */
  readonly end: number;
}

export interface WindowResult extends DueWindow {
  readonly manifest: ModelManifest;
  /** Undefined: the window, or the model, said nothing. */
  readonly values: readonly number[] | undefined;
  readonly explanation: string;
}

export interface LinePorts {
  readonly keeper: ModelKeeper;
  readonly history: FieldHistory;
  readonly log: ComponentLog;
  settings(): { readonly runTimeout: number; readonly failuresBeforeFallback: number };
  /** Whether a result is worth to be explained by its features. */
  isNotable(manifest: ModelManifest, subject: string, values: readonly number[]): boolean;
  onResult(result: WindowResult): void;
}

export interface LineCounts {
  /** Windows that were answered. */
  readonly answered: number;
  readonly missing: number;
  readonly failures: number;
  /** Windows that were given up because too many waited. */
  readonly skipped: number;
}

/** Windows that wait at most, and that go into one run. */
const MOST_WAITING = 2_000;
const MOST_AT_ONCE = 64;

/**
 * The windows of one model, one run after another.
 *
 * INVARIANTS
 * - Each window is answered once, in order for each subject: by the model that runs when its turn comes. A change of models, a dead
 *   thread and a fallback keep windows waiting; none is lost.
 * - Never more than one run at a time, and none while models change.
 */
export class WindowLine {
  readonly #ports: LinePorts;
  #waiting: DueWindow[] = [];
  /** Ran, and nothing came of it: the next model may answer them. */
  #held: DueWindow[] = [];
  #failures = 0;
  #running: Promise<void> | undefined;
  #stopped = false;
  #counts = { answered: 0, missing: 0, failures: 0, skipped: 0 };

  constructor(ports: LinePorts) {
    this.#ports = ports;
  }

  get counts(): LineCounts {
    return this.#counts;
  }

  add(windows: readonly DueWindow[]): void {
    this.#waiting.push(...windows);
    const over = this.#waiting.length - MOST_WAITING;
    if (over <= 0) return;
    this.#waiting.splice(0, over);
    this.#counts.skipped += over;
    this.#ports.log.warn('windows are skipped: the model is too slow', {
      model: this.#ports.keeper.name,
      skipped: over,
    });
  }

  /** Goes on with what waits. Resolves when nothing can be done any more. */
  run(): Promise<void> {
    this.#running ??= this.#work()
      .catch((error) => {
        this.#ports.log.error('windows could not be run', { model: this.#ports.keeper.name, reason: String(error) });
      })
      .finally(() => {
        this.#running = undefined;
      });
    return this.#running;
  }

  /** Begins nothing any more. */
  stop(): void {
    this.#stopped = true;
  }

  async #work(): Promise<void> {
    const { keeper } = this.#ports;
    if (this.#stopped) return;
    await keeper.switchOver((manifest) => this.#isWarm(manifest));
    while (this.#waiting.length > 0 && !this.#stopped) {
      const active = keeper.active;
      if (active === undefined) {
        this.#waiting = [];
        return;
      }
      if (!active.runner.alive) {
        const problem = await keeper.revive();
        if (problem !== undefined) await this.#failed(problem, [], active.model.manifest);
        if (keeper.active?.runner.alive !== true) return;
        continue;
      }
      await this.#runSome(active.runner);
    }
  }

  async #runSome(runner: ModelRunner): Promise<void> {
    const { history, keeper } = this.#ports;
    const { manifest } = runner;
    const batch = this.#waiting.splice(0, MOST_AT_ONCE).map((window) => {
      const samples = history.window(manifest, window.subject, window.end);
      return { window, reading: readWindow(manifest, samples, window.end - manifest.window.length) };
    });
    const rows = batch.flatMap(({ reading }) => (reading.kind === 'features' ? [reading.values] : []));
    let results: readonly (readonly number[])[] = [];
    if (rows.length > 0) {
      try {
        results = await runner.run(rows, this.#ports.settings().runTimeout);
      } catch (error) {
        const failure = error instanceof RunFailure ? error : new RunFailure('THREW', String(error));
        return this.#failed(
          failure,
          batch.map(({ window }) => window),
          manifest,
        );
      }
      this.#failures = 0;
      await keeper.proven();
    }
    this.#giveUpHeld(manifest, 'the model gave no result');
    let answered = 0;
    for (const { reading, window } of batch) {
      if (reading.kind === 'missing') this.#nothing(window, manifest, reading.detail);
      else await this.#tell(window, runner, reading.values, results[answered++] as readonly number[]);
    }
  }

  async #tell(
    window: DueWindow,
    runner: ModelRunner,
    row: readonly number[],
    values: readonly number[],
  ): Promise<void> {
    const { manifest } = runner;
    const { isNotable, onResult, settings } = this.#ports;
    let whatIf: number[][] | undefined;
    if (isNotable(manifest, window.subject, values) && runner.alive) {
      // An explanation is a courtesy: without it the result stands.
      whatIf = await runner.run(whatIfRows(manifest, row), settings().runTimeout).catch(() => undefined);
    }
    this.#counts.answered++;
    onResult({ ...window, manifest, values, explanation: explain(manifest, row, values, whatIf) });
  }

  async #failed(failure: RunFailure, windows: readonly DueWindow[], manifest: ModelManifest): Promise<void> {
    const { keeper, log, settings } = this.#ports;
    if (this.#stopped) return;
    this.#failures++;
    this.#counts.failures++;
    this.#held.push(...windows);
    log.warn('a run of a model failed', {
      model: keeper.name,
      version: manifest.version,
      reason: failure.reason,
      detail: failure.message,
      inARow: this.#failures,
    });
    if (this.#failures < settings().failuresBeforeFallback) return;
    this.#failures = 0;
    if (await keeper.fallBack(failure)) {
      this.#waiting.unshift(...this.#held);
      this.#held = [];
    } else {
      this.#giveUpHeld(manifest, `the model fails: ${failure.reason}`);
    }
  }

  #giveUpHeld(manifest: ModelManifest, why: string): void {
    for (const window of this.#held.splice(0)) this.#nothing(window, manifest, why);
  }

  #nothing(window: DueWindow, manifest: ModelManifest, explanation: string): void {
    this.#counts.missing++;
    this.#ports.onResult({ ...window, manifest, values: undefined, explanation: explanation.slice(0, 512) });
  }

  /** Whether a model that waits has all samples, for each subject that has them for the one that runs. */
  #isWarm(next: ModelManifest): boolean {
    const { history, keeper } = this.#ports;
    const active = keeper.active?.model.manifest;
    if (active === undefined) return true;
    const newest = this.#waiting.at(-1)?.end;
    if (newest === undefined) return false;
    const has = (manifest: ModelManifest, subject: string): boolean =>
      readWindow(manifest, history.window(manifest, subject, newest), newest - manifest.window.length).kind ===
      'features';
    return history.subjects(active.inputs).every((subject) => !has(active, subject) || has(next, subject));
  }
}
