import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Clock } from '../../core/clock.ts';
import { OutputReader } from './output-reader.ts';
import type { InvokeMessage, RuntimeErrorObject, RuntimeMessage, StartMessage } from './runtime-protocol.ts';

const BOOTSTRAP = fileURLToPath(new URL('./runtime/bootstrap.mjs', import.meta.url));

export interface EnvironmentSettings {
  readonly start: StartMessage;
  /** The whole environment of the process; nothing of the cloud's own leaks into it. */
  readonly variables: Readonly<Record<string, string>>;
  /** MB of JavaScript heap */
  readonly heap: number;
  /** A line of output; not the runtime's own platform lines. */
  readonly line: (text: string) => void;
  readonly exited: () => void;
}

export type InitOutcome =
  | { readonly kind: 'ready'; readonly milliseconds: number }
  | { readonly kind: 'error'; readonly error: RuntimeErrorObject }
  | { readonly kind: 'exit'; readonly reason: string }
  | { readonly kind: 'timeout' };

export type InvokeOutcome =
  | ({ readonly kind: 'response'; readonly payload: string } & Usage)
  | ({ readonly kind: 'error'; readonly error: RuntimeErrorObject; readonly fatal?: boolean } & Usage)
  | { readonly kind: 'exit'; readonly reason: string }
  | { readonly kind: 'timeout' };

export interface Usage {
  readonly durationMilliseconds: number;
  readonly maxRssKilobytes: number;
}

/**
 * One process that runs one function, one invocation at a time.
 *
 * INVARIANTS
 * - The process dies with the cloud: it ends itself when the IPC channel closes or its parent changes.
 * - An outcome is given only after all output of the invocation has been read.
 * - Once `alive` is false it never becomes true again.
 */
export class ExecutionEnvironment {
  readonly #process: ChildProcess;
  readonly #clock: Clock;
  readonly #closed: Promise<void>;
  #alive = true;
  /** All output has been read, and nothing more comes. */
  #ended = false;
  #exitReason = '';
  #onMessage: ((message: RuntimeMessage) => void) | undefined;
  #onOutputEnd: ((requestId: string) => void) | undefined;
  /** Told of the end. Not reactions of `#closed`, which would keep every invocation that ever waited, with its event. */
  readonly #onClosed = new Set<() => void>();

  constructor(settings: EnvironmentSettings, clock: Clock) {
    this.#clock = clock;
    // A process group of its own: Ctrl-C at the terminal is for the cloud, which then ends its functions in order.
    const child = fork(BOOTSTRAP, [String(process.pid)], {
      cwd: settings.start.taskRoot,
      env: { ...settings.variables },
      execArgv: [`--max-old-space-size=${settings.heap}`],
      serialization: 'advanced',
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      detached: true,
    });
    this.#process = child;
    const output = new OutputReader(settings.start.mark, settings.line, (id) => this.#onOutputEnd?.(id));
    const errors = new OutputReader(settings.start.mark, settings.line, () => {});
    child.stdout?.on('data', (chunk: Buffer) => output.push(chunk));
    child.stderr?.on('data', (chunk: Buffer) => errors.push(chunk));
    child.on('message', (message) => this.#onMessage?.(message as RuntimeMessage));
    child.on('exit', (code, signal) => {
      this.#alive = false;
      this.#exitReason = exitReason(code, signal);
    });
    this.#closed = new Promise((resolve) => {
      const finish = (): void => {
        this.#alive = false;
        this.#ended = true;
        output.close();
        errors.close();
        resolve();
        for (const tell of this.#onClosed) tell();
        this.#onClosed.clear();
        settings.exited();
      };
      child.once('close', finish);
      child.once('error', (error) => {
        this.#exitReason ||= `the process could not be started: ${error.message}`;
        if (child.pid === undefined) finish();
      });
    });
    this.#send(settings.start);
  }

  get alive(): boolean {
    return this.#alive;
  }

  /** Waits for the handler to be loaded. */
  async initialized(milliseconds: number): Promise<InitOutcome> {
    const outcome = await this.#await<InitOutcome>(milliseconds, (message, settle) => {
      if (message.type === 'ready') settle({ kind: 'ready', milliseconds: message.initMilliseconds });
      else if (message.type === 'initError') settle({ kind: 'error', error: message.error });
    });
    if (outcome.kind !== 'ready') await this.kill();
    return outcome;
  }

  /** Runs one invocation; whatever is not an answer in time ends the process. */
  async invoke(message: InvokeMessage, milliseconds: number): Promise<InvokeOutcome> {
    let outputEnded: () => void = () => {};
    const outputEnd = new Promise<void>((resolve) => {
      outputEnded = resolve;
    });
    const { id: requestId } = message;
    this.#onOutputEnd = (id) => {
      if (id === requestId) outputEnded();
    };
    this.#onClosed.add(outputEnded);
    this.#send(message);
    const outcome = await this.#await<InvokeOutcome>(milliseconds, (answer, settle) => {
      if (answer.type === 'initError') {
        settle({ kind: 'error', error: answer.error, fatal: true, durationMilliseconds: 0, maxRssKilobytes: 0 });
      } else if (answer.type !== 'ready' && answer.id === requestId) {
        settle(answer.type === 'error' ? { kind: 'error', ...answer } : { kind: 'response', ...answer });
      }
    });
    if (outcome.kind === 'timeout') await this.kill();
    else if (outcome.kind === 'exit' || (outcome.kind === 'error' && outcome.fatal)) await this.#closed;
    else await outputEnd;
    this.#onOutputEnd = undefined;
    this.#onClosed.delete(outputEnded);
    return outcome;
  }

  /** Resolves when the process is gone and its output has been read. */
  async kill(): Promise<void> {
    this.#alive = false;
    const { pid, exitCode, signalCode } = this.#process;
    if (pid !== undefined && exitCode === null && signalCode === null) killGroup(pid);
    await this.#closed;
  }

  #await<O>(
    milliseconds: number,
    read: (message: RuntimeMessage, settle: (outcome: O) => void) => void,
  ): Promise<O | { kind: 'exit'; reason: string } | { kind: 'timeout' }> {
    return new Promise((resolve) => {
      const timer = this.#clock.after(milliseconds, () => settle({ kind: 'timeout' }));
      const settle = (outcome: O | { kind: 'exit'; reason: string } | { kind: 'timeout' }): void => {
        timer.cancel();
        this.#onMessage = undefined;
        this.#onClosed.delete(ended);
        resolve(outcome);
      };
      const ended = (): void => settle({ kind: 'exit', reason: this.#exitReason });
      this.#onMessage = (message) => read(message, settle);
      // Messages that were sent before the end have been delivered by then.
      if (this.#ended) ended();
      else this.#onClosed.add(ended);
    });
  }

  #send(message: StartMessage | InvokeMessage): void {
    if (this.#process.connected) this.#process.send(message, () => {});
  }
}

/** The process leads a group: what it has started goes with it. */
function killGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

/** Words of `Runtime.ExitError` for the end of a process. */
function exitReason(code: number | null, signal: NodeJS.Signals | null): string {
  if (signal !== null) return `Runtime exited with error: signal: ${SIGNALS[signal] ?? signal}`;
  return code === 0 ? 'Runtime exited without providing a reason' : `Runtime exited with error: exit status ${code}`;
}

const SIGNALS: Partial<Record<NodeJS.Signals, string>> = {
  SIGABRT: 'aborted',
  SIGKILL: 'killed',
  SIGSEGV: 'segmentation fault',
  SIGTERM: 'terminated',
  SIGTRAP: 'trace/breakpoint trap',
};
