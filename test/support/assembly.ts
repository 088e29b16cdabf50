import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { synthesize } from '../../cli/processes/synthesize.ts';

export interface EditableTemplate {
  Resources: Record<string, { Type: string; Properties: Record<string, unknown>; DependsOn?: string[] }>;
  Outputs: Record<string, unknown>;
}

/** Synthesizes the app into `<directory>/<name>`. */
export async function synthesizedAssembly(directory: string, name = 'cdk.out', stage?: string): Promise<string> {
  const assembly = join(directory, name);
  mkdirSync(assembly, { recursive: true });
  if (stage === undefined) cpSync(await sharedAssembly(), assembly, { recursive: true });
  else await synthesize(assembly, { stage });
  return assembly;
}

/** ms for another worker to synthesize */
const PATIENCE = 120_000;

/**
 * The app as cdk.json configures it, synthesized once in a run of Jest, by the first worker that needs it. Nobody may
 * change it.
 */
export async function sharedAssembly(): Promise<string> {
  const directory = process.env.FLEETWRIGHT_SHARED_ASSEMBLY;
  if (directory === undefined) throw new Error('jest.config.mjs says where the shared assembly lies');
  const assembly = join(directory, 'cdk.out');
  try {
    mkdirSync(directory);
  } catch {
    const deadline = Date.now() + PATIENCE;
    while (!existsSync(assembly)) {
      if (Date.now() > deadline) throw new Error(`${assembly} was not synthesized within ${PATIENCE} ms`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    return assembly;
  }
  try {
    const unfinished = join(directory, 'unfinished');
    mkdirSync(unfinished);
    await synthesize(unfinished);
    renameSync(unfinished, assembly);
    return assembly;
  } catch (error) {
    rmSync(directory, { recursive: true, force: true });
    throw error;
  }
}

/** A copy of an assembly in which the template of one stack (by the end of its name) is changed. */
export function editedAssembly(
  assembly: string,
  name: string,
  stack: 'identity' | 'telemetry' | 'twin' | 'ota',
  edit: (template: EditableTemplate) => void,
): string {
  const copy = `${assembly}-${name}`;
  cpSync(assembly, copy, { recursive: true });
  const file = readdirSync(copy).find((entry) => entry.endsWith(`-${stack}.template.json`));
  if (file === undefined) throw new Error(`no template of the ${stack} stack in ${assembly}`);
  const template = JSON.parse(readFileSync(join(copy, file), 'utf8')) as EditableTemplate;
  edit(template);
  writeFileSync(join(copy, file), JSON.stringify(template));
  return copy;
}

/** Logical ids of a resource type. */
export function resourcesOf(template: EditableTemplate, type: string): string[] {
  return Object.entries(template.Resources).flatMap(([logicalId, resource]) =>
    resource.Type === type ? [logicalId] : [],
  );
}
