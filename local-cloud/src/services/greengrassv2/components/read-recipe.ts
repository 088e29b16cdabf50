import { parse } from 'yaml';
import { ConstraintViolations } from '../../../core/constraint-violations.ts';
import { messageOf } from '../../../core/errors.ts';
import type { JsonObject, JsonValue } from '../../../core/shadows.ts';
import { validation } from '../errors.ts';
import { COMPONENT_NAME_PATTERN, MAX_COMPONENT_NAME, MAX_COMPONENT_VERSION, MAX_RECIPE_BYTES } from '../limits.ts';

/** A component recipe as far as the cloud reads it (Greengrass developer guide, `component-recipe-reference`). */
export interface ReadRecipe {
  readonly document: JsonObject;
  readonly name: string;
  readonly version: string;
  readonly description?: string;
  readonly publisher?: string;
  readonly manifests: readonly ReadManifest[];
}

export interface ReadManifest {
  readonly name?: string;
  readonly platform: Readonly<Record<string, string>>;
  readonly artifacts: readonly JsonObject[];
}

const SECTIONS: ReadonlySet<string> = new Set([
  'RecipeFormatVersion',
  'ComponentName',
  'ComponentVersion',
  'ComponentDescription',
  'ComponentPublisher',
  'ComponentConfiguration',
  'ComponentDependencies',
  'ComponentType',
  'Manifests',
  'Lifecycle',
]);

const VERSION =
  /^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(?:-[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?(?:\+[0-9A-Za-z.-]+)?$/;

/** @param recipe JSON or YAML @throws AwsError ValidationException */
export function readRecipe(recipe: Uint8Array): ReadRecipe {
  if (recipe.length > MAX_RECIPE_BYTES) {
    throw invalid(`the recipe has ${recipe.length} bytes, ${MAX_RECIPE_BYTES} at most`);
  }
  const document = documentOf(recipe);
  const unknown = Object.keys(document).filter((key) => !SECTIONS.has(key));
  if (unknown.length > 0) throw invalid(`unknown in a recipe: ${unknown.join(', ')}`);
  if (document.RecipeFormatVersion !== '2020-01-25') throw invalid('RecipeFormatVersion must be 2020-01-25');
  const name = text(document, 'ComponentName');
  const version = text(document, 'ComponentVersion');
  new ConstraintViolations()
    .required('ComponentName', name)
    .required('ComponentVersion', version)
    .length('ComponentName', name, 1, MAX_COMPONENT_NAME)
    .pattern('ComponentName', name, COMPONENT_NAME_PATTERN)
    .length('ComponentVersion', version, 1, MAX_COMPONENT_VERSION)
    .throwIfAny();
  if (!isVersion(version as string)) throw invalid(`ComponentVersion ${version} is no semantic version`);
  const { ComponentType = 'aws.greengrass.generic' } = document;
  if (ComponentType !== 'aws.greengrass.generic')
    throw invalid(`ComponentType ${ComponentType} cannot be made from a recipe`);
  checkDependencies(document.ComponentDependencies);
  const description = text(document, 'ComponentDescription');
  const publisher = text(document, 'ComponentPublisher');
  return {
    document,
    name: name as string,
    version: version as string,
    ...(description !== undefined && { description }),
    ...(publisher !== undefined && { publisher }),
    manifests: manifestsOf(document),
  };
}

export function isVersion(text: string): boolean {
  return VERSION.test(text);
}

export function isObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function invalid(problem: string) {
  return validation(`Invalid Input: ${problem}`);
}

function documentOf(recipe: Uint8Array): JsonObject {
  let value: JsonValue;
  try {
    value = JSON.parse(JSON.stringify(parse(Buffer.from(recipe).toString('utf8')) ?? null)) as JsonValue;
  } catch (error) {
    throw invalid(`the recipe is neither JSON nor YAML: ${messageOf(error)}`);
  }
  if (!isObject(value)) throw invalid('the recipe is no object');
  return value;
}

function text(document: JsonObject, key: string): string | undefined {
  const value = document[key];
  if (value === undefined || value === null) return undefined;
  if (typeof value !== 'string') throw invalid(`${key} must be a string`);
  return value;
}

function checkDependencies(dependencies: JsonValue | undefined): void {
  if (dependencies === undefined || dependencies === null) return;
  if (!isObject(dependencies)) throw invalid('ComponentDependencies must be an object');
  for (const [name, value] of Object.entries(dependencies)) {
    const requirement = isObject(value) ? value.VersionRequirement : undefined;
    if (typeof requirement !== 'string') throw invalid(`the dependency ${name} needs a VersionRequirement`);
    const type = isObject(value) ? (value.DependencyType ?? 'HARD') : 'HARD';
    if (type !== 'HARD' && type !== 'SOFT') throw invalid(`the dependency ${name} is HARD or SOFT, not ${type}`);
  }
}

function manifestsOf({ Manifests }: JsonObject): ReadManifest[] {
  if (!Array.isArray(Manifests) || Manifests.length === 0) throw invalid('a recipe needs at least one of Manifests');
  return (Manifests as readonly JsonValue[]).map((manifest, index) => {
    const place = `Manifests[${index}]`;
    if (!isObject(manifest)) throw invalid(`${place} must be an object`);
    const { Artifacts = [], Name, Platform = {} } = manifest;
    if (!isObject(Platform) || !Object.values(Platform).every((value) => typeof value === 'string')) {
      throw invalid(`${place}.Platform must map names to strings`);
    }
    if (!Array.isArray(Artifacts) || !Artifacts.every(isObject))
      throw invalid(`${place}.Artifacts must be a list of objects`);
    return {
      ...(typeof Name === 'string' && { name: Name }),
      platform: Platform as Readonly<Record<string, string>>,
      artifacts: Artifacts as readonly JsonObject[],
    };
  });
}
