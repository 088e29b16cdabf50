import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { buildComponents } from './build-components.ts';
import { BuildError } from './component-folder.ts';

/** `npm run build:components [-- --update-digests] [folder…]` */
const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const { positionals, values } = parseArgs({
  options: { 'update-digests': { type: 'boolean', default: false } },
  allowPositionals: true,
});

try {
  const built = await buildComponents({
    repository: resolve(root, '..'),
    root,
    updateDigests: values['update-digests'],
    ...(positionals.length > 0 && { only: positionals }),
  });
  for (const { component, digestWritten, size } of built) {
    const note = digestWritten ? ', digest written' : '';
    process.stdout.write(`${component.name} ${component.version}: ${Math.ceil(size / 1_024)} KiB${note}\n`);
  }
} catch (error) {
  if (!(error instanceof BuildError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
}
