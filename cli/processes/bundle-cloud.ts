import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { PROJECT_ROOT } from '../project-root.ts';

const SOURCES = fileURLToPath(new URL('../../local-cloud/src', import.meta.url));
const ENTRY = join(SOURCES, 'main.ts');
/** Services that get a thread of their own, and the modules that serve them there. */
const THREADS = { timestream: join(SOURCES, 'services/timestream/thread.ts') };
/** Below `node_modules`, so that packages are found from there. */
const CACHE = join(PROJECT_ROOT, 'node_modules/.cache/fleetwright');
const NAME = /^local-cloud-[0-9a-f]{16}$/;
/** ms; a bundle that another version of the sources may be starting from just now is let be. */
const YOUNG = 60_000;

export interface CloudBundle {
  readonly entry: string;
  /** By service. */
  readonly threads: Readonly<Record<string, string>>;
}

/**
 * The local cloud's own sources in a few JavaScript files, made anew when one of them has changed: hundreds of TypeScript
 * modules, loaded one by one, would take as long again as everything else at a start. Packages stay where they are.
 *
 * @returns the modules to start; the sources' own where no bundle can be kept, as in a read-only installation
 */
export async function bundledCloud(): Promise<CloudBundle> {
  const files = readdirSync(SOURCES, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'));
  const bundle = join(CACHE, `local-cloud-${digestOf(files)}`);
  const bundled: CloudBundle = {
    entry: join(bundle, 'main.mjs'),
    threads: Object.fromEntries(Object.keys(THREADS).map((service) => [service, join(bundle, `${service}.mjs`)])),
  };
  if (statSync(bundle, { throwIfNoEntry: false }) !== undefined) return bundled;
  const unfinished = `${bundle}.${process.pid}`;
  try {
    mkdirSync(CACHE, { recursive: true });
    await build({
      entryPoints: { main: ENTRY, ...THREADS },
      outdir: unfinished,
      outExtension: { '.js': '.mjs' },
      bundle: true,
      packages: 'external',
      platform: 'node',
      format: 'esm',
      target: 'node20',
      logLevel: 'silent',
      plugins: [{ name: 'module-urls', setup: keepModuleUrls }],
    });
    renameSync(unfinished, bundle);
    removeOthers(bundle);
    return bundled;
  } catch {
    // A mistake in the sources is shown by the loader, with its place.
    rmSync(unfinished, { recursive: true, force: true });
    // Another start may have made the same bundle meanwhile.
    if (statSync(bundle, { throwIfNoEntry: false }) !== undefined) return bundled;
    return { entry: ENTRY, threads: {} };
  }
}

/** `import.meta.url` keeps naming the source file. */
function keepModuleUrls({ onLoad }: Parameters<NonNullable<Parameters<typeof build>[0]['plugins']>[0]['setup']>[0]) {
  onLoad({ filter: /\.ts$/ }, ({ path }) => {
    const source = readFileSync(path, 'utf8');
    if (!source.includes('import.meta.url')) return undefined;
    const url = JSON.stringify(pathToFileURL(path).href);
    return { contents: source.replaceAll('import.meta.url', url), loader: 'ts' as const };
  });
}

function digestOf(files: readonly string[]): string {
  const hash = createHash('sha256').update(SOURCES);
  for (const file of [...files].sort()) {
    const { mtimeMs, size } = statSync(join(SOURCES, file));
    hash.update(`${file}\0${mtimeMs}\0${size}\n`);
  }
  return hash.digest('hex').slice(0, 16);
}

function removeOthers(bundle: string): void {
  for (const name of readdirSync(CACHE)) {
    const path = join(CACHE, name);
    if (!NAME.test(name) || path === bundle) continue;
    const age = Date.now() - (statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? Date.now());
    if (age > YOUNG) rmSync(path, { recursive: true, force: true });
  }
}
