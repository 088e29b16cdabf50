import { type ChildProcess, spawn } from 'node:child_process';
import { reasonOf } from '../../errors.ts';

export interface ProgramRun {
  /** Absolute path. */
  readonly program: string;
  readonly args: readonly string[];
  /** Added to a minimal one. */
  readonly environment: Readonly<Record<string, string>>;
  /** ms */
  readonly timeout: number;
  readonly signal: AbortSignal;
  /** The process has begun. */
  onStarted?(pid: number): void;
}

export interface ProgramEnd {
  readonly exitCode: number | null;
  /** Why it was ended, where it did not end by itself. */
  readonly killed?: 'timeout' | 'stopped';
  /** The newest of what it wrote, both streams as they came. */
  readonly output: string;
}

/** bytes of output that are kept */
export const OUTPUT_LIMIT = 4_096;

/** ms between SIGTERM and SIGKILL */
const TERM_GRACE = 2_000;
/** ms after the end of the program for which what it left behind may still write */
const DRAIN_GRACE = 500;

/** All that a program gets of the agent's environment. */
const ENVIRONMENT = { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', LANG: 'C.UTF-8' };

/**
 * Runs a program without a shell, in a process group of its own.
 *
 * INVARIANT: when it resolves, nothing of the group runs any more, whatever the program started in it. Waits are by the
 * machine's own timers: a process lives in real time.
 *
 * @throws Error when it cannot be started
 */
export async function runProgram(run: ProgramRun): Promise<ProgramEnd> {
  if (run.signal.aborted) return { exitCode: null, killed: 'stopped', output: '' };
  const child = spawn(run.program, [...run.args], {
    cwd: '/',
    detached: true,
    env: { ...ENVIRONMENT, ...run.environment },
    shell: false,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const tail = new Tail();
  child.stdout.on('data', (chunk: Buffer) => tail.add(chunk));
  child.stderr.on('data', (chunk: Buffer) => tail.add(chunk));
  const closed = new Promise<void>((resolve) => child.once('close', () => resolve()));
  const exited = new Promise<number | null>((resolve, reject) => {
    child.once('exit', (code) => resolve(code));
    child.once('error', (error) => reject(new Error(`${run.program} cannot be started: ${reasonOf(error)}`)));
  });
  const { pid } = child;
  if (pid !== undefined) run.onStarted?.(pid);

  let killed: ProgramEnd['killed'];
  let terminated: NodeJS.Timeout | undefined;
  const end = (why: 'timeout' | 'stopped'): void => {
    if (killed !== undefined) return;
    killed = why;
    signalGroup(child, 'SIGTERM');
    // An agent that stops has no time for grace.
    if (why === 'stopped') signalGroup(child, 'SIGKILL');
    else terminated = setTimeout(() => signalGroup(child, 'SIGKILL'), TERM_GRACE);
  };
  const stop = (): void => end('stopped');
  const deadline = setTimeout(() => end('timeout'), run.timeout);
  run.signal.addEventListener('abort', stop, { once: true });
  try {
    const exitCode = await exited;
    signalGroup(child, 'SIGKILL');
    await Promise.race([closed, new Promise((resolve) => setTimeout(resolve, DRAIN_GRACE).unref())]);
    child.stdout.destroy();
    child.stderr.destroy();
    return { exitCode, output: tail.text(), ...(killed !== undefined && { killed }) };
  } finally {
    clearTimeout(deadline);
    clearTimeout(terminated);
    run.signal.removeEventListener('abort', stop);
  }
}

function signalGroup({ pid }: ChildProcess, signal: NodeJS.Signals): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, signal);
  } catch {
    // Nothing of the group is left.
  }
}

/** The newest bytes of a stream. */
class Tail {
  #kept = Buffer.alloc(0);

  add(chunk: Buffer): void {
    this.#kept = Buffer.concat([this.#kept, chunk]).subarray(-OUTPUT_LIMIT);
  }

  text(): string {
    return this.#kept.toString('utf8');
  }
}
