import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { artifactsOf } from './artifacts.ts';
import { BuildError, type ComponentFolder, folderNames, readFolder } from './component-folder.ts';
import { checkDigest, digestOf, writeDigest } from './digest.ts';

export interface BuildOptions {
  /** The repository's root. */
  readonly repository: string;
  /** Where the components' folders are. */
  readonly root: string;
  /** Folders to build. @default all */
  readonly only?: readonly string[];
  readonly updateDigests: boolean;
}

export interface BuiltComponent {
  readonly component: ComponentFolder;
  /** bytes of all artifacts */
  readonly size: number;
  readonly digestWritten: boolean;
}

/**
 * Builds components into their `dist/`, and compares what came out with their committed digests.
 * @throws BuildError all problems at once; nothing of a component with a problem is written
 */
export async function buildComponents({
  only,
  repository,
  root,
  updateDigests,
}: BuildOptions): Promise<BuiltComponent[]> {
  const all = folderNames(root);
  const unknown = only?.filter((folder) => !all.includes(folder)) ?? [];
  if (unknown.length > 0) throw new BuildError(`no such component: ${unknown.join(', ')}`);
  const built: BuiltComponent[] = [];
  const problems: string[] = [];
  for (const folder of only ?? all) {
    try {
      built.push(await buildOne(repository, readFolder(root, folder), updateDigests));
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      problems.push(error instanceof BuildError ? error.message : `${folder}: ${error.message}`);
    }
  }
  if (problems.length > 0) throw new BuildError(problems.join('\n'));
  return built;
}

async function buildOne(repository: string, component: ComponentFolder, mayUpdate: boolean): Promise<BuiltComponent> {
  const artifacts = await artifactsOf(repository, component);
  const digest = digestOf(component, artifacts);
  const digestWritten = checkDigest(component, digest, mayUpdate);
  const dist = join(component.directory, 'dist');
  rmSync(dist, { recursive: true, force: true });
  mkdirSync(dist, { recursive: true });
  let size = 0;
  for (const [name, bytes] of artifacts) {
    writeFileSync(join(dist, name), bytes);
    size += bytes.length;
  }
  if (digestWritten) writeDigest(component, digest);
  return { component, size, digestWritten };
}
