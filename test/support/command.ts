import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { PROJECT_ROOT } from '../../cli/project-root.ts';

export interface CommandResult {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunningCommand {
  readonly result: Promise<CommandResult>;
  /** Resolves when standard error holds `text`. */
  printed(text: string | RegExp): Promise<void>;
  interrupt(): void;
}

const running = new Set<() => Promise<unknown>>();

/** Ends what a failed test left running. */
export async function endCommands(): Promise<void> {
  await Promise.all([...running].map((end) => end()));
}

/** Runs `fleetwright` as a user would. */
export function fleetwright(...args: string[]): RunningCommand {
  const child = spawn(process.execPath, [join(PROJECT_ROOT, 'bin/fleetwright.mjs'), ...args], { cwd: PROJECT_ROOT });
  let stdout = '';
  let stderr = '';
  const waiting: (() => void)[] = [];
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
    for (const check of [...waiting]) check();
  });
  const result = new Promise<CommandResult>((resolve) => {
    child.on('close', (exitCode) => {
      running.delete(end);
      resolve({ exitCode, stdout, stderr });
    });
  });
  const end = (): Promise<unknown> => {
    child.kill('SIGINT');
    return result;
  };
  running.add(end);
  return {
    result,
    interrupt: () => void child.kill('SIGINT'),
    printed: (text) =>
      new Promise((resolve, reject) => {
        const check = (): void => {
          if (typeof text === 'string' ? stderr.includes(text) : text.test(stderr)) resolve();
        };
        waiting.push(check);
        void result.then(() => reject(new Error(`the command ended without printing ${text}:\n${stderr}`)));
        check();
      }),
  };
}
