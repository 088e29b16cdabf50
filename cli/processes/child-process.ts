import { type ChildProcess, fork } from 'node:child_process';
import { EventEmitter } from 'node:events';
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import { Failure } from '../failure.ts';

/** Resolved from here, because a bare name would be looked for from the working directory, which may be anywhere. */
export const TYPESCRIPT_LOADER = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href;

/** Lines of a child's standard error kept for a message about its death. */
const KEPT_LINES = 20;

interface ChildEvents<Report> {
  report: [Report];
  /** `lastWords`: the last lines of its standard error, as far as they have come. */
  exit: [code: number | null, lastWords: string];
}

/** A child process of this project that is steered over IPC: commands in, reports out. */
export class SteeredProcess<Command, Report extends { kind: string }> extends EventEmitter<ChildEvents<Report>> {
  readonly #child: ChildProcess;
  readonly #name: string;
  #stderr: string[] = [];
  #exited = false;

  constructor(
    name: string,
    entry: string,
    options: { args?: readonly string[]; nodeOptions?: readonly string[] } = {},
  ) {
    super();
    this.#name = name;
    const loader = entry.endsWith('.ts') ? ['--import', TYPESCRIPT_LOADER] : [];
    this.#child = fork(entry, options.args ?? [], {
      execArgv: [...loader, ...(options.nodeOptions ?? []), '--disable-warning=ExperimentalWarning'],
      env: { ...process.env, AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true' },
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    });
    this.#child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr = [...this.#stderr, ...text.split('\n').filter(Boolean)].slice(-KEPT_LINES);
    });
    this.#child.on('message', (report) => this.emit('report', report as Report));
    this.#child.on('exit', (code) => {
      this.#exited = true;
      this.emit('exit', code, this.#stderr.join('\n'));
    });
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  send(command: Command): void {
    if (this.#child.connected) this.#child.send(command as object);
  }

  /** Resolves with the first report of a kind. @throws Failure when the child reports `failed` or ends first */
  next<K extends Report['kind']>(kind: K): Promise<Extract<Report, { kind: K }>> {
    return new Promise((resolve, reject) => {
      const settle = (): void => {
        this.off('report', onReport);
        this.off('exit', onExit);
      };
      const onReport = (report: Report): void => {
        if (report.kind === kind) {
          settle();
          resolve(report as Extract<Report, { kind: K }>);
        } else if (report.kind === 'failed') {
          settle();
          const { code, message } = report as unknown as { code: string; message: string };
          reject(new Failure(code === 'UNEXPECTED' ? `${message}\n${this.#stderr.join('\n')}` : message));
        }
      };
      const onExit = (code: number | null): void => {
        settle();
        reject(new Failure(`${this.#name} ended unexpectedly (exit code ${code})\n${this.#stderr.join('\n')}`));
      };
      if (this.#exited) return onExit(this.#child.exitCode);
      this.on('report', onReport);
      this.on('exit', onExit);
    });
  }

  /** Sends `command`, waits for the end, and kills what does not end within `patience` ms. */
  async end(command: Command, patience = 20_000): Promise<void> {
    if (this.#exited) return;
    const gone = new Promise<void>((resolve) => this.once('exit', () => resolve()));
    this.send(command);
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), patience);
    await gone;
    clearTimeout(timer);
  }
}
