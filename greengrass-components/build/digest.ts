import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { BuildError, type ComponentFolder } from './component-folder.ts';

const sha256 = z.string().regex(/^[0-9a-f]{64}$/);

/** `digest.json`: what a version is, for ever. SHA-256 in hexadecimal digits. */
const digestSchema = z.strictObject({
  version: z.string(),
  recipe: sha256,
  artifacts: z.record(z.string(), sha256),
});

export type Digest = z.infer<typeof digestSchema>;

export function digestOf({ recipeText, version }: ComponentFolder, artifacts: ReadonlyMap<string, Uint8Array>): Digest {
  return {
    version,
    recipe: hash(Buffer.from(recipeText.replaceAll('\r\n', '\n'))),
    artifacts: Object.fromEntries([...artifacts].map(([name, bytes]) => [name, hash(bytes)])),
  };
}

/** Undefined: it was never built. */
export function committedDigest({ directory }: ComponentFolder): Digest | undefined {
  const place = join(directory, 'digest.json');
  return existsSync(place) ? digestSchema.parse(JSON.parse(readFileSync(place, 'utf8'))) : undefined;
}

export function writeDigest({ directory }: ComponentFolder, digest: Digest): void {
  writeFileSync(join(directory, 'digest.json'), `${JSON.stringify(digest, undefined, 2)}\n`);
}

/**
 * @returns whether `digest.json` is to be written
 * @throws BuildError when content has changed under an unchanged version, or nobody has said that digests may be updated
 */
export function checkDigest(component: ComponentFolder, built: Digest, mayUpdate: boolean): boolean {
  const { folder, version } = component;
  const committed = committedDigest(component);
  if (committed === undefined) {
    if (mayUpdate) return true;
    throw new BuildError(`${folder} ${version}: no digest.json; run with --update-digests to write it`);
  }
  const changed = changesBetween(committed, built);
  if (committed.version === version) {
    if (changed.length === 0) return false;
    throw new BuildError(
      `${folder} ${version}: ${changed.join(', ')} changed under an unchanged version. ` +
        'Raise ComponentVersion in recipe.yaml, then run with --update-digests. ' +
        'For a version that was never released: remove its digest.json, then run with --update-digests.',
    );
  }
  if (compareVersions(version, committed.version) < 0) {
    throw new BuildError(`${folder}: version ${version} is older than ${committed.version} of digest.json`);
  }
  if (mayUpdate) return true;
  throw new BuildError(
    `${folder}: digest.json is of version ${committed.version}, the recipe of ${version}; run with --update-digests`,
  );
}

/** What two digests have differently. */
export function changesBetween(before: Digest, after: Digest): string[] {
  const names = new Set([...Object.keys(before.artifacts), ...Object.keys(after.artifacts)]);
  const changed = [...names].filter((name) => before.artifacts[name] !== after.artifacts[name]).sort();
  return before.recipe === after.recipe ? changed : ['recipe.yaml', ...changed];
}

function compareVersions(one: string, other: string): number {
  const [a = [], b = []] = [one, other].map((version) => version.split('.').map(Number));
  for (const index of [0, 1, 2]) {
    const difference = (a[index] ?? 0) - (b[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

function hash(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
