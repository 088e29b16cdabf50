import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { Failure } from '../failure.ts';
import { createProgress } from '../output/progress.ts';
import { hasStop } from '../preflight/rows.ts';
import { PROJECT_ROOT } from '../project-root.ts';
import { preflightStage, printedPreflight } from './preflight.ts';

export interface DeployOptions {
  readonly region?: string;
  readonly stage?: string;
  readonly yes?: boolean;
}

/**
 * `fleetwright deploy`: a preflight, then `cdk deploy --all` of the stage. Nothing is deployed when the preflight finds
 * what would make it fail.
 */
export async function deploy(options: DeployOptions): Promise<void> {
  const stage = preflightStage(options);
  const rows = await printedPreflight(stage, false);
  if (hasStop(rows)) throw new Failure('nothing was deployed: change what is marked ✗ first');
  const progress = createProgress(process.stderr, false);
  progress.step(`deploying ${stage.prefix}`);
  const exitCode = await cdk(
    [
      'deploy',
      '--all',
      '-c',
      `stage=${stage.stage}`,
      '--progress',
      'events',
      ...(options.yes === true ? ['--require-approval', 'never'] : []),
    ],
    options.region,
  );
  if (exitCode !== 0) {
    throw new Failure(
      `the deploy ended with exit code ${exitCode}: what CloudFormation said stands above. Repair it and deploy again; stacks that are done stay as they are.`,
    );
  }
  progress.done(`${stage.prefix} is deployed; docs/deploying.md, "After it", says what comes next`);
}

/** Runs the CDK's own command line with this terminal. */
function cdk(args: readonly string[], region: string | undefined): Promise<number | null> {
  const command = join(dirname(createRequire(import.meta.url).resolve('aws-cdk/package.json')), 'bin/cdk');
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [command, ...args], {
      cwd: PROJECT_ROOT,
      env: { ...process.env, ...(region !== undefined && { AWS_REGION: region, AWS_DEFAULT_REGION: region }) },
      stdio: 'inherit',
    });
    child.on('error', reject);
    child.on('exit', resolve);
  });
}
