import { chmodSync, mkdirSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { dirname } from 'node:path';
import { type ConnectionPorts, IpcConnection } from './ipc-connection.ts';
import { IpcError } from './ipc-error.ts';

/** Clients at once; a component has one, or a few. */
const MAX_CONNECTIONS = 256;
/** Longest path of a Unix socket on Linux (`sun_path` in unix(7)). bytes */
const MAX_PATH_BYTES = 107;

export interface IpcServer {
  readonly path: string;
  /** Ends the connections of a component whose token is withdrawn. */
  disconnect(componentName: string): void;
  close(): Promise<void>;
}

/**
 * Greengrass IPC on a Unix socket that its owner alone can open (0600).
 * @throws IpcError `SOCKET_UNUSABLE`
 */
export async function startIpcServer(path: string, ports: ConnectionPorts): Promise<IpcServer> {
  if (Buffer.byteLength(path) > MAX_PATH_BYTES) {
    throw new IpcError('SOCKET_UNUSABLE', `${path} is longer than ${MAX_PATH_BYTES} bytes, which a Unix socket allows`);
  }
  const connections = new Set<IpcConnection>();
  const server = createServer((socket) => {
    const connection = new IpcConnection(socket, ports);
    connections.add(connection);
    socket.once('close', () => connections.delete(connection));
  });
  server.maxConnections = MAX_CONNECTIONS;
  server.on('drop', () => ports.log('warn', 'an IPC connection was dropped', { most: MAX_CONNECTIONS }));
  await listen(server, path);
  return {
    path,
    disconnect(componentName) {
      for (const connection of connections) {
        if (connection.caller?.componentName === componentName) connection.close('its component has ended');
      }
    },
    close() {
      for (const connection of connections) connection.close('the nucleus ends');
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

function listen(server: Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const fail = (cause: unknown): void => {
      const reason = cause instanceof Error ? cause.message : String(cause);
      reject(new IpcError('SOCKET_UNUSABLE', `no socket at ${path}: ${reason}`, { cause }));
    };
    try {
      mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
      // Left by a nucleus that was killed: the directory is locked by whoever runs, so nobody listens there.
      rmSync(path, { force: true });
    } catch (error) {
      fail(error);
      return;
    }
    server.once('error', fail);
    server.listen(path, () => {
      server.off('error', fail);
      chmodSync(path, 0o600);
      resolve();
    });
  });
}
