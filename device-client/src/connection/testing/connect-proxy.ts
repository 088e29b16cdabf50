import { createServer, type Server } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';

/** An HTTP proxy that tunnels, and writes down where to. */
export class ConnectProxy {
  /** `host:port` of each tunnel. */
  readonly tunnels: string[] = [];
  refused = 0;
  readonly #credentials: string | undefined;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  /** @param credentials `username:password` that it wants */
  constructor(credentials?: string) {
    this.#credentials = credentials;
    this.#server = createServer((_request, response) => {
      response.writeHead(405).end();
    });
    this.#server.on('connect', ({ headers, url = '' }, socket: Socket) => {
      const wanted = this.#credentials && `Basic ${Buffer.from(this.#credentials).toString('base64')}`;
      this.#keep(socket);
      if (wanted !== undefined && headers['proxy-authorization'] !== wanted) {
        this.refused++;
        socket.end('HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm="test"\r\n\r\n');
        return;
      }
      const { hostname, port } = new URL(`tunnel://${url}`);
      const target = connect(Number(port), hostname.replace(/^\[|\]$/g, ''), () => {
        this.tunnels.push(url);
        socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
        socket.pipe(target).pipe(socket);
      });
      this.#keep(target);
      target.on('error', () => socket.end('HTTP/1.1 502 Bad Gateway\r\n\r\n'));
    });
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  async start(): Promise<void> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  #keep(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => this.#sockets.delete(socket));
  }
}
