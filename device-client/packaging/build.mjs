#!/usr/bin/env node
// Makes what is installed on a device: `node device-client/packaging/build.mjs <directory>`.
// The agent and the launcher, each one file of JavaScript; the agent once more as an image for the launcher's slots; and a
// package.json with the one package that is native code.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = fileURLToPath(new URL('../..', import.meta.url));
const [directory] = process.argv.slice(2);
if (directory === undefined) {
  process.stderr.write('usage: build.mjs <directory>\n');
  process.exit(2);
}
const target = resolve(directory);
const { dependencies, version } = JSON.parse(readFileSync(join(root, 'device-client/package.json'), 'utf8'));
const sdk = 'aws-iot-device-sdk-v2';
mkdirSync(target, { recursive: true });
const common = {
  bundle: true,
  external: [sdk],
  platform: 'node',
  target: 'node20',
  minify: true,
  mainFields: ['module', 'main'],
};
await build({
  ...common,
  entryPoints: {
    'device-client': join(root, 'device-client/src/agent/main.ts'),
    launcher: join(root, 'device-client/src/update/launcher/main.ts'),
  },
  outdir: target,
  outExtension: { '.js': '.mjs' },
  format: 'esm',
  banner: { js: '#!/usr/bin/env -S node --max-semi-space-size=1 --optimize-for-size' },
});
// Slots hold files without a name of their own: CommonJS, which finds the SDK through NODE_PATH.
await build({
  ...common,
  entryPoints: { image: join(root, 'device-client/src/agent/main.ts') },
  outdir: target,
  outExtension: { '.js': '.cjs' },
  format: 'cjs',
  define: { 'import.meta.url': 'imageUrl' },
  banner: { js: "const imageUrl = require('node:url').pathToFileURL(__filename).href;" },
});
const manifest = {
  name: 'fleetwright-device',
  version,
  private: true,
  type: 'module',
  dependencies: { [sdk]: dependencies[sdk] },
};
writeFileSync(join(target, 'package.json'), `${JSON.stringify(manifest, undefined, 2)}\n`);
