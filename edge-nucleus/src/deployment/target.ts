import { isDeepStrictEqual } from 'node:util';
import { accessControlSchema } from '../access/access-control.ts';
import { type Configuration, mergeObjects, updateConfiguration } from '../configuration/merge-configuration.ts';
import { NucleusError } from '../nucleus-error.ts';
import type { Lifecycle, Recipe } from '../recipe/recipe.ts';
import type { AvailableComponent } from './component-source.ts';
import type { DeploymentDocument } from './deployment-document.ts';

/** What a core runs, or is to run. */
export interface Target {
  /** Names that the deployment gives; the others are what these depend on. */
  readonly roots: readonly string[];
  /** Each behind what it depends on. */
  readonly components: ReadonlyMap<string, AvailableComponent>;
  readonly configurations: ReadonlyMap<string, Configuration>;
}

export const NOTHING: Target = { roots: [], components: new Map(), configurations: new Map() };

/**
 * Configurations of a deployment: what a component has, over the defaults of its recipe, with the update of the document.
 * @param roots names of the components that deployments give, this one and those of other targets
 * @param current what a component has; undefined: it is new
 * @throws NucleusError `CONFIGURATION_INVALID`
 */
export function targetOf(
  document: DeploymentDocument,
  roots: readonly string[],
  ordered: readonly AvailableComponent[],
  current: (name: string) => Configuration | undefined,
): Target {
  const configurations = new Map<string, Configuration>();
  for (const { recipe } of ordered) {
    const name = recipe.ComponentName;
    const defaults = defaultsOf(recipe);
    const update = document.components[name]?.configurationUpdate ?? {};
    const before = mergeObjects(defaults, current(name) ?? {});
    const { merge, reset } = update;
    configurations.set(
      name,
      updateConfiguration(before, defaults, {
        ...(reset !== undefined && { reset }),
        ...(merge !== undefined && { merge: merge as Configuration }),
      }),
    );
  }
  checkAccessControl(configurations);
  const components = new Map(ordered.map((component) => [component.recipe.ComponentName, component]));
  return { roots, components, configurations };
}

function defaultsOf(recipe: Recipe): Configuration {
  return recipe.ComponentConfiguration.DefaultConfiguration as Configuration;
}

/** "The policy ID must be unique across all components" (developer guide, "Authorize components to perform IPC operations"). */
function checkAccessControl(configurations: ReadonlyMap<string, Configuration>): void {
  const owners = new Map<string, string>();
  for (const [name, { accessControl = {} }] of configurations) {
    const read = accessControlSchema.safeParse(accessControl);
    if (!read.success) {
      const problems = read.error.issues.map(({ message, path }) => `accessControl.${path.join('.')}: ${message}`);
      throw new NucleusError('CONFIGURATION_INVALID', `${name}: ${problems.join('; ')}`);
    }
    for (const id of Object.values(read.data).flatMap((policies) => Object.keys(policies))) {
      const owner = owners.get(id);
      if (owner !== undefined && owner !== name) {
        throw new NucleusError('CONFIGURATION_INVALID', `${owner} and ${name} share the policy id ${id}`);
      }
      owners.set(id, name);
    }
  }
}

export interface Change {
  readonly removed: readonly string[];
  /** New, of another version, broken, or installed otherwise: from the beginning. */
  readonly replaced: readonly string[];
  /** Their scripts have changed, but for installing. */
  readonly restarted: readonly string[];
}

/** @param isBroken whether a running component has to begin anew in any case */
export function changeOf(
  from: Target,
  to: Target,
  lifecycle: (name: string, target: Target) => Lifecycle,
  isBroken: (name: string) => boolean,
): Change {
  const replaced: string[] = [];
  const restarted: string[] = [];
  for (const [name, { recipe }] of to.components) {
    const before = from.components.get(name);
    if (before === undefined || before.recipe.ComponentVersion !== recipe.ComponentVersion || isBroken(name)) {
      replaced.push(name);
      continue;
    }
    const was = lifecycle(name, from);
    const is = lifecycle(name, to);
    if (!isDeepStrictEqual([was.Install, was.Setenv], [is.Install, is.Setenv])) replaced.push(name);
    else if (!isDeepStrictEqual(was, is)) restarted.push(name);
  }
  return { removed: [...from.components.keys()].filter((name) => !to.components.has(name)), replaced, restarted };
}
