import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { parse } from 'yaml';
import * as z from 'zod';

export class BuildError extends Error {
  override readonly name = 'BuildError';
}

/** A component as it stands in the repository. */
export interface ComponentFolder {
  /** Kebab-case name of the folder. */
  readonly folder: string;
  readonly directory: string;
  readonly name: string;
  readonly version: string;
  readonly recipeText: string;
  /** File names of all artifacts of all manifests. */
  readonly artifacts: readonly string[];
}

/** What the build reads of a recipe. The nucleus reads all of it. */
const recipeSchema = z.object({
  ComponentName: z.string(),
  ComponentVersion: z.string().regex(/^\d+\.\d+\.\d+$/, 'must be x.y.z'),
  Manifests: z.array(z.object({ Artifacts: z.array(z.object({ URI: z.string() })).default([]) })),
});

/** Folders of all components below `greengrass-components`: each with a recipe. */
export function folderNames(root: string): string[] {
  return readdirSync(root, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && existsSync(join(root, entry.name, 'recipe.yaml')))
    .map((entry) => entry.name)
    .sort();
}

/** @throws BuildError */
export function readFolder(root: string, folder: string): ComponentFolder {
  const directory = resolve(root, folder);
  const recipeText = readFileSync(join(directory, 'recipe.yaml'), 'utf8');
  const read = recipeSchema.safeParse(parseYaml(recipeText, folder));
  if (!read.success) {
    const problems = read.error.issues.map(({ message, path }) => `${path.join('.')}: ${message}`);
    throw new BuildError(`${folder}/recipe.yaml: ${problems.join('; ')}`);
  }
  const { ComponentName: name, ComponentVersion: version, Manifests } = read.data;
  if (name !== componentName(folder)) {
    throw new BuildError(`${folder}/recipe.yaml: ComponentName must be ${componentName(folder)}, found ${name}`);
  }
  const artifacts = [...new Set(Manifests.flatMap(({ Artifacts }) => Artifacts.map(({ URI }) => basename(URI))))];
  return { folder, directory, name, version, recipeText, artifacts };
}

function parseYaml(text: string, folder: string): unknown {
  try {
    return parse(text);
  } catch (error) {
    throw new BuildError(`${folder}/recipe.yaml is no YAML: ${error instanceof Error ? error.message : error}`);
  }
}

/** `edge-aggregator` → `com.fleetwright.EdgeAggregator` */
function componentName(folder: string): string {
  const parts = folder.split('-').map((part) => `${part.charAt(0).toUpperCase()}${part.slice(1)}`);
  return `com.fleetwright.${parts.join('')}`;
}
