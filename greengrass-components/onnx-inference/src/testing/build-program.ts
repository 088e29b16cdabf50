import { mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import type { InferencePrograms } from '../onnx-inference.ts';

/** The component's bundle, made anew in a temporary directory, and the runtime of the installed package. For tests. */
export async function buildProgram(): Promise<InferencePrograms & { remove(): void }> {
  const directory = mkdtempSync(join(tmpdir(), 'fleetwright-inference-'));
  const program = join(directory, 'main.cjs');
  const here = fileURLToPath(import.meta.url);
  await build({
    entryPoints: [join(dirname(here), '../main.ts')],
    bundle: true,
    outfile: program,
    platform: 'node',
    target: 'node20',
    format: 'cjs',
    mainFields: ['module', 'main'],
    logLevel: 'error',
  });
  const wasmFile = createRequire(here).resolve('onnxruntime-web/ort-wasm-simd-threaded.wasm');
  return { program, wasmFile, remove: () => rmSync(directory, { recursive: true, force: true }) };
}
