import { execFile } from 'node:child_process';
import { DeviceError } from '../../errors.ts';

/** Runs a program by its argument vector, without a shell. @returns what it wrote @throws DeviceError when it fails */
export type RunCommand = (command: readonly string[]) => Promise<string>;

/** ms; writing a slot takes minutes on slow flash */
const TIMEOUT = 1_800_000;
const MAX_OUTPUT = 4_194_304;
/** characters of the output that an error tells */
const TOLD = 400;

/** @param environment of the programs, by whose PATH they are found. @default this process's */
export function commandRunner(environment?: Readonly<Record<string, string | undefined>>): RunCommand {
  const options = { timeout: TIMEOUT, maxBuffer: MAX_OUTPUT, encoding: 'utf8', env: environment } as const;
  return ([file = '', ...rest]) =>
    new Promise((resolve, reject) => {
      execFile(file, rest, options, (error, stdout, stderr) => {
        if (error === null) return resolve(stdout);
        const said = (stderr.trim() || stdout.trim() || error.message).slice(-TOLD);
        reject(new DeviceError('STATE_UNUSABLE', `${[file, ...rest].join(' ')} failed: ${said}`, { cause: error }));
      });
    });
}
