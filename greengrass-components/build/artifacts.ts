import { existsSync, readFileSync, realpathSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import * as z from 'zod';
import { bundle } from './bundle.ts';
import { BuildError, type ComponentFolder } from './component-folder.ts';

export const BUNDLE = 'main.cjs';

/** `artifacts.json`: artifacts that are files of installed packages, by their name in the recipe. */
const packagedSchema = z.record(
  z.string(),
  z.strictObject({
    /** Packages, each found from the one before: the last has the file. */
    packages: z.array(z.string()).min(1),
    file: z.string(),
  }),
);

/**
 * The bytes of each artifact that the recipe names: `main.cjs` is bundled, others are files of packages (`artifacts.json`), or lie
 * beside the recipe.
 * @throws BuildError
 */
export async function artifactsOf(repository: string, component: ComponentFolder): Promise<Map<string, Uint8Array>> {
  const { artifacts, directory, folder } = component;
  const place = join(directory, 'artifacts.json');
  const packaged = existsSync(place) ? packagedSchema.parse(JSON.parse(readFileSync(place, 'utf8'))) : {};
  const found = new Map<string, Uint8Array>();
  for (const name of [...artifacts].sort()) {
    const source = packaged[name];
    if (name === BUNDLE) found.set(name, await bundle(repository, directory));
    else if (source !== undefined) found.set(name, readFileSync(fileOf(directory, source)));
    else if (existsSync(join(directory, name))) found.set(name, readFileSync(join(directory, name)));
    else throw new BuildError(`${folder}: the recipe names the artifact ${name}, and nothing makes it`);
  }
  return found;
}

function fileOf(directory: string, { file, packages }: { readonly file: string; readonly packages: string[] }): string {
  let from = join(directory, 'artifacts.json');
  for (const name of packages) from = packageFile(from, name);
  return join(dirname(from), file);
}

/** Not every package exports its `package.json`, so that it is looked for as Node looks for packages. */
function packageFile(from: string, name: string): string {
  const places = createRequire(from).resolve.paths(name) ?? [];
  const found = places.map((place) => join(place, name, 'package.json')).find((file) => existsSync(file));
  if (found === undefined) throw new BuildError(`the package ${name} is not installed`);
  return realpathSync(found);
}
