import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import manifest from '../../package.json' with { type: 'json' };
import type { Peer } from './peer.ts';
import type { PeerPki } from './test-pki.ts';

export async function startAedes(pki: PeerPki): Promise<Peer> {
  const child = fork(
    fileURLToPath(new URL('./aedes-server.ts', import.meta.url)),
    [pki.caFile, pki.serverCertificateFile, pki.serverKeyFile],
    { execArgv: ['--import', 'tsx'] },
  );
  const port = await new Promise<number>((resolve, reject) => {
    child.once('message', (message) => resolve(message as number));
    child.once('exit', (code) => reject(new Error(`aedes ended with exit code ${code}`)));
  });
  return {
    name: 'aedes',
    version: manifest.devDependencies.aedes,
    pid: child.pid as number,
    port,
    stop: () =>
      new Promise((resolve) => {
        child.removeAllListeners('exit').once('exit', () => resolve());
        child.kill();
      }),
  };
}
