import { readFileSync } from 'node:fs';
import { parentPort, workerData } from 'node:worker_threads';
import { env, InferenceSession, Tensor } from 'onnxruntime-web/wasm';
import { ModelRefusal } from './model-refusal.ts';
import type { WorkerAnswer, WorkerData, WorkerRequest } from './worker-protocol.ts';

type LoadRequest = Extract<WorkerRequest, { kind: 'load' }>;
type RunRequest = Extract<WorkerRequest, { kind: 'run' }>;

/** Fatal problems only: what a run throws is told as its answer. */
const QUIET = { logSeverityLevel: 4 } as const;

/** The thread of one model: nothing that a model does here reaches the thread of the component but its answers. */
export function serveModel(): void {
  const port = parentPort;
  if (port === null) throw new Error('only a worker thread serves a model');
  const { wasmFile } = workerData as WorkerData;
  let model: { session: InferenceSession; request: LoadRequest } | undefined;
  port.on('message', async (request: WorkerRequest) => {
    try {
      if (request.kind === 'load') {
        model = { session: await load(request, wasmFile), request };
        answer({ id: request.id, ok: true });
      } else {
        if (model === undefined) throw new Error('no model has been loaded');
        const values = await run(model.session, model.request, request);
        answer({ id: request.id, ok: true, values });
      }
    } catch (error) {
      const reason = error instanceof ModelRefusal ? error.reason : request.kind === 'load' ? 'NOT_LOADABLE' : 'THREW';
      const detail = error instanceof Error ? error.message : String(error);
      answer({ id: request.id, ok: false, reason, detail: detail.slice(0, 512) });
    }
  });
  const answer = (message: WorkerAnswer): void => port.postMessage(message);
}

async function load({ bytes, outputs, tensors, width }: LoadRequest, wasmFile: string): Promise<InferenceSession> {
  env.logLevel = 'fatal';
  env.wasm.numThreads = 1;
  env.wasm.proxy = false;
  // Given as bytes: the runtime would fetch it otherwise.
  env.wasm.wasmBinary = new Uint8Array(readFileSync(wasmFile)).buffer;
  const session = await InferenceSession.create(bytes, { executionProviders: ['wasm'], ...QUIET });
  checkTensor('input', session.inputMetadata, tensors.input, tensors.batch, width);
  checkTensor('output', session.outputMetadata, tensors.output, tensors.batch, outputs);
  return session;
}

/** @throws ModelRefusal `SHAPE_MISMATCH` */
function checkTensor(
  side: 'input' | 'output',
  metadata: readonly InferenceSession.ValueMetadata[],
  name: string,
  batch: boolean,
  width: number,
): void {
  const refuse = (problem: string) => new ModelRefusal('SHAPE_MISMATCH', `the ${side} ${name} ${problem}`);
  const found = metadata.find((tensor) => tensor.name === name);
  if (metadata.length !== 1 || found === undefined) {
    throw refuse(`must be the only ${side}, the model has ${metadata.map((tensor) => tensor.name).join(', ')}`);
  }
  if (!found.isTensor || found.type !== 'float32') throw refuse('must be a tensor of float32');
  const [rows, columns, ...more] = found.shape;
  const rowsFit = batch ? typeof rows === 'string' : typeof rows === 'string' || rows === 1;
  if (!rowsFit || columns !== width || more.length > 0) {
    throw refuse(`must be ${batch ? 'any number of' : '1'} × ${width}, is ${found.shape.join(' × ') || 'a scalar'}`);
  }
}

async function run(
  session: InferenceSession,
  { outputs, tensors, width }: LoadRequest,
  { rows, values }: RunRequest,
): Promise<Float32Array> {
  if (tensors.batch) return infer(session, tensors, values, rows, width, outputs);
  const all = new Float32Array(rows * outputs);
  for (let row = 0; row < rows; row++) {
    const one = values.slice(row * width, (row + 1) * width);
    all.set(await infer(session, tensors, one, 1, width, outputs), row * outputs);
  }
  return all;
}

async function infer(
  session: InferenceSession,
  { input, output }: LoadRequest['tensors'],
  values: Float32Array,
  rows: number,
  width: number,
  outputs: number,
): Promise<Float32Array> {
  const results = await session.run({ [input]: new Tensor('float32', values, [rows, width]) }, [output], QUIET);
  const tensor = results[output];
  const data = await tensor?.getData();
  if (!(data instanceof Float32Array) || data.length !== rows * outputs) {
    throw new Error(`gave ${tensor?.dims.join(' × ')} for ${rows} rows of ${outputs}`);
  }
  return new Float32Array(data);
}
