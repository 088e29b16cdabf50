import { readFileSync } from 'node:fs';
import * as z from 'zod';
import { reasonOf } from '../../errors.ts';
import type { JobHandler } from '../job-handler.ts';
import { type ProgramEnd, runProgram } from './run-program.ts';
import { installedScript, ScriptRefused } from './script-directory.ts';

export interface RunScriptOptions {
  /** Scripts that may run lie here; see `installedScript` for whose it must be. */
  readonly directory: string;
  /** User id that installs scripts. @default 0 */
  readonly owner?: number;
}

const progressSchema = z.object({ pid: z.int().optional(), startTime: z.string().optional() });

/**
 * Runs an installed script by its name: its arguments as they are, without a shell, with next to no environment.
 *
 * INVARIANT: a script runs at most once in an execution. One that a restart has interrupted is reported as failed, and
 * what is left of its process group is ended; whether it may run again is for whoever made the job to say.
 */
export function runScriptHandler({ directory, owner }: RunScriptOptions): JobHandler<'run'> {
  return {
    operation: 'run',
    async run({ document, jobId, keep, progress, report, signal }) {
      const before = progressSchema.safeParse(progress);
      if (before.success) {
        endLeftover(before.data);
        return { status: 'failed', details: { reason: 'INTERRUPTED', detail: 'the agent restarted while it ran' } };
      }
      const { arguments: args, script, timeoutSeconds } = document;
      let program: string;
      try {
        program = installedScript(directory, script, owner);
      } catch (error) {
        if (!(error instanceof ScriptRefused)) throw error;
        return { status: 'rejected', details: { reason: 'SCRIPT_REFUSED', detail: error.message } };
      }
      keep({});
      report({ stage: 'running', script });
      let end: ProgramEnd;
      try {
        end = await runProgram({
          program,
          args,
          environment: { FLEETWRIGHT_JOB: jobId },
          timeout: timeoutSeconds * 1_000,
          signal,
          onStarted: (pid) => keep({ pid, startTime: startTimeOf(pid) }),
        });
      } catch (error) {
        return { status: 'failed', details: { reason: 'NOT_STARTED', detail: reasonOf(error) } };
      }
      return resultOf(end, timeoutSeconds);
    },
  };
}

function resultOf({ exitCode, killed, output }: ProgramEnd, timeoutSeconds: number): ReturnType<typeof failed> {
  if (killed === 'timeout') return failed('TIMED_OUT', `ended after ${timeoutSeconds} s`, output);
  if (killed === 'stopped') return failed('CANCELLED', 'ended because the job was', output);
  if (exitCode === null) return failed('KILLED', 'ended by a signal', output);
  if (exitCode !== 0) return failed('EXIT_CODE', `exit code ${exitCode}`, output);
  return { status: 'succeeded', details: { exitCode: '0', output } };
}

function failed(reason: string, detail: string, output: string) {
  return { status: 'failed', details: { reason, detail, output } } as
    | { readonly status: 'failed'; readonly details: { readonly reason: string; detail: string; output: string } }
    | { readonly status: 'succeeded'; readonly details: { exitCode: string; output: string } };
}

/** Of a process, in clock ticks since boot: with its id it names one process (`proc_pid_stat(5)`, field 22). */
function startTimeOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The second field is the program's name in parentheses and may hold anything.
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
  } catch {
    return undefined;
  }
}

function endLeftover({ pid, startTime }: z.infer<typeof progressSchema>): void {
  if (pid === undefined || startTime === undefined || startTimeOf(pid) !== startTime) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // It ended meanwhile.
  }
}
