import { createHash } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join, parse, relative } from 'node:path';
import { unzipSync } from 'fflate';
import * as z from 'zod';
import { NucleusError } from '../nucleus-error.ts';
import { type Artifact, type Manifest, type Recipe, readRecipe } from '../recipe/recipe.ts';
import { readStateFile, writeStateFile } from '../state/state-file.ts';
import type { AvailableComponent } from './component-source.ts';

/** SHA-256 in hexadecimal digits: of the recipe, and of each artifact by its file name. */
const record = z.object({ recipe: z.string(), artifacts: z.record(z.string(), z.string()) });

/**
 * Components as they were installed, below `packages/` as the nucleus lays them out.
 *
 * INVARIANTS
 * - A version of a component is one content for ever: other bytes under an installed version are refused.
 * - What its digest does not fit is never installed, nor run.
 */
export class PackageStore {
  readonly #directory: string;

  constructor(directory: string) {
    this.#directory = directory;
  }

  /** Installed versions, whether their source still has them or not. */
  installed(): AvailableComponent[] {
    const recipes = join(this.#directory, 'recipes');
    if (!existsSync(recipes)) return [];
    return readdirSync(recipes)
      .filter((name) => name.endsWith('.yaml'))
      .map((name) => {
        const recipeText = readFileSync(join(recipes, name), 'utf8');
        const recipe = readRecipe(recipeText, join(recipes, name));
        const place = this.artifacts(recipe.ComponentName, recipe.ComponentVersion);
        const artifact = (fileName: string) => [join(place, fileName)].find((path) => existsSync(path));
        return { recipe, recipeText, artifact };
      });
  }

  /** Whether all of it is there. */
  has(name: string, version: string): boolean {
    return existsSync(join(this.#directory, 'digests', `${name}-${version}.json`));
  }

  artifacts(name: string, version: string): string {
    return join(this.#directory, 'artifacts', name, version);
  }

  decompressed(name: string, version: string): string {
    return join(this.#directory, 'artifacts-unarchived', name, version);
  }

  /** Installs it, or checks what is installed. @throws NucleusError `ARTIFACT_INVALID` */
  install({ artifact, recipe, recipeText }: AvailableComponent, { Artifacts }: Manifest): void {
    const { ComponentName: name, ComponentVersion: version } = recipe;
    const file = join(this.#directory, 'digests', `${name}-${version}.json`);
    const before = record.optional().parse(readStateFile(file));
    const given = { recipe: recipeDigest(recipe), artifacts: {} as Record<string, string> };
    if (before !== undefined && before.recipe !== given.recipe) throw changed(name, version, 'recipe');
    for (const one of Artifacts) {
      const fileName = basename(one.URI);
      const source = artifact(fileName);
      if (source === undefined) throw invalid(name, version, `the artifact ${fileName} is missing`);
      const bytes = readFileSync(source);
      const digest = digestOf(bytes);
      if (one.Digest !== undefined && !isDigest(one.Digest, digest)) {
        throw invalid(name, version, `${fileName} is not what its digest says`);
      }
      const known = before?.artifacts[fileName];
      if (known !== undefined && known !== digest) throw changed(name, version, fileName);
      given.artifacts[fileName] = digest;
      this.#place(name, version, one, bytes, digest);
    }
    const place = join(this.#directory, 'recipes', `${name}-${version}.yaml`);
    if (!existsSync(place)) replace(place, Buffer.from(recipeText), 0o444);
    // Last: a record means that all of it is there.
    if (before === undefined) writeStateFile(file, given);
  }

  #place(name: string, version: string, artifact: Artifact, bytes: Buffer, digest: string): void {
    const { Permission, Unarchive, URI } = artifact;
    const fileName = basename(URI);
    const mode = (Permission?.Execute ?? 'NONE') === 'NONE' ? 0o444 : 0o555;
    const target = join(this.artifacts(name, version), fileName);
    const intact = existsSync(target) && digestOf(readFileSync(target)) === digest;
    if (!intact) replace(target, bytes, mode);
    if (Unarchive === 'NONE') return;
    const folder = join(this.decompressed(name, version), parse(fileName).name);
    rmSync(folder, { recursive: true, force: true });
    for (const [path, content] of Object.entries(unzip(bytes, name, version, fileName))) {
      if (path.endsWith('/')) continue;
      const place = join(folder, path);
      const inner = relative(folder, place);
      if (inner.startsWith('..') || inner === '') throw invalid(name, version, `${fileName} holds the path ${path}`);
      replace(place, content, mode);
    }
  }
}

function unzip(bytes: Buffer, name: string, version: string, fileName: string): Record<string, Uint8Array> {
  try {
    return unzipSync(bytes);
  } catch (error) {
    throw invalid(name, version, `${fileName} is no ZIP file: ${error instanceof Error ? error.message : error}`);
  }
}

function replace(target: string, bytes: Uint8Array, mode: number): void {
  mkdirSync(dirname(target), { recursive: true, mode: 0o700 });
  writeFileSync(`${target}.new`, bytes, { flush: true });
  chmodSync(`${target}.new`, mode);
  renameSync(`${target}.new`, target);
}

function digestOf(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/**
 * The same for a recipe of the cloud and the one it was made from: the cloud has other places of the artifacts, and writes their digests,
 * which are on record by themselves.
 */
function recipeDigest(recipe: Recipe): string {
  const Manifests = recipe.Manifests.map((manifest) => ({
    ...manifest,
    Artifacts: manifest.Artifacts.map(({ Algorithm: _algorithm, Digest: _digest, URI, ...rest }) => ({
      ...rest,
      URI: basename(URI),
    })),
  }));
  return digestOf(Buffer.from(JSON.stringify({ ...recipe, Manifests })));
}

/** In a recipe of AWS a digest is Base64; hexadecimal digits are as plain. */
function isDigest(written: string, digest: string): boolean {
  return written.toLowerCase() === digest || written === Buffer.from(digest, 'hex').toString('base64');
}

function invalid(name: string, version: string, problem: string): NucleusError {
  return new NucleusError('ARTIFACT_INVALID', `${name} ${version}: ${problem}`);
}

function changed(name: string, version: string, what: string): NucleusError {
  return invalid(name, version, `${what} has changed under an installed version; changed content needs a new version`);
}
