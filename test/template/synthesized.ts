import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import cdkJson from '../../cdk.json' with { type: 'json' };
import { addPlatform, type Platform } from '../../lib/platform.ts';

export interface Resource {
  readonly Type: string;
  // biome-ignore lint/suspicious/noExplicitAny: a template is JSON of many shapes, and tests look into all of them
  readonly Properties: any;
  readonly DependsOn?: readonly string[];
  readonly DeletionPolicy?: string;
  readonly UpdateReplacePolicy?: string;
}

export interface Synthesized {
  readonly app: App;
  readonly platform: Platform;
  readonly identity: Template;
  readonly telemetry: Template;
  /** Resources of all stacks, by `<stack>/<logical id>`. */
  readonly resources: ReadonlyMap<string, Resource>;
}

/** The app as cdk.json configures it, with its checks left out unless asked for. */
export function newApp(context: Record<string, unknown> = {}): App {
  return new App({
    outdir: mkdtempSync(join(tmpdir(), 'fleetwright-assembly-')),
    builtinCloudFormationValidation: context['fleetwright:skipNag'] === false,
    context: { ...cdkJson.context, 'fleetwright:skipNag': true, ...context },
  });
}

export function synthesize(context: Record<string, unknown> = {}): Synthesized {
  const app = newApp(context);
  const platform = addPlatform(app);
  const identity = Template.fromStack(platform.identity);
  const telemetry = Template.fromStack(platform.telemetry);
  const resources = new Map<string, Resource>();
  for (const [name, stack] of Object.entries(platform)) {
    const { Resources } = Template.fromStack(stack).toJSON() as { Resources: Record<string, Resource> };
    for (const [id, resource] of Object.entries(Resources)) resources.set(`${name}/${id}`, resource);
  }
  return { app, platform, identity, telemetry, resources };
}

export function ofType(resources: ReadonlyMap<string, Resource>, ...types: string[]): [string, Resource][] {
  return [...resources].filter(([, resource]) => types.includes(resource.Type));
}

/** Text of a value with its intrinsics: references in angle brackets, pseudo parameters by their last part. */
export function flat(value: unknown): string {
  if (typeof value === 'string') return value;
  const intrinsic = value as {
    Ref?: string;
    'Fn::GetAtt'?: string[];
    'Fn::Join'?: [string, unknown[]];
    'Fn::Sub'?: string;
  };
  if (intrinsic.Ref !== undefined) return `<${intrinsic.Ref.replace('AWS::', '')}>`;
  if (intrinsic['Fn::GetAtt'] !== undefined) return `<${intrinsic['Fn::GetAtt'].join('.')}>`;
  if (intrinsic['Fn::Join'] !== undefined) return intrinsic['Fn::Join'][1].map(flat).join(intrinsic['Fn::Join'][0]);
  if (typeof intrinsic['Fn::Sub'] === 'string') return intrinsic['Fn::Sub'].replace(/\$\{(?:AWS::)?(\w+)\}/g, '<$1>');
  throw new Error(`no text for ${JSON.stringify(value)}`);
}

export function list<T>(value: T | readonly T[] | undefined): readonly T[] {
  if (value === undefined) return [];
  return Array.isArray(value) ? value : [value as T];
}
