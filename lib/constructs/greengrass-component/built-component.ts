import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, join } from 'node:path';
import { z } from 'zod';

/** A file of a component, as it was built. */
export interface BuiltArtifact {
  /** Last part of its URI. */
  readonly fileName: string;
  readonly path: string;
  /** hexadecimal */
  readonly sha256: string;
}

/** A component that can be made a version of: its recipe, and the files that the recipe names. */
export interface BuiltComponent {
  readonly directory: string;
  readonly name: string;
  readonly version: string;
  /** As it was written: keys that nobody here knows are kept. */
  readonly recipe: Readonly<Record<string, unknown>>;
  readonly artifacts: readonly BuiltArtifact[];
  /** Names of components that it depends on. */
  readonly dependencies: readonly string[];
}

/** The parts of a recipe that a version is made of (Greengrass developer guide, "component recipe reference"). */
const recipeSchema = z.looseObject({
  RecipeFormatVersion: z.literal('2020-01-25'),
  ComponentName: z.string().regex(/^[\w.-]{1,128}$/, 'must be 1 to 128 letters, digits, dots, underscores or hyphens'),
  ComponentVersion: z.string().regex(/^\d+\.\d+\.\d+$/, 'must be a version such as 1.0.0'),
  ComponentDependencies: z.record(z.string(), z.unknown()).default({}),
  Manifests: z
    .array(z.looseObject({ Artifacts: z.array(z.looseObject({ URI: z.string().regex(/[^/]$/) })).default([]) }))
    .min(1),
});

/** What a version is for ever; the build writes it, and it is committed. SHA-256, hexadecimal. */
const digestSchema = z.object({
  version: z.string(),
  /** Of the text, with line feeds. */
  recipe: z.string(),
  artifacts: z.record(z.string(), z.string()),
});

const RECIPE = 'recipe.yaml';
const DIGEST = 'digest.json';

/** Folders below a directory that hold a recipe, by name. */
export function componentFolders(directory: string): string[] {
  if (!existsSync(directory)) return [];
  return readdirSync(directory)
    .filter((folder) => existsSync(join(directory, folder, RECIPE)))
    .sort();
}

/**
 * Reads a component: `recipe.yaml`, its artifacts in `dist/` or beside the recipe, and `digest.json`.
 * @throws Error naming what is missing or wrong, or what is not what the committed digest says
 */
export function readBuiltComponent(directory: string): BuiltComponent {
  const file = join(directory, RECIPE);
  const text = readFileSync(file, 'utf8');
  const raw = parseYaml(text);
  const read = recipeSchema.safeParse(raw);
  if (!read.success) throw new Error(`${file} is no recipe:\n${z.prettifyError(read.error)}`);
  const { ComponentDependencies, ComponentName: name, ComponentVersion: version, Manifests } = read.data;
  const fileNames = new Set(Manifests.flatMap(({ Artifacts }) => Artifacts.map(({ URI }) => basename(URI))));
  const artifacts = [...fileNames].map((fileName): BuiltArtifact => {
    const path = [join(directory, 'dist', fileName), join(directory, fileName)].find((place) => existsSync(place));
    if (path === undefined) {
      throw new Error(`${file} names ${fileName}, which is not there: build the components first`);
    }
    return { fileName, path, sha256: sha256(readFileSync(path)) };
  });
  checkDigest(directory, {
    version,
    recipe: sha256(text.replaceAll('\r\n', '\n')),
    artifacts: Object.fromEntries(artifacts.map((artifact) => [artifact.fileName, artifact.sha256])),
  });
  const recipe = raw as Readonly<Record<string, unknown>>;
  return { directory, name, version, recipe, artifacts, dependencies: Object.keys(ComponentDependencies) };
}

/** Loaded with the first recipe: an app without cores does not pay for it. */
function parseYaml(text: string): unknown {
  const { parse } = createRequire(import.meta.url)('yaml') as typeof import('yaml');
  return parse(text);
}

function checkDigest(directory: string, found: z.infer<typeof digestSchema>): void {
  const file = join(directory, DIGEST);
  if (!existsSync(file)) throw new Error(`${file} is not there: it says what version ${found.version} is`);
  const committed = digestSchema.parse(JSON.parse(readFileSync(file, 'utf8')));
  if (committed.version !== found.version) {
    throw new Error(`${file} is of version ${committed.version}, and the recipe is of version ${found.version}`);
  }
  const changed = [
    ...(committed.recipe === found.recipe ? [] : [RECIPE]),
    ...Object.entries(found.artifacts).flatMap(([name, hash]) => (committed.artifacts[name] === hash ? [] : [name])),
  ];
  if (changed.length > 0) {
    throw new Error(
      `${directory}: ${changed.join(', ')} is not what version ${found.version} is: build the components`,
    );
  }
}

function sha256(content: string | Uint8Array): string {
  return createHash('sha256').update(content).digest('hex');
}

export interface RecipePlace {
  /** New names of components, by those in recipes: of this one and those that it names. */
  readonly names: ReadonlyMap<string, string>;
  /** URI of an artifact, by its file name. */
  artifactUri(fileName: string): string;
}

/**
 * The recipe as it is for a place: with the names that components have there, and with its artifacts' URIs. What the service
 * works out itself (`Digest`, `Algorithm`) is left out: it would be replaced.
 */
export function placedRecipe({ recipe }: BuiltComponent, place: RecipePlace): Readonly<Record<string, unknown>> {
  const renamed = JSON.parse(rename(JSON.stringify(recipe), place.names)) as Record<string, unknown>;
  const manifests = renamed.Manifests as readonly Record<string, unknown>[];
  return {
    ...renamed,
    Manifests: manifests.map((manifest) => ({
      ...manifest,
      ...(Array.isArray(manifest.Artifacts) && {
        Artifacts: manifest.Artifacts.map(({ Algorithm: _algorithm, Digest: _digest, URI, ...rest }) => ({
          URI: place.artifactUri(basename(String(URI))),
          ...rest,
        })),
      }),
    })),
  };
}

/** Whole names alone: one may be the beginning of another. Dependencies and recipe variables name components, too. */
function rename(text: string, names: ReadonlyMap<string, string>): string {
  return text.replace(/[A-Za-z][\w-]*(?:\.[\w-]+)+/g, (word) => names.get(word) ?? word);
}
