import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { componentFolders, placedRecipe, readBuiltComponent } from './built-component.ts';

const COMPONENTS = join(__dirname, '../../../test/support/edge-components');

/** A copy of a component, to be changed. */
function copy(folder = 'store-and-forward'): string {
  const directory = join(mkdtempSync(join(tmpdir(), 'fleetwright-component-')), folder);
  cpSync(join(COMPONENTS, folder), directory, { recursive: true });
  return directory;
}

test('a folder with a recipe is a component', () => {
  expect(componentFolders(COMPONENTS)).toEqual(['edge-aggregator', 'store-and-forward']);
  expect(componentFolders(join(COMPONENTS, 'nowhere'))).toEqual([]);
});

test('a component is its recipe and the files that it names', () => {
  const component = readBuiltComponent(join(COMPONENTS, 'store-and-forward'));
  expect(component).toMatchObject({ name: 'com.fleetwright.StoreAndForward', version: '1.2.0' });
  expect(component.artifacts).toEqual([
    {
      fileName: 'main.cjs',
      path: join(COMPONENTS, 'store-and-forward/main.cjs'),
      sha256: JSON.parse(readFileSync(join(COMPONENTS, 'store-and-forward/digest.json'), 'utf8')).artifacts['main.cjs'],
    },
  ]);
});

test('what was not built, or is not what its version is, is refused by name', () => {
  const directory = copy();
  writeFileSync(join(directory, 'main.cjs'), 'other');
  expect(() => readBuiltComponent(directory)).toThrow(/main.cjs is not what version 1.2.0 is/);
  rmSync(join(directory, 'main.cjs'));
  expect(() => readBuiltComponent(directory)).toThrow(/names main.cjs, which is not there/);
});

test('a recipe that changed under its version is refused, and one that is ahead of its digest', () => {
  const directory = copy();
  const recipe = join(directory, 'recipe.yaml');
  const text = readFileSync(recipe, 'utf8');
  writeFileSync(recipe, text.replace('512', '513'));
  expect(() => readBuiltComponent(directory)).toThrow(/recipe.yaml is not what version 1.2.0 is/);
  writeFileSync(recipe, text.replaceAll('1.2.0', '1.3.0'));
  expect(() => readBuiltComponent(directory)).toThrow(/is of version 1.2.0, and the recipe is of version 1.3.0/);
  rmSync(join(directory, 'digest.json'));
  expect(() => readBuiltComponent(directory)).toThrow(/digest.json is not there/);
});

const names = new Map([
  ['com.fleetwright.StoreAndForward', 'com.fleetwright.dev.StoreAndForward'],
  ['com.fleetwright.EdgeAggregator', 'com.fleetwright.dev.EdgeAggregator'],
  ['com.fleetwright.Edge', 'com.fleetwright.dev.Wrong'],
]);
const place = { names, artifactUri: (fileName: string) => `s3://bucket/${fileName}` };

test('in a recipe that is placed every component has its name of there, whole names alone', () => {
  const placed = placedRecipe(readBuiltComponent(join(COMPONENTS, 'edge-aggregator')), place);
  expect(placed).toMatchObject({
    ComponentName: 'com.fleetwright.dev.EdgeAggregator',
    ComponentDependencies: { 'com.fleetwright.dev.StoreAndForward': {} },
    Manifests: [
      { Lifecycle: { Run: expect.stringContaining('{com.fleetwright.dev.StoreAndForward:artifacts:path}') } },
    ],
  });
  expect(JSON.stringify(placed)).not.toContain('Wrong');
});

// source: Greengrass developer guide, component-recipe-reference, "Digest" and "Algorithm" (read-only)
test('artifacts get their URI, keep their permissions, and lose what the service works out', () => {
  const placed = placedRecipe(readBuiltComponent(join(COMPONENTS, 'store-and-forward')), place);
  expect(placed).toMatchObject({
    Manifests: [{ Artifacts: [{ URI: 's3://bucket/main.cjs', Permission: { Read: 'ALL' } }] }],
  });
  expect(JSON.stringify(placed)).not.toMatch(/Digest|Algorithm/);
});
