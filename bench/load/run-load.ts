import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { LoadOrder, LoadResult } from './load-order.ts';

/** `mqttjs`: a client library as fleets use it. `raw`: a hand-written client that is never the limit. */
export type LoadKind = 'mqttjs' | 'raw';

/** Runs the load client in a process of its own. */
export function runLoad(kind: LoadKind, order: LoadOrder): Promise<LoadResult> {
  return new Promise((resolve, reject) => {
    const child = fork(fileURLToPath(new URL(`./${kind}-publisher.ts`, import.meta.url)), [], {
      execArgv: ['--import', 'tsx'],
      serialization: 'advanced',
    });
    child.on('message', (message: { kind: 'result'; result: LoadResult } | { kind: 'error'; message: string }) => {
      if (message.kind === 'result') resolve(message.result);
      else reject(new Error(`load client: ${message.message}`));
    });
    child.on('exit', (code) => reject(new Error(`the load client ended with exit code ${code}`)));
    child.send(order);
  });
}
