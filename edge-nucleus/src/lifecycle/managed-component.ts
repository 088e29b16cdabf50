import { accessSync, constants, existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import type { NucleusClock } from '../clock.ts';
import type { NucleusLog } from '../log.ts';
import type { Lifecycle, LifecycleStep } from '../recipe/recipe.ts';
import { ComponentProcess, describeEnd, type ScriptEnd } from './component-process.ts';
import { type ComponentState, ErrorCount } from './component-state.ts';

export interface ComponentPlan {
  readonly name: string;
  readonly version: string;
  /** Read at each step: recipe variables may have changed. @throws NucleusError `CONFIGURATION_INVALID` */
  lifecycle(): Lifecycle;
  /** Environment of all scripts: the socket, the token, the search path. */
  readonly environment: Readonly<Record<string, string>>;
  /** The component's work directory, which scripts start in. */
  readonly directory: string;
}

export interface ComponentPorts {
  readonly clock: NucleusClock;
  readonly log: NucleusLog;
  /** What the component wrote. */
  onLine(stream: 'stdout' | 'stderr', line: string): void;
  onState(state: ComponentState, before: ComponentState): void;
  /** A process group of a script has begun, or nothing of it is left. */
  onGroup?(pid: number, alive: boolean): void;
  /** Resolves when everything that the component waits for is there; rejects when the signal aborts. */
  dependenciesReady(signal: AbortSignal): Promise<void>;
}

/** ms of the first wait before a restart; it doubles with each error in a row. */
const BACKOFF = 1_000;

/**
 * One component under the nucleus: its scripts, its state, its restarts.
 *
 * INVARIANTS
 * - At most one of its scripts runs, but that `Shutdown` runs beside what it is to stop.
 * - A component that is broken stays so until it is started anew with {@link reinstall}.
 * - After {@link stop} resolves, nothing of it runs.
 */
export class ManagedComponent {
  readonly plan: ComponentPlan;
  readonly #ports: ComponentPorts;
  readonly #errors = new ErrorCount();
  #state: ComponentState = 'NEW';
  #process: ComponentProcess | undefined;
  #wanted: 'running' | 'stopped' = 'stopped';
  #abort = new AbortController();
  #loop: Promise<void> = Promise.resolve();
  /** What the component says of itself while it starts or runs (`UpdateState`). */
  #onReport: ((state: 'RUNNING' | 'ERRORED') => void) | undefined;

  constructor(plan: ComponentPlan, ports: ComponentPorts) {
    this.plan = plan;
    this.#ports = ports;
  }

  get state(): ComponentState {
    return this.#state;
  }

  get pid(): number | undefined {
    return this.#process?.pid;
  }

  /** Has it installed and run, unless it is or is broken. */
  start(): void {
    if (this.#wanted === 'running') return;
    this.#wanted = 'running';
    this.#abort = new AbortController();
    const { signal } = this.#abort;
    this.#loop = this.#loop.then(() => this.#live(signal));
  }

  /** Resolves when nothing of it runs. */
  async stop(): Promise<void> {
    this.#wanted = 'stopped';
    this.#abort.abort();
    await this.#loop;
    if (this.#state !== 'BROKEN' && this.#state !== 'NEW') this.#to('FINISHED');
  }

  /** From the beginning, as a deployment does: what it has done wrong is forgotten. */
  async reinstall(): Promise<void> {
    await this.stop();
    this.#errors.clear();
    this.#to('NEW');
    this.start();
  }

  /** Stops it and starts it again, without installing. */
  async restart(): Promise<void> {
    await this.stop();
    if (this.#state === 'FINISHED') this.#to('INSTALLED');
    this.start();
  }

  /** @returns whether it may say so now */
  report(state: 'RUNNING' | 'ERRORED'): boolean {
    if (this.#onReport === undefined) return false;
    this.#onReport(state);
    return true;
  }

  async #live(signal: AbortSignal): Promise<void> {
    while (!signal.aborted && this.#state !== 'BROKEN') {
      const before = this.#state;
      try {
        if (before === 'NEW') await this.#install(signal);
        else if (before === 'INSTALLED' || before === 'FINISHED') await this.#run(signal);
        else return;
      } catch (error) {
        if (signal.aborted) return;
        await this.#recover(error, signal);
        continue;
      }
      if (this.#state === 'FINISHED') return;
    }
  }

  async #install(signal: AbortSignal): Promise<void> {
    const { Install, Setenv } = this.plan.lifecycle();
    if (Install !== undefined) await this.#complete('Install', Install, Setenv, signal);
    if (signal.aborted) return;
    this.#errors.left('NEW');
    this.#to('INSTALLED');
  }

  async #run(signal: AbortSignal): Promise<void> {
    this.#to('INSTALLED');
    await this.#ports.dependenciesReady(signal);
    if (signal.aborted) return;
    this.#to('STARTING');
    const { Run, Setenv, Shutdown, Startup } = this.plan.lifecycle();
    const failed = new Promise<never>((_resolve, reject) => {
      this.#onReport = (state) => {
        if (state === 'ERRORED') reject(new Error('the component says that it has failed'));
        else if (this.#state === 'STARTING') this.#running();
      };
    });
    failed.catch(() => {});
    try {
      if (Startup !== undefined) await this.#startUp(Startup, Setenv, failed, signal);
      if (Run !== undefined) await this.#runScript(Run, Setenv, failed, signal);
      if (Startup === undefined && Run === undefined) this.#finish();
    } finally {
      this.#onReport = undefined;
      await this.#shutDown(Shutdown, Setenv);
    }
  }

  /** Its end is its success; what it has started goes on until `Shutdown`. */
  async #startUp(
    step: LifecycleStep,
    shared: Readonly<Record<string, string>>,
    failed: Promise<never>,
    signal: AbortSignal,
  ): Promise<void> {
    await Promise.race([this.#complete('Startup', step, shared, signal), failed]);
    if (signal.aborted) return;
    this.#running();
    await Promise.race([aborted(signal), failed]);
  }

  async #runScript(
    step: LifecycleStep,
    shared: Readonly<Record<string, string>>,
    failed: Promise<never>,
    signal: AbortSignal,
  ): Promise<void> {
    if (this.#isSkipped(step)) {
      this.#finish();
      return;
    }
    const started = this.#spawn('Run', step, shared);
    this.#running();
    const end = await Promise.race([started.ended, aborted(signal), failed]);
    if (end === undefined || signal.aborted) return;
    if (end.kind !== 'exited' || end.code !== 0) throw new Error(`Run ended: ${describeEnd(end)}`);
    this.#finish();
  }

  #running(): void {
    this.#errors.left('STARTING');
    this.#to('RUNNING');
  }

  #finish(): void {
    this.#errors.left('RUNNING');
    this.#to('FINISHED');
  }

  async #shutDown(step: LifecycleStep | undefined, shared: Readonly<Record<string, string>>): Promise<void> {
    const running = this.#process;
    const finished = this.#state === 'FINISHED';
    if (!finished) this.#to('STOPPING');
    if (step !== undefined && !finished && !this.#isSkipped(step)) {
      const end = await this.#spawn('Shutdown', step, shared).ended;
      if (end.kind !== 'exited' || end.code !== 0) {
        this.#ports.log('warn', 'Shutdown failed', { component: this.plan.name, reason: describeEnd(end) });
      }
    }
    await running?.stop();
    this.#process = undefined;
  }

  async #recover(error: unknown, signal: AbortSignal): Promise<void> {
    const reason = error instanceof Error ? error.message : String(error);
    const failedIn = this.#failedIn;
    this.#ports.log('error', 'a component has failed', { component: this.plan.name, state: failedIn, reason });
    const broken = this.#errors.errored(failedIn, this.#ports.clock.now());
    this.#to('ERRORED');
    const { Recover, Setenv } = this.plan.lifecycle();
    if (Recover !== undefined && !this.#isSkipped(Recover)) {
      const end = await this.#spawn('Recover', Recover, Setenv).ended;
      if (end.kind !== 'exited' || end.code !== 0) {
        this.#ports.log('warn', 'Recover failed', { component: this.plan.name, reason: describeEnd(end) });
      }
    }
    if (broken) {
      this.#to('BROKEN');
      return;
    }
    await this.#pause(BACKOFF * 2 ** (this.#errors.of(failedIn) - 1), signal);
    this.#to(failedIn === 'NEW' ? 'NEW' : 'INSTALLED');
  }

  /** The last state in which errors count: stopping follows each failure. */
  #failedIn: 'NEW' | 'STARTING' | 'RUNNING' = 'NEW';

  #to(state: ComponentState): void {
    const before = this.#state;
    if (state === 'NEW' || state === 'STARTING' || state === 'RUNNING') this.#failedIn = state;
    if (before === state) return;
    this.#state = state;
    this.#ports.onState(state, before);
  }

  /** @throws Error when it does not end well in time */
  async #complete(
    name: string,
    step: LifecycleStep,
    shared: Readonly<Record<string, string>>,
    signal: AbortSignal,
  ): Promise<void> {
    if (this.#isSkipped(step)) return;
    const started = this.#spawn(name, step, shared);
    const end: ScriptEnd | undefined = await Promise.race([started.ended, aborted(signal)]);
    if (end === undefined) {
      await started.stop();
      return;
    }
    if (end.kind !== 'exited' || end.code !== 0) throw new Error(`${name} ended: ${describeEnd(end)}`);
  }

  #spawn(name: string, step: LifecycleStep, shared: Readonly<Record<string, string>>): ComponentProcess {
    if (step.RequiresPrivilege && process.getuid?.() !== 0) {
      throw new Error(`${name} requires privilege, and the nucleus does not run as root`);
    }
    const { directory, environment } = this.plan;
    const started = new ComponentProcess(
      {
        script: step.Script,
        environment: { ...environment, ...shared, ...step.Setenv },
        directory,
        timeout: step.Timeout,
        onLine: this.#ports.onLine,
        ...(this.#ports.onGroup !== undefined && { onGroup: this.#ports.onGroup }),
      },
      this.#ports.clock,
    );
    if (name !== 'Shutdown') this.#process = started;
    return started;
  }

  #isSkipped({ Skipif }: LifecycleStep): boolean {
    if (Skipif === undefined) return false;
    const [check, ...words] = Skipif.split(' ');
    const name = words.join(' ');
    return check === 'exists' ? existsSync(name) : isOnPath(name, this.plan.environment.PATH ?? '');
  }

  #pause(milliseconds: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const timer = this.#ports.clock.after(milliseconds, resolve);
      signal.addEventListener(
        'abort',
        () => {
          timer.cancel();
          resolve();
        },
        { once: true },
      );
    });
  }
}

function aborted(signal: AbortSignal): Promise<undefined> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve(undefined);
    else signal.addEventListener('abort', () => resolve(undefined), { once: true });
  });
}

function isOnPath(name: string, path: string): boolean {
  return path.split(delimiter).some((directory) => {
    try {
      accessSync(join(directory, name), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}
