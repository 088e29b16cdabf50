import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { type DeviceOrder, type LoadFigures, type MeasuredProcess, REST, type RestFigures } from './device-order.ts';
import { packagedProgram } from './packaged-program.ts';

/** ms that it may take beyond what it is asked for: to start, to connect, to have the last messages acknowledged */
const PATIENCE = 60_000;
const MAX_WORDS = 2_000;

/** Starts a worker. @throws Error with its last words, when it ends or does not answer in time */
export async function startWorker(entry: string, order: DeviceOrder): Promise<MeasuredProcess> {
  const { environment, nodeOptions } = packagedProgram();
  const child = spawn(process.execPath, [...nodeOptions, entry, JSON.stringify(order)], {
    env: { ...process.env, ...environment },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  // A child that is gone is told by the end of its output.
  child.stdin.on('error', () => {});
  let words = '';
  child.stderr.on('data', (chunk: Buffer) => {
    words = `${words}${chunk}`.slice(-MAX_WORDS);
  });
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const next = async (milliseconds: number): Promise<unknown> => {
    const late = setTimeout(() => child.kill('SIGKILL'), milliseconds + PATIENCE);
    const { value } = await lines.next();
    clearTimeout(late);
    if (value !== undefined) return JSON.parse(value);
    // Not the order: it holds a key.
    throw new Error(`the measured process '${order.kind}' ended or was late${words === '' ? '' : `: ${words}`}`);
  };
  return {
    rest: (await next(REST)) as RestFigures,
    load(seconds) {
      child.stdin.write(`${seconds}\n`);
      return next(seconds * 1_000) as Promise<LoadFigures>;
    },
    async stop() {
      child.stdin.end();
      const late = setTimeout(() => child.kill('SIGKILL'), PATIENCE);
      await ended;
      clearTimeout(late);
    },
  };
}
