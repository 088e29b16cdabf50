import { dirname, join } from 'node:path';
import { runComponent } from '../../shared/src/run-component.ts';
import { configurationSchema } from './configuration.ts';
import { OnnxInference } from './onnx-inference.ts';

// The bundle, as the recipe starts it; its other artifact lies beside it.
const program = process.argv[1] ?? '';
const wasmFile = join(dirname(program), 'ort-wasm-simd-threaded.wasm');

runComponent(new OnnxInference({ program, wasmFile }), configurationSchema);
