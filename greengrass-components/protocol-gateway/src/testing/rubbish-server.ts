import { createSocket } from 'node:dgram';
import { createServer, type Socket } from 'node:net';

/** A TCP server that does with its clients what a test wants. For tests. */
export async function tcpServer(
  serve: (socket: Socket) => void,
  port = 0,
): Promise<{ port: number; connections(): number; close(): Promise<void> }> {
  const sockets = new Set<Socket>();
  let connections = 0;
  const server = createServer((socket) => {
    connections++;
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => sockets.delete(socket));
    serve(socket);
  });
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  const address = server.address();
  return {
    port: typeof address === 'object' && address !== null ? address.port : 0,
    connections: () => connections,
    close: () =>
      new Promise((resolve) => {
        for (const socket of sockets) socket.destroy();
        server.close(() => resolve());
      }),
  };
}

/** A UDP server that answers a datagram with whatever a test wants. For tests. */
export async function udpServer(
  answer: (datagram: Buffer, send: (reply: Buffer) => void) => void,
): Promise<{ port: number; close(): Promise<void> }> {
  const socket = createSocket('udp4');
  socket.on('error', () => {});
  socket.on('message', (datagram, { address, port }) =>
    answer(datagram, (reply) => socket.send(reply, port, address, () => {})),
  );
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
  return { port: socket.address().port, close: () => new Promise((resolve) => socket.close(() => resolve())) };
}

/** Even draws in [0, 1), the same at each run. For tests. */
export function draws(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0;
    return (state >>> 0) / 4_294_967_296;
  };
}

export function bytes(draw: () => number, most: number): Buffer {
  return Buffer.from(Array.from({ length: Math.floor(draw() * most) }, () => Math.floor(draw() * 256)));
}
