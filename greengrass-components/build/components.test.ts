import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { readRecipe } from '../../edge-nucleus/src/recipe/recipe.ts';
import { artifactsOf } from './artifacts.ts';
import { folderNames, readFolder } from './component-folder.ts';
import { changesBetween, committedDigest, digestOf } from './digest.ts';
import { readAccessControl } from './testing/read-access-control.ts';

/** Every component of the repository, as it is committed. */

const ROOT = resolve('greengrass-components');
const components = folderNames(ROOT);

test('there are components', () => {
  expect(components).toEqual(expect.arrayContaining(['device-sdk', 'store-and-forward']));
});

describe.each(components)('%s', (folder) => {
  const component = readFolder(ROOT, folder);
  const recipe = readRecipe(component.recipeText, `${folder}/recipe.yaml`);

  test('its committed digest is that of its sources, and of the version in its recipe', async () => {
    const committed = committedDigest(component);
    if (committed === undefined) throw new Error('no digest.json: npm run build:components -- --update-digests');
    const built = digestOf(component, await artifactsOf(resolve('.'), component));
    expect({ version: committed.version, changed: changesBetween(committed, built) }).toEqual({
      version: recipe.ComponentVersion,
      changed: [],
    });
  });

  test('its recipe runs on the classic nucleus and on nucleus lite', () => {
    for (const { Lifecycle, Platform } of recipe.Manifests) {
      expect(Platform).toMatchObject({ os: 'linux', runtime: '*' });
      // Nucleus lite knows neither conditions nor variables of other components.
      for (const step of [Lifecycle?.Install, Lifecycle?.Run, Lifecycle?.Startup]) {
        expect(step?.Skipif).toBeUndefined();
        expect(step?.Script ?? '').not.toMatch(/\{com\.[\w.]+:/);
      }
    }
    // It wants small letters.
    expect(component.recipeText).not.toMatch(/^\s+(?:Install|Run|Startup|Shutdown|Recover):/m);
  });

  test('it may do by name what it may do', () => {
    for (const { operations, resources } of readAccessControl(recipe)) {
      expect(operations.filter((operation) => operation.includes('*'))).toEqual([]);
      expect(resources.length).toBeGreaterThan(0);
      // Sources are named by configuration, and local topics know no other wildcard for a level.
      const named = resources.map((resource) =>
        resource.replace(/^(fleetwright\/edge\/(?:field|write|written))\/\*$/, '$1'),
      );
      expect(named.filter((resource) => /\*|#/.test(resource))).toEqual([]);
    }
  });

  test('what it needs of the other components is there', () => {
    for (const [name, { VersionRequirement }] of Object.entries(recipe.ComponentDependencies)) {
      const needed = components.map((one) => readFolder(ROOT, one)).find((one) => one.name === name);
      if (needed === undefined) continue;
      expect(VersionRequirement).toBe(needed.version);
      if (name === 'com.fleetwright.DeviceSdk') {
        expect(component.recipeText).toContain(`artifacts/${name}/${needed.version}/aws-crt-nodejs-$(uname -m).node`);
      }
    }
  });

  test('it says in a README what it is', () => {
    expect(readFileSync(join(component.directory, 'README.md'), 'utf8')).toContain(component.name);
  });
});
