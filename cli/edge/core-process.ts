import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { type ListedComponent, runningNucleus } from '../../edge-nucleus/src/index.ts';
import { Failure } from '../failure.ts';
import { PROJECT_ROOT } from '../project-root.ts';
import { askCore, nucleusRoot } from './ask.ts';

export interface CoreProcessOptions {
  readonly dataDir: string;
  /** Serial number. */
  readonly core: string;
}

const LOOK_INTERVAL = 250;
const KEPT_LINES = 20;
/** ms for components to end in their order */
const STOP_PATIENCE = 20_000;

/** `fleetwright edge run` in a process of its own: a core that runs what the cloud deploys to its group. */
export class CoreProcess {
  readonly #child: ChildProcess;
  readonly #options: CoreProcessOptions;
  readonly #ended: Promise<void>;
  #lastWords: string[] = [];

  constructor(options: CoreProcessOptions) {
    const { core, dataDir } = options;
    this.#options = options;
    this.#child = spawn(
      process.execPath,
      [join(PROJECT_ROOT, 'bin/fleetwright.mjs'), 'edge', 'run', '--core', core, '--data-dir', dataDir],
      // A process group of its own: a Ctrl-C on the terminal is for the one that started it, which ends this in turn.
      { stdio: ['ignore', 'ignore', 'pipe'], detached: true },
    );
    this.#ended = new Promise((resolve) => this.#child.once('exit', () => resolve()));
    this.#child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#lastWords = [...this.#lastWords, ...text.split('\n').filter(Boolean)].slice(-KEPT_LINES);
    });
  }

  /** @throws Failure with its last words when it has ended */
  get thingName(): string {
    const runtime = runningNucleus(nucleusRoot(this.#options.dataDir, this.#options.core));
    if (runtime === undefined) throw this.#failure('does not run');
    return runtime.thingName;
  }

  /** None while it does not answer. */
  async components(): Promise<readonly ListedComponent[]> {
    if (this.#child.exitCode !== null) throw this.#failure(`ended (exit code ${this.#child.exitCode})`);
    try {
      return (await askCore(this.#options, { command: 'list' })) as ListedComponent[];
    } catch (error) {
      if (error instanceof Failure) return [];
      throw error;
    }
  }

  /** Resolves when every component runs, or has done what it had to. @throws Failure after `patience` ms naming those that do not */
  async running(patience: number, signal: AbortSignal): Promise<readonly ListedComponent[]> {
    const deadline = performance.now() + patience;
    for (;;) {
      const components = await this.components();
      const isUp = ({ state }: ListedComponent) => state === 'RUNNING' || state === 'FINISHED';
      if (signal.aborted || (components.length > 0 && components.every(isUp))) return components;
      if (performance.now() > deadline) {
        const late = components.filter((component) => !isUp(component));
        const names = late.map(({ componentName, state }) => `${componentName} is ${state}`).join(', ');
        throw this.#failure(`is not up after ${patience / 1000} s: ${names || 'nothing is deployed'}`);
      }
      await delay(LOOK_INTERVAL, undefined, { signal }).catch(() => {});
    }
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) this.#child.kill('SIGINT');
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), STOP_PATIENCE);
    await this.#ended;
    clearTimeout(timer);
  }

  #failure(what: string): Failure {
    return new Failure(`the core ${this.#options.core} ${what}\n${this.#lastWords.join('\n')}`.trim());
  }
}
