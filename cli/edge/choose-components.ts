import type { AvailableComponent } from '../../edge-nucleus/src/index.ts';
import { Failure } from '../failure.ts';

/**
 * A deployment of the newest version of each named component.
 * @param names whole names, or the last part in any case and with hyphens: `edge-aggregator` is `com.fleetwright.EdgeAggregator`;
 * none: all of them
 * @throws Failure naming what there is
 */
export function chooseComponents(names: readonly string[], available: readonly AvailableComponent[]) {
  const versions = new Map<string, string>();
  for (const { recipe } of available) {
    const known = versions.get(recipe.ComponentName);
    if (known === undefined || isNewer(recipe.ComponentVersion, known)) {
      versions.set(recipe.ComponentName, recipe.ComponentVersion);
    }
  }
  const known = [...versions.keys()];
  if (known.length === 0) throw new Failure('there are no components to run; are they built? Name their --components.');
  const chosen = names.length === 0 ? known : names.map((name) => find(name, known));
  return { components: Object.fromEntries(chosen.map((name) => [name, { version: versions.get(name) as string }])) };
}

function find(name: string, known: readonly string[]): string {
  const plain = (text: string): string =>
    text
      .slice(text.lastIndexOf('.') + 1)
      .replaceAll('-', '')
      .toLowerCase();
  const found = known.includes(name) ? [name] : known.filter((other) => plain(other) === plain(name));
  const [only] = found;
  if (only !== undefined && found.length === 1) return only;
  const problem = found.length === 0 ? `there is no component ${name}` : `${name} is ${found.join(' or ')}`;
  throw new Failure(`${problem}. There is: ${known.join(', ')}`);
}

function isNewer(version: string, than: string): boolean {
  return version.localeCompare(than, 'en', { numeric: true }) > 0;
}
