import { join } from 'node:path';
import { type App, type Environment, Tags, Validations } from 'aws-cdk-lib';
import { AwsSolutionsChecks } from 'cdk-nag';
import { withOverrides } from './config/context-overrides.ts';
import { loadPlatformConfig } from './config/load-platform-config.ts';
import type { PlatformConfig } from './config/platform-config.ts';
import { REPOSITORY } from './constructs/bundled-function/bundle.ts';
import { EdgeStack } from './stacks/edge-stack.ts';
import { IdentityStack } from './stacks/identity-stack.ts';
import { ObservabilityStack } from './stacks/observability-stack.ts';
import { OtaStack } from './stacks/ota-stack.ts';
import { SecurityStack } from './stacks/security-stack.ts';
import { TelemetryStack } from './stacks/telemetry-stack.ts';
import { TwinStack } from './stacks/twin-stack.ts';

export interface Platform {
  readonly identity: IdentityStack;
  readonly telemetry: TelemetryStack;
  readonly twin: TwinStack;
  readonly security: SecurityStack;
  readonly ota: OtaStack;
  readonly observability: ObservabilityStack;
  /** Of a stage with Greengrass cores. */
  readonly edge?: EdgeStack;
}

/**
 * Adds one stage of the platform to an app, as its context asks:
 * - `fleetwright`: the configuration (docs/deploying.md)
 * - `stage`: which of its stages
 * - `hotStore`: another hot store than its own
 * - `edge`: with or without Greengrass cores, whatever its own settings say
 * - `fleetwright:components`: directory of built components, when it is not that of the repository
 * - `fleetwright:skipNag`: leaves out the AWS Solutions checks, for a start on this machine, which deploys nothing
 * @throws ConfigError
 */
export function addPlatform(app: App): Platform {
  const [raw, stage, hotStore, edge] = ['fleetwright', 'stage', 'hotStore', 'edge'].map((key) =>
    app.node.tryGetContext(key),
  );
  const config = loadPlatformConfig(withOverrides(raw, stage, { hotStore, edge }), stage);
  if (app.node.tryGetContext('fleetwright:skipNag') !== true)
    Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
  return addStage(app, config);
}

function addStage(app: App, config: PlatformConfig): Platform {
  const { project, stage, settings } = config;
  const env: Environment = { ...settings.env };
  const prefix = `${project}-${stage}`;
  const identity = new IdentityStack(app, `${prefix}-identity`, {
    config,
    env,
    description: `Fleetwright ${stage}: who devices are`,
  });
  const telemetry = new TelemetryStack(app, `${prefix}-telemetry`, {
    config,
    env,
    description: `Fleetwright ${stage}: what devices send`,
  });
  const twin = new TwinStack(app, `${prefix}-twin`, {
    config,
    env,
    store: telemetry.store,
    description: `Fleetwright ${stage}: what devices are and should be`,
  });
  // Histories are written to the telemetry stack's store, by its name.
  twin.addStackDependency(telemetry);
  const security = new SecurityStack(app, `${prefix}-security`, {
    config,
    env,
    description: `Fleetwright ${stage}: what devices must not do`,
  });
  // Profiles are attached to the identity stack's thing group, by its name.
  security.addStackDependency(identity);
  const ota = new OtaStack(app, `${prefix}-ota`, {
    config,
    env,
    description: `Fleetwright ${stage}: how devices get new firmware`,
  });
  const observability = new ObservabilityStack(app, `${prefix}-observability`, {
    config,
    env,
    description: `Fleetwright ${stage}: who is told, and what there is to see`,
  });
  const edge = settings.edge.enabled ? addEdge(app, config, env) : undefined;
  // Its policy is attached to the identity stack's group of cores, by its name.
  edge?.addStackDependency(identity);
  const platform = { identity, telemetry, twin, security, ota, observability, ...(edge !== undefined && { edge }) };
  for (const stack of Object.values(platform)) {
    Tags.of(stack).add('project', project);
    Tags.of(stack).add('stage', stage);
    if (settings.removalPolicy === 'retain') stack.terminationProtection = true;
  }
  return platform;
}

function addEdge(app: App, config: PlatformConfig, env: Environment): EdgeStack {
  const { project, stage } = config;
  const elsewhere: unknown = app.node.tryGetContext('fleetwright:components');
  return new EdgeStack(app, `${project}-${stage}-edge`, {
    config,
    env,
    componentsDirectory: typeof elsewhere === 'string' ? elsewhere : join(REPOSITORY, 'greengrass-components'),
    description: `Fleetwright ${stage}: what Greengrass cores run`,
  });
}
