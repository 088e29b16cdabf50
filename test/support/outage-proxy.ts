import { createConnection, createServer, type Server, type Socket } from 'node:net';

/** Stands between devices and the broker, and fails when told to. It sees only ciphertext. */
export class OutageProxy {
  readonly #target: { readonly host: string; readonly port: number };
  readonly #sockets = new Set<Socket>();
  #server: Server | undefined;
  #port = 0;
  /** Connections that devices have tried to make while there was none to be had. */
  refused = 0;
  #isDown = false;

  constructor(host: string, port: number) {
    this.#target = { host, port };
  }

  get port(): number {
    return this.#port;
  }

  async start(): Promise<void> {
    const server = createServer((socket) => this.#accept(socket));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    this.#server = server;
    this.#port = (server.address() as { port: number }).port;
  }

  /** Every connection is cut, and new ones are, until {@link up}. */
  down(): void {
    this.#isDown = true;
    for (const socket of this.#sockets) socket.destroy();
  }

  up(): void {
    this.#isDown = false;
  }

  async stop(): Promise<void> {
    this.down();
    await new Promise<void>((resolve) => (this.#server ? this.#server.close(() => resolve()) : resolve()));
  }

  #accept(socket: Socket): void {
    if (this.#isDown) {
      this.refused++;
      socket.destroy();
      return;
    }
    const upstream = createConnection(this.#target);
    for (const end of [socket, upstream]) {
      this.#sockets.add(end);
      end.on('error', () => end.destroy());
      end.on('close', () => {
        this.#sockets.delete(end);
        (end === socket ? upstream : socket).destroy();
      });
    }
    socket.pipe(upstream).pipe(socket);
  }
}
