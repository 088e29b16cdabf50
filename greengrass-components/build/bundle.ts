import { join } from 'node:path';
import { build } from 'esbuild';
import { BuildError } from './component-folder.ts';

/**
 * A component's `src/main.ts` with all it imports, as one CommonJS file.
 *
 * INVARIANT: the same bytes on every machine. They depend on the sources, the packages of `package-lock.json` and these options;
 * no absolute path, time or environment goes into them.
 */
export async function bundle(repository: string, directory: string): Promise<Uint8Array> {
  const { outputFiles, warnings } = await build({
    absWorkingDir: repository,
    entryPoints: [join(directory, 'src', 'main.ts')],
    bundle: true,
    write: false,
    outfile: 'main.cjs',
    platform: 'node',
    target: 'node20',
    format: 'cjs',
    mainFields: ['module', 'main'],
    charset: 'utf8',
    legalComments: 'none',
    logLevel: 'silent',
    // The surroundings must not change the output.
    tsconfigRaw: { compilerOptions: { target: 'ES2023', verbatimModuleSyntax: true } },
    define: {},
  });
  if (warnings.length > 0) throw new BuildError(warnings.map(({ text }) => text).join('; '));
  const [file] = outputFiles;
  if (file === undefined) throw new BuildError(`${directory} has no bundle`);
  return file.contents;
}
