import { spawn, spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { connect } from 'node:tls';
import type { Peer } from './peer.ts';
import type { PeerPki } from './test-pki.ts';

/** Bare Mosquitto with mTLS and no persistence, or undefined where it is not installed. */
export async function startMosquitto(directory: string, pki: PeerPki): Promise<Peer | undefined> {
  const help = spawnSync('mosquitto', ['-h'], { encoding: 'utf8' });
  if (help.error !== undefined) return undefined;
  const port = await freePort();
  const configuration = join(directory, 'mosquitto.conf');
  writeFileSync(
    configuration,
    [
      `listener ${port} 127.0.0.1`,
      `cafile ${pki.caFile}`,
      `certfile ${pki.serverCertificateFile}`,
      `keyfile ${pki.serverKeyFile}`,
      'require_certificate true',
      'use_identity_as_username true',
      'allow_anonymous true',
      'max_inflight_messages 0',
      'max_queued_messages 0',
      'set_tcp_nodelay true',
      'log_type error',
      'user root',
      '',
    ].join('\n'),
  );
  const child = spawn('mosquitto', ['-c', configuration], { stdio: 'ignore' });
  await listening(port, pki);
  return {
    name: 'mosquitto',
    version: /version (\S+)/.exec(help.stdout)?.[1] ?? 'unknown',
    pid: child.pid as number,
    port,
    stop: () =>
      new Promise((resolve) => {
        child.once('exit', () => resolve());
        child.kill();
      }),
  };
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer();
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}

async function listening(port: number, pki: PeerPki): Promise<void> {
  for (let attempt = 0; attempt < 100; attempt++) {
    const up = await new Promise<boolean>((resolve) => {
      const socket = connect({
        port,
        host: '127.0.0.1',
        cert: pki.clientCertificatePem,
        key: pki.clientKeyPem,
        rejectUnauthorized: false,
      });
      socket.once('secureConnect', () => {
        socket.end();
        resolve(true);
      });
      socket.once('error', () => resolve(false));
    });
    if (up) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error('mosquitto does not listen');
}
