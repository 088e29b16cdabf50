import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type PlatformNames, platformNames } from '@fleetwright/contracts';
import { z } from 'zod';
import { Failure, messageOf } from '../failure.ts';
import { PROJECT_ROOT } from '../project-root.ts';
import { type AwsClientSettings, awsClientSettings, localClientSettings, runningCloud } from '../running-cloud.ts';

/** Options of every command that works on a deployed stage. */
export interface StageOptions {
  readonly dataDir: string;
  /** The account of the environment's own credentials, instead of the local cloud. */
  readonly aws?: boolean;
  readonly region?: string;
  /** `dev`, or with the project `fleetwright-dev`. */
  readonly stage?: string;
}

/** One stage of the platform, on AWS or here. */
export interface Stage {
  readonly place: 'aws' | 'local';
  readonly settings: AwsClientSettings;
  readonly project: string;
  readonly stage: string;
  /** Project and stage: the beginning of every name. */
  readonly prefix: string;
  readonly names: PlatformNames;
}

/** What this command line reads of cdk.json. The CDK app validates the whole. */
const contextSchema = z.object({
  context: z.object({
    stage: z.string().optional(),
    fleetwright: z.object({
      project: z.string(),
      defaults: z.unknown().optional(),
      stages: z.record(z.string(), z.unknown()),
    }),
  }),
});

export type PlatformContext = z.infer<typeof contextSchema>['context'];

/** @throws Failure when cdk.json does not configure the platform */
export function platformContext(file = join(PROJECT_ROOT, 'cdk.json')): PlatformContext {
  try {
    return contextSchema.parse(JSON.parse(readFileSync(file, 'utf8'))).context;
  } catch (error) {
    throw new Failure(`${file} does not configure the platform: ${messageOf(error)}`, 1, { cause: error });
  }
}

/**
 * Project and stage that an option names. A stage has no hyphen, so the last one divides the two.
 * @throws Failure for a name that is neither
 */
export function parseStage(text: string, project: string): { project: string; stage: string } {
  const match = /^(?:([a-z][a-z0-9]*(?:-[a-z0-9]+)*)-)?([a-z][a-z0-9]{0,11})$/.exec(text);
  if (match === null) throw new Failure(`--stage is a stage such as dev, or project and stage such as ${project}-dev`);
  return { project: match[1] ?? project, stage: match[2] as string };
}

/** @throws Failure when no local cloud runs, or several stages are deployed and none is named */
export function openStage(options: StageOptions): Stage {
  const context = platformContext();
  if (options.aws === true) {
    const named = parseStage(options.stage ?? context.stage ?? 'dev', context.fleetwright.project);
    return stageOf('aws', awsClientSettings(options.region), named);
  }
  const cloud = runningCloud(options.dataDir);
  const settings = localClientSettings(cloud);
  if (options.stage !== undefined) {
    return stageOf('local', settings, parseStage(options.stage, context.fleetwright.project));
  }
  const roots = cloud.stacks.flatMap(({ outputs }) => (outputs.TopicRoot === undefined ? [] : [outputs.TopicRoot]));
  if (roots.length > 1) throw new Failure(`several stages are deployed (${roots.join(', ')}); name one with --stage`);
  return stageOf('local', settings, parseStage(roots[0] ?? context.stage ?? 'dev', context.fleetwright.project));
}

export function stageOf(
  place: Stage['place'],
  settings: AwsClientSettings,
  { project, stage }: { project: string; stage: string },
): Stage {
  // Throttling is met by the SDK's own token bucket, which slows down after the first refusal.
  const patient = { ...settings, maxAttempts: 8, retryMode: 'adaptive' };
  return {
    place,
    settings: patient,
    project,
    stage,
    prefix: `${project}-${stage}`,
    names: platformNames(project, stage),
  };
}

/** Device types that a stage is configured for: its own list, or that of the defaults. */
export function stageDeviceTypes(context: PlatformContext, stage: Pick<Stage, 'stage'>): string[] {
  const { deviceTypes } = (stageSetting(context, stage, 'provisioning') ?? {}) as { deviceTypes?: unknown };
  return Array.isArray(deviceTypes) ? deviceTypes.map(String) : [];
}

/** A setting of a stage as cdk.json has it: the stage's own laid over the defaults, one level deep. */
export function stageSetting(context: PlatformContext, { stage }: Pick<Stage, 'stage'>, key: string): unknown {
  const standard = (context.fleetwright.defaults as Record<string, unknown> | undefined)?.[key];
  const own = (context.fleetwright.stages[stage] as Record<string, unknown> | undefined)?.[key];
  return isObject(standard) && isObject(own) ? { ...standard, ...own } : (own ?? standard);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return value !== null && typeof value === 'object' && !Array.isArray(value);
}
