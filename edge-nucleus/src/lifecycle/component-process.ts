import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { NucleusClock } from '../clock.ts';

/** How a script ended. */
export type ScriptEnd =
  | { readonly kind: 'exited'; readonly code: number }
  | { readonly kind: 'killed'; readonly signal: string }
  | { readonly kind: 'timeout' }
  | { readonly kind: 'failed'; readonly reason: string };

export interface ScriptOptions {
  /** For `sh -c`. */
  readonly script: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly directory: string;
  /** seconds; undefined: none */
  readonly timeout: number | undefined;
  onLine(stream: 'stdout' | 'stderr', line: string): void;
  /** The process group has begun, or nothing of it is left. */
  onGroup?(pid: number, alive: boolean): void;
}

/** ms between the request to end and the end by force */
export const TERMINATION_GRACE = 5_000;

/** A script of a component's lifecycle, and everything that it starts: a process group of its own. */
export class ComponentProcess {
  readonly ended: Promise<ScriptEnd>;
  readonly #child: ChildProcess;
  readonly #clock: NucleusClock;
  #running = true;

  constructor(options: ScriptOptions, clock: NucleusClock) {
    this.#clock = clock;
    this.#child = spawn('/bin/sh', ['-c', options.script], {
      cwd: options.directory,
      env: { ...options.environment },
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    });
    const { pid } = this.#child;
    if (pid !== undefined) options.onGroup?.(pid, true);
    for (const stream of ['stdout', 'stderr'] as const) {
      const source = this.#child[stream];
      if (source !== null) createInterface({ input: source }).on('line', (line) => options.onLine(stream, line));
    }
    this.ended = new Promise((resolve) => {
      let timedOut = false;
      const timer =
        options.timeout === undefined
          ? undefined
          : clock.after(options.timeout * 1_000, () => {
              timedOut = true;
              this.#signal('SIGKILL');
            });
      const settle = (end: ScriptEnd): void => {
        this.#running = false;
        timer?.cancel();
        if (pid !== undefined) options.onGroup?.(pid, false);
        resolve(timedOut ? { kind: 'timeout' } : end);
      };
      this.#child.once('error', ({ message }) => settle({ kind: 'failed', reason: message }));
      this.#child.once('exit', (code, signal) => {
        // What it has left behind in its group ends with it.
        this.#signal('SIGKILL');
        settle(code === null ? { kind: 'killed', signal: signal ?? 'unknown' } : { kind: 'exited', code });
      });
    });
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** Asks it to end, and makes it. */
  async stop(): Promise<ScriptEnd> {
    if (this.#running) {
      this.#signal('SIGTERM');
      const timer = this.#clock.after(TERMINATION_GRACE, () => this.#signal('SIGKILL'));
      await this.ended;
      timer.cancel();
    }
    return this.ended;
  }

  #signal(signal: NodeJS.Signals): void {
    const { pid } = this.#child;
    if (pid === undefined) return;
    try {
      process.kill(-pid, signal);
    } catch {
      // Nobody of the group is left.
    }
  }
}

export function describeEnd(end: ScriptEnd): string {
  switch (end.kind) {
    case 'exited':
      return `exit code ${end.code}`;
    case 'killed':
      return `signal ${end.signal}`;
    case 'timeout':
      return 'it took longer than its timeout';
    case 'failed':
      return end.reason;
  }
}
