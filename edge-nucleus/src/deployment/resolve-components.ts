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

/** What it is besides on a core that can exchange its certificate for credentials. */
export const TOKEN_EXCHANGE: Readonly<Record<string, string>> = { 'aws.greengrass.TokenExchangeService': '2.0.3' };

/** Who wants which versions of a component. */
export interface Wish {
  readonly by: string;
  readonly range: string;
}

/** @returns undefined: none that is known fits */
export type Chooser = (
  name: string,
  wishes: readonly Wish[],
) => AvailableComponent | undefined | Promise<AvailableComponent | undefined>;

/** Each chosen version settles or changes something; more rounds than this and the ranges chase each other. */
const MAX_ROUNDS = 1_000;

/**
 * Finds the components that a deployment needs: the named versions, and for what they depend on a version that everything which
 * depends on it takes, as it is chosen.
 * @param roots by name
 * @param provided versions that the nucleus stands for, by name
 * @returns in an order in which each stands behind what it depends on
 * @throws NucleusError `DEPENDENCY_UNMET` naming who wants what; also for components that need each other
 */
export async function resolveComponents(
  roots: Readonly<Record<string, readonly Wish[]>>,
  choose: Chooser,
  provided: Readonly<Record<string, string>> = PROVIDED,
): Promise<AvailableComponent[]> {
  const chosen = new Map<string, AvailableComponent>();
  for (let round = 0; round < MAX_ROUNDS; round++) {
    const wanted = wishes(roots, chosen, provided);
    // What nobody wants any more was wanted by a version that has gone.
    for (const name of [...chosen.keys()]) if (!wanted.has(name)) chosen.delete(name);
    const open = [...wanted].find(([name, ranges]) => !fits(chosen.get(name), ranges));
    if (open === undefined) return inOrder(chosen);
    const [name, ranges] = open;
    const found = await choose(name, ranges);
    if (!fits(found, ranges)) {
      const wantedBy = ranges.map(({ by, range }) => `${by} wants ${range}`).join(', ');
      throw new NucleusError('DEPENDENCY_UNMET', `no version of ${name} fits: ${wantedBy}`);
    }
    chosen.set(name, found as AvailableComponent);
  }
  throw new NucleusError('DEPENDENCY_UNMET', 'the version requirements of the components do not come to rest');
}

function wishes(
  roots: Readonly<Record<string, readonly Wish[]>>,
  chosen: ReadonlyMap<string, AvailableComponent>,
  provided: Readonly<Record<string, string>>,
) {
  const wanted = new Map<string, Wish[]>();
  const add = (name: string, wish: Wish): void => {
    wanted.set(name, [...(wanted.get(name) ?? []), wish]);
  };
  for (const [name, own] of Object.entries(roots)) {
    const version = provided[name];
    for (const wish of own) {
      if (version === undefined) add(name, wish);
      else checkProvided(name, version, wish);
    }
  }
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
      const own = provided[dependency];
      if (own === undefined) {
        add(dependency, { by, range });
        queue.push(dependency);
      } else if (!semver.satisfies(own, range)) {
        throw new NucleusError('DEPENDENCY_UNMET', `${by} wants ${dependency} ${range}; this nucleus is like ${own}`);
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

/** The newest of a list. */
export function newestOf(available: readonly AvailableComponent[]): Chooser {
  return (name, wishes) => {
    const versions = available.filter(({ recipe }) => recipe.ComponentName === name);
    const [found] = versions
      .filter((component) => fits(component, wishes))
      .sort((a, b) => semver.rcompare(a.recipe.ComponentVersion, b.recipe.ComponentVersion));
    if (found !== undefined) return found;
    const wanted = wishes.map(({ by, range }) => `${by} wants ${range}`).join(', ');
    const there = versions.map(({ recipe }) => recipe.ComponentVersion).join(', ') || 'none';
    throw new NucleusError('DEPENDENCY_UNMET', `no version of ${name} fits: ${wanted}; there is ${there}`);
  };
}

/** Deployments name components of AWS by versions of AWS; the nucleus stands for those of its own major version. */
function checkProvided(name: string, own: string, { by, range }: Wish): void {
  if (semver.satisfies(own, range) || range.split('.')[0] === own.split('.')[0]) return;
  throw new NucleusError('DEPENDENCY_UNMET', `${by} wants ${name} ${range}; this nucleus is like ${own}`);
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
