import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildSync } from 'esbuild';

/** Root of the repository: entries and the paths inside a bundle are relative to it. */
export const REPOSITORY = fileURLToPath(new URL('../../../', import.meta.url));

/** Entry file of a function, by folder name under `lambdas/`. */
export function functionEntry(name: string): string {
  return join(REPOSITORY, 'lambdas', name, 'handler.ts');
}

/** What a function never uses of its libraries, and what stands for it. Paths are relative to the repository. */
const SUBSTITUTES = {
  '@aws-sdk/credential-provider-node': './lambdas/shared/bundling/environment-credentials.ts',
  '@smithy/core/event-streams': './lambdas/shared/bundling/no-event-streams.ts',
  // Functions read CBOR and never write it; a native extractor cannot be bundled.
  'cbor-x': './node_modules/cbor-x/decode.js',
};

interface BundleFile {
  readonly name: string;
  readonly contents: Uint8Array;
}

const bundles = new Map<string, readonly BundleFile[]>();

/**
 * Bundles one function, with the AWS SDK, into `index.js`, minified: a start reads and parses all of it.
 *
 * INVARIANT: the same sources give the same bytes wherever they are checked out and wherever the assembly is written,
 * because the asset hash, and with it the template, is made of them. So nothing here depends on the output directory.
 */
export function bundle(entry: string, outputDirectory: string): void {
  for (const file of bundled(entry)) {
    const path = join(outputDirectory, file.name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, file.contents);
  }
}

function bundled(entry: string): readonly BundleFile[] {
  if (!bundles.has(entry)) {
    const own = ownEntries();
    buildAll(own.includes(entry) ? own : [entry]);
  }
  return bundles.get(entry) as readonly BundleFile[];
}

/** The platform's own functions share most of their libraries: bundled together, these are read once. */
function ownEntries(): string[] {
  return readdirSync(join(REPOSITORY, 'lambdas')).map(functionEntry).filter(existsSync);
}

function buildAll(entries: readonly string[]): void {
  const outdir = join(REPOSITORY, '.bundle');
  const { outputFiles } = buildSync({
    absWorkingDir: REPOSITORY,
    entryPoints: Object.fromEntries(entries.map((entry, at) => [`${at}/index`, relative(REPOSITORY, entry)])),
    outdir,
    write: false,
    bundle: true,
    platform: 'node',
    // AWS runs the bundle on Node 24, the local cloud on the Node it was started with, 20 at least.
    target: 'node20',
    format: 'cjs',
    mainFields: ['module', 'main'],
    alias: SUBSTITUTES,
    minify: true,
    charset: 'utf8',
    legalComments: 'none',
    logLevel: 'warning',
  });
  for (const [at, entry] of entries.entries()) {
    const directory = join(outdir, String(at));
    const own = outputFiles.filter(({ path }) => dirname(path) === directory);
    bundles.set(
      entry,
      own.map(({ contents, path }) => ({ name: relative(directory, path), contents })),
    );
  }
}
