import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildComponents } from './build-components.ts';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'fleetwright-build-'));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

function component(version: string, source: string, folder = 'tank-watcher'): void {
  const recipe = `
RecipeFormatVersion: '2020-01-25'
ComponentName: com.fleetwright.TankWatcher
ComponentVersion: ${version}
Manifests:
  - Platform: { os: linux }
    Artifacts: [{ URI: s3://bucket/main.cjs }, { URI: s3://bucket/table.json }]
`;
  mkdirSync(join(root, folder, 'src'), { recursive: true });
  writeFileSync(join(root, folder, 'recipe.yaml'), recipe);
  writeFileSync(join(root, folder, 'table.json'), '{}');
  writeFileSync(join(root, folder, 'src', 'level.ts'), source);
  writeFileSync(
    join(root, folder, 'src', 'main.ts'),
    "import { level } from './level.ts';\nprocess.stdout.write(String(level));\n",
  );
}

const build = (updateDigests = false) => buildComponents({ repository: root, root, updateDigests });
const digest = () => JSON.parse(readFileSync(join(root, 'tank-watcher', 'digest.json'), 'utf8'));

test('a component becomes one file, with its other artifacts beside it', async () => {
  component('1.0.0', 'export const level: number = 7;');
  await expect(build()).rejects.toThrow('tank-watcher 1.0.0: no digest.json');
  await build(true);
  const text = readFileSync(join(root, 'tank-watcher', 'dist', 'main.cjs'), 'utf8');
  expect(text).toContain('var level = 7;');
  expect(text).not.toContain(root);
  expect(digest()).toMatchObject({
    version: '1.0.0',
    artifacts: { 'main.cjs': expect.stringMatching(/^[0-9a-f]{64}$/) },
  });
});

test('the same sources elsewhere are the same bytes', async () => {
  component('1.0.0', 'export const level = 7;');
  await build(true);
  const before = digest();
  const other = mkdtempSync(join(tmpdir(), 'fleetwright-elsewhere-'));
  rmSync(root, { recursive: true });
  root = other;
  component('1.0.0', 'export const level = 7;');
  await build(true);
  expect(digest()).toEqual(before);
});

test('changed content under an unchanged version is refused by name, also where digests may be updated', async () => {
  component('1.0.0', 'export const level = 7;');
  await build(true);
  component('1.0.0', 'export const level = 8;');
  const message = /tank-watcher 1\.0\.0: main\.cjs changed under an unchanged version\. Raise ComponentVersion/;
  await expect(build()).rejects.toThrow(message);
  await expect(build(true)).rejects.toThrow(message);
});

test('a raised version takes a new digest, when told to; an older one never', async () => {
  component('1.0.0', 'export const level = 7;');
  await build(true);
  component('1.10.0', 'export const level = 8;');
  await expect(build()).rejects.toThrow('run with --update-digests');
  await build(true);
  expect(digest().version).toBe('1.10.0');
  component('1.9.0', 'export const level = 9;');
  await expect(build(true)).rejects.toThrow('version 1.9.0 is older than 1.10.0');
});

test('what stays the same builds without being told', async () => {
  component('1.0.0', 'export const level = 7;');
  await build(true);
  expect(await build()).toMatchObject([{ component: { name: 'com.fleetwright.TankWatcher' }, digestWritten: false }]);
});

test('a recipe that names what nothing makes is refused, and so is a name that is not the folder', async () => {
  component('1.0.0', 'export const level = 7;');
  rmSync(join(root, 'tank-watcher', 'table.json'));
  component('1.0.0', 'export const level = 7;', 'silo-watcher');
  await expect(build(true)).rejects.toThrow(
    /ComponentName must be com\.fleetwright\.SiloWatcher, found com\.fleetwright\.TankWatcher\ntank-watcher: the recipe names the artifact table\.json/,
  );
});
