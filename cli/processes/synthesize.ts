import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { Failure } from '../failure.ts';
import { PROJECT_ROOT } from '../project-root.ts';

/** What the context lays over the configuration (`addPlatform`). */
export interface SynthesisContext {
  readonly stage?: string | undefined;
  readonly hotStore?: string | undefined;
  /** With Greengrass cores: whether, or settings over the stage's own. Their components must be built. */
  readonly edge?: boolean | object | undefined;
}

/**
 * Synthesizes the CDK app to `outputDirectory`, by the same entry point as `cdk synth`. The checks (cdk-nag,
 * CloudFormation validation) are left out: they take most of the time and guard a deploy to AWS; `cdk synth`,
 * `cdk deploy` and the tests always run them.
 * @throws Failure with what the app printed
 */
export function synthesize(outputDirectory: string, context: SynthesisContext = {}): Promise<void> {
  return new Promise((resolve, reject) => {
    const app = spawn(process.execPath, ['--import', 'tsx', join(PROJECT_ROOT, 'bin/app.ts')], {
      cwd: PROJECT_ROOT,
      env: {
        ...process.env,
        CDK_OUTDIR: outputDirectory,
        CDK_CONTEXT_JSON: JSON.stringify({ 'fleetwright:skipNag': true, ...context }),
        CDK_VALIDATION: 'false',
      },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let output = '';
    app.stderr.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
    app.on('error', reject);
    app.on('exit', (code) => {
      if (code === 0) resolve();
      else reject(new Failure(`the CDK app does not synthesize (exit code ${code}):\n${output.trim()}`));
    });
  });
}
