import semver from 'semver';
import { NucleusError } from '../nucleus-error.ts';
import type { AvailableComponent } from './component-source.ts';

/** What the nucleus itself is to components that depend on it, with the versions whose behaviour it has. */
export const PROVIDED: Readonly<Record<string, string>> = {
  'aws.greengrass.Nucleus': '2.12.0',
  'aws.greengrass.Cli': '2.12.0',
  'aws.greengrass.ShadowManager': '2.3.0',
  'aws.greengrass.SecretManager': '2.1.0',
};

/** Each chosen version settles or changes something; more rounds than this and the ranges chase each other. */
const MAX_ROUNDS = 1_000;

/**
 * Finds the components that a deployment needs: the named versions, and for what they depend on the newest version that
 * everything which depends on it takes.
 * @param roots version by name
 * @returns in an order in which each stands behind what it depends on
 * @throws NucleusError `DEPENDENCY_UNMET` naming who wants what; also for components that need each other
 */
export function resolveComponents(
  roots: Readonly<Record<string, string>>,
  available: readonly AvailableComponent[],
): AvailableComponent[] {
  const chosen = new Map<string, AvailableComponent>();
  for (let round = 0; round < MAX_ROUNDS; round++) {
    const wanted = wishes(roots, chosen);
    // What nobody wants any more was wanted by a version that has gone.
    for (const name of [...chosen.keys()]) if (!wanted.has(name)) chosen.delete(name);
    const open = [...wanted].find(([name, ranges]) => !fits(chosen.get(name), ranges));
    if (open === undefined) return inOrder(chosen);
    const [name, ranges] = open;
    chosen.set(name, choose(name, ranges, available));
  }
  throw new NucleusError('DEPENDENCY_UNMET', 'the version requirements of the components do not come to rest');
}

type Wish = { readonly by: string; readonly range: string };

function wishes(roots: Readonly<Record<string, string>>, chosen: ReadonlyMap<string, AvailableComponent>) {
  const wanted = new Map<string, Wish[]>();
  const add = (name: string, wish: Wish): void => {
    wanted.set(name, [...(wanted.get(name) ?? []), wish]);
  };
  for (const [name, version] of Object.entries(roots)) add(name, { by: 'the deployment', range: version });
  const queue = Object.keys(roots);
  const seen = new Set<string>();
  for (let name = queue.shift(); name !== undefined; name = queue.shift()) {
    const component = chosen.get(name);
    if (component === undefined || seen.has(name)) continue;
    seen.add(name);
    for (const [dependency, { VersionRequirement: range }] of dependenciesOf(component)) {
      const by = `${name} ${component.recipe.ComponentVersion}`;
      if (semver.validRange(range) === null) {
        throw new NucleusError(
          'DEPENDENCY_UNMET',
          `${by} wants ${dependency} '${range}', which is no range of versions`,
        );
      }
      const provided = PROVIDED[dependency];
      if (provided === undefined) {
        add(dependency, { by, range });
        queue.push(dependency);
      } else if (!semver.satisfies(provided, range)) {
        throw new NucleusError(
          'DEPENDENCY_UNMET',
          `${by} wants ${dependency} ${range}; this nucleus is like ${provided}`,
        );
      }
    }
  }
  return wanted;
}

function fits(component: AvailableComponent | undefined, ranges: readonly Wish[]): boolean {
  return component !== undefined && ranges.every(({ range }) => isIn(component, range));
}

/** An exact version of a deployment may be a pre-release or carry build metadata. */
function isIn({ recipe }: AvailableComponent, range: string): boolean {
  return recipe.ComponentVersion === range || semver.satisfies(recipe.ComponentVersion, range);
}

function choose(name: string, ranges: readonly Wish[], available: readonly AvailableComponent[]): AvailableComponent {
  const versions = available.filter(({ recipe }) => recipe.ComponentName === name);
  const found = versions
    .filter((component) => fits(component, ranges))
    .sort((a, b) => semver.rcompare(a.recipe.ComponentVersion, b.recipe.ComponentVersion))[0];
  if (found !== undefined) return found;
  const wanted = ranges.map(({ by, range }) => `${by} wants ${range}`).join(', ');
  const there = versions.map(({ recipe }) => recipe.ComponentVersion).join(', ') || 'none';
  throw new NucleusError('DEPENDENCY_UNMET', `no version of ${name} fits: ${wanted}; there is ${there}`);
}

function inOrder(chosen: ReadonlyMap<string, AvailableComponent>): AvailableComponent[] {
  const order: AvailableComponent[] = [];
  const done = new Set<string>();
  const visit = (name: string, path: readonly string[]): void => {
    const component = chosen.get(name);
    if (component === undefined || done.has(name)) return;
    if (path.includes(name)) {
      const cycle = [...path.slice(path.indexOf(name)), name].join(' → ');
      throw new NucleusError('DEPENDENCY_UNMET', `components depend on each other: ${cycle}`);
    }
    for (const [dependency] of dependenciesOf(component)) visit(dependency, [...path, name]);
    done.add(name);
    order.push(component);
  };
  for (const name of [...chosen.keys()].sort()) visit(name, []);
  return order;
}

function dependenciesOf({ recipe }: AvailableComponent) {
  return Object.entries(recipe.ComponentDependencies);
}
