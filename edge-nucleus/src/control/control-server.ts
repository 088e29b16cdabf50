import { chmodSync, rmSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import type { NucleusClock } from '../clock.ts';
import type { NucleusLog } from '../log.ts';
import { NucleusError } from '../nucleus-error.ts';
import {
  type ControlAnswer,
  type ControlRequest,
  controlRequestSchema,
  MAX_REQUEST_BYTES,
} from './control-protocol.ts';

/** ms for a client to say what it wants */
const REQUEST_TIMEOUT = 10_000;

export interface ControlServer {
  close(): Promise<void>;
}

/** @param run does what is asked @throws NucleusError `STATE_UNUSABLE` */
export async function startControlServer(
  path: string,
  run: (request: ControlRequest) => Promise<unknown>,
  { clock, log }: { clock: NucleusClock; log: NucleusLog },
): Promise<ControlServer> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    const timer = clock.after(REQUEST_TIMEOUT, () => socket.destroy());
    socket.on('close', () => {
      timer.cancel();
      sockets.delete(socket);
    });
    socket.on('error', () => {});
    let text = '';
    socket.setEncoding('utf8');
    socket.on('data', (chunk: string) => {
      if (text.endsWith('\n')) return;
      text += chunk;
      if (text.length > MAX_REQUEST_BYTES) socket.destroy();
      if (!text.includes('\n')) return;
      text = text.slice(0, text.indexOf('\n') + 1);
      timer.cancel();
      void answer(text, run, log).then((result) => socket.end(`${JSON.stringify(result)}\n`));
    });
  });
  await new Promise<void>((resolve, reject) => {
    const fail = (cause: Error): void =>
      reject(new NucleusError('STATE_UNUSABLE', `no socket at ${path}: ${cause.message}`, { cause }));
    rmSync(path, { force: true });
    server.once('error', fail);
    server.listen(path, () => {
      server.off('error', fail);
      chmodSync(path, 0o600);
      resolve();
    });
  });
  return {
    close() {
      for (const socket of sockets) socket.destroy();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

async function answer(
  text: string,
  run: (request: ControlRequest) => Promise<unknown>,
  log: NucleusLog,
): Promise<ControlAnswer> {
  try {
    return { ok: true, result: await run(controlRequestSchema.parse(JSON.parse(text))) };
  } catch (error) {
    if (error instanceof NucleusError) return { ok: false, code: error.code, message: error.message };
    log('warn', 'a control request failed', { reason: String(error) });
    return { ok: false, code: 'FAILED', message: error instanceof Error ? error.message : String(error) };
  }
}
