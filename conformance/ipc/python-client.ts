import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** The version that was tried. */
const PACKAGE = 'awsiotsdk==1.31.0';
/** ms for the environment, and for the package with its binaries */
const ENVIRONMENT_TIMEOUT = 120_000;
const INSTALL_TIMEOUT = 300_000;

/**
 * A Python with the AWS IoT Device SDK in an environment of its own.
 * @param directory where the environment is made
 * @returns the interpreter, or why there is none
 */
export async function pythonClient(directory: string): Promise<{ python: string } | { missing: string }> {
  const python = join(directory, 'bin', 'python');
  try {
    await run('python3', ['-m', 'venv', directory], { timeout: ENVIRONMENT_TIMEOUT });
  } catch (error) {
    return { missing: `python3 with venv (${reasonOf(error)})` };
  }
  try {
    await run(python, ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', PACKAGE], {
      timeout: INSTALL_TIMEOUT,
    });
  } catch (error) {
    return { missing: `${PACKAGE} from the package index (${reasonOf(error)})` };
  }
  return { python };
}

function reasonOf(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).trim().split('\n').at(-1) ?? '';
}
