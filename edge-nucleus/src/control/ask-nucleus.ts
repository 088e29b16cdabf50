import { existsSync, readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { NucleusError } from '../nucleus-error.ts';
import {
  type ControlAnswer,
  type ControlRequest,
  type NucleusRuntime,
  RUNTIME_FILE,
  runtimeSchema,
} from './control-protocol.ts';

/** What the nucleus on a root directory says of itself; undefined when there is none. */
export function runningNucleus(root: string): NucleusRuntime | undefined {
  const file = join(root, RUNTIME_FILE);
  if (!existsSync(file)) return undefined;
  const read = runtimeSchema.safeParse(JSON.parse(readFileSync(file, 'utf8')));
  if (!read.success) return undefined;
  try {
    process.kill(read.data.pid, 0);
    return read.data;
  } catch {
    return undefined;
  }
}

/**
 * Asks the nucleus that runs on a root directory.
 * @returns what the command gives
 * @throws NucleusError `STOPPED` when none runs, or it ends meanwhile; otherwise as the nucleus has it
 */
export async function askNucleus(root: string, request: ControlRequest): Promise<unknown> {
  const runtime = runningNucleus(root);
  if (runtime === undefined) throw new NucleusError('STOPPED', `no nucleus runs on ${root}`);
  const text = await new Promise<string>((resolve, reject) => {
    const socket = connect(runtime.controlPath);
    let received = '';
    socket.setEncoding('utf8');
    socket.on('connect', () => socket.write(`${JSON.stringify(request)}\n`));
    socket.on('data', (chunk: string) => {
      received += chunk;
    });
    socket.on('error', (cause) =>
      reject(new NucleusError('STOPPED', `the nucleus on ${root} does not answer: ${cause.message}`, { cause })),
    );
    socket.on('close', () => resolve(received));
  });
  if (!text.endsWith('\n')) throw new NucleusError('STOPPED', `the nucleus on ${root} has ended without an answer`);
  const answer = JSON.parse(text) as ControlAnswer;
  if (answer.ok) return answer.result;
  throw new NucleusError(answer.code as NucleusError['code'], answer.message);
}
