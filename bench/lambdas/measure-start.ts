import { fork } from 'node:child_process';
import { join } from 'node:path';
import { PROJECT_ROOT } from '../../cli/project-root.ts';

/** The runtime that the local cloud starts functions with. */
const BOOTSTRAP = join(PROJECT_ROOT, 'local-cloud/src/services/lambda/runtime/bootstrap.mjs');

export interface StartOf {
  readonly code: string;
  readonly handler: string;
  readonly runtime: string;
  readonly variables: Readonly<Record<string, string>>;
}

/** ms from the start of a process to a loaded handler. @throws Error with what the function said */
export function measureStart({ code, handler, runtime, variables }: StartOf): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = fork(BOOTSTRAP, [String(process.pid)], {
      cwd: code,
      env: {
        ...variables,
        AWS_REGION: 'us-east-1',
        AWS_ACCESS_KEY_ID: 'placeholder',
        AWS_SECRET_ACCESS_KEY: 'placeholder',
        AWS_LAMBDA_FUNCTION_NAME: 'bench',
      },
      execArgv: [],
      serialization: 'advanced',
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    });
    child.once('message', (message: { type: string; initMilliseconds: number; error?: { errorMessage: string } }) => {
      if (message.type === 'ready') resolve(message.initMilliseconds);
      else reject(new Error(`${code} does not start: ${message.error?.errorMessage}`));
      child.kill('SIGKILL');
    });
    child.once('error', reject);
    child.once('exit', (exitCode) => reject(new Error(`${code} ended with exit code ${exitCode}`)));
    child.send({ taskRoot: code, handler, runtime, logFormat: 'JSON', mark: 'mark', maxResponseBytes: 6_291_556 });
  });
}
