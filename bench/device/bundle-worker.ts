import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** One file of its own for each measured program, as it would be shipped: none pays for the others' code, or for a loader. */
export async function bundleWorker(name: string, source: string): Promise<string> {
  const directory = join(ROOT, 'node_modules/.cache/fleetwright/bench-device');
  mkdirSync(directory, { recursive: true });
  const outfile = join(directory, `${name}.mjs`);
  await build({
    entryPoints: [join(ROOT, source)],
    outfile,
    bundle: true,
    // The SDK is native code beside JavaScript; it stays a package.
    external: ['aws-iot-device-sdk-v2'],
    platform: 'node',
    format: 'esm',
    target: 'node20',
    minify: true,
    mainFields: ['module', 'main'],
    logLevel: 'silent',
  });
  return outfile;
}
