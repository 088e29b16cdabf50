import { App } from 'aws-cdk-lib';
import cdkJson from '../../cdk.json' with { type: 'json' };
import { addPlatform } from '../../lib/platform.ts';

/** Synthesizes the stage `dev` of cdk.json with other settings laid over it, into a directory. */
export function configuredAssembly(
  outdir: string,
  settings: Record<string, unknown>,
  context: Record<string, unknown> = {},
): string {
  const { fleetwright } = cdkJson.context;
  const app = new App({
    outdir,
    builtinCloudFormationValidation: false,
    context: {
      ...cdkJson.context,
      'fleetwright:skipNag': true,
      fleetwright: { ...fleetwright, stages: { dev: { ...fleetwright.stages.dev, ...settings } } },
      ...context,
    },
  });
  addPlatform(app);
  app.synth();
  return outdir;
}
