import { constants, type X509Certificate } from 'node:crypto';
import type { Socket } from 'node:net';
import { createServer, type Server, type TLSSocket } from 'node:tls';
import type { Clock } from '../core/clock.ts';
import { CloudError, messageOf } from '../core/errors.ts';
import { serverNameOf } from '../core/http/request-head.ts';
import type { ServerIdentity } from '../core/tls.ts';

/** A client of the devices' endpoint after its TLS handshake. */
export interface EndpointClient {
  /** Registered and active, its key proven. Undefined for clients that authenticate otherwise. */
  readonly certificate: X509Certificate | undefined;
  readonly serverName: string | undefined;
}

export interface ListenerOptions {
  readonly host: string;
  /** 0 for any free port. */
  readonly port: number;
  readonly identity: ServerIdentity;
  readonly clock: Clock;
  /** ms for the TLS handshake, and again for the first byte after it. */
  readonly handshakeTimeoutMs: number;
  /** Refuse clients that do not name the server they want (SNI). */
  readonly requireServerName: boolean;
  /** The certificate is registered and active; `chain` begins with it. */
  admit(
    chain: readonly [X509Certificate, ...X509Certificate[]],
    serverName: string | undefined,
  ): boolean | Promise<boolean>;
  /** A client that speaks MQTT: with its certificate, or with custom authentication still to come. */
  onMqtt(socket: TLSSocket, client: EndpointClient): void;
  /** A client that speaks HTTP, or begins a WebSocket with it. */
  onHttp(socket: TLSSocket, client: EndpointClient): void;
  onRefused(reason: string): void;
}

/** ALPN names of the devices' endpoint (developer guide, protocols.html), and HTTP's own (RFC 7301 §6). */
const ALPN = { mqtt: 'x-amzn-mqtt-ca', https: 'x-amzn-http-ca', customMqtt: 'mqtt', http: 'http/1.1' } as const;

/**
 * TLS front of the devices' endpoint: versions 1.2 and 1.3 (developer guide, protocols.html). One port plays AWS's 443,
 * 8443 and 8883: where ALPN names no protocol, the first byte tells MQTT from HTTP.
 *
 * INVARIANTS
 * - A client that shows a certificate goes on only when that is registered and active; any other is destroyed before a
 *   byte of it is read. Which CA signed it does not matter: AWS IoT knows devices by registered certificates.
 * - MQTT without a certificate goes on only by ALPN `mqtt`, with custom authentication.
 */
export class Listener {
  readonly #options: ListenerOptions;
  readonly #sockets = new Set<Socket>();
  #server: Server | undefined;

  constructor(options: ListenerOptions) {
    this.#options = options;
  }

  /** @throws CloudError `PORT_IN_USE` */
  async start(): Promise<number> {
    const { host, port, identity, handshakeTimeoutMs } = this.#options;
    const server = createServer({
      cert: identity.certificatePem,
      key: identity.privateKeyPem,
      requestCert: true,
      // Checked in #admit, against the registry instead of a CA.
      rejectUnauthorized: false,
      minVersion: 'TLSv1.2',
      maxVersion: 'TLSv1.3',
      handshakeTimeout: handshakeTimeoutMs,
      ALPNProtocols: Object.values(ALPN),
      // "AWS IoT does not support the SessionTicket TLS extension" (developer guide, transport-security.md).
      secureOptions: constants.SSL_OP_NO_TICKET,
      noDelay: true,
    });
    this.#server = server;
    server.on('connection', (socket: Socket) => this.#track(socket));
    server.on('secureConnection', (socket) => this.#admit(socket));
    server.on('tlsClientError', (error) => this.#options.onRefused(error.message));
    await new Promise<void>((resolve, reject) => {
      server.once('error', (error) => reject(listenError(error, host, port)));
      server.listen(port, host, resolve);
    });
    server.on('error', (error) => this.#options.onRefused(error.message));
    const address = server.address();
    return typeof address === 'object' && address !== null ? address.port : port;
  }

  /** Ends the listener; sockets still open after their goodbye are cut. */
  async stop(): Promise<void> {
    const server = this.#server;
    if (server === undefined) return;
    this.#server = undefined;
    await new Promise<void>((resolve) => {
      server.close(() => resolve());
      // One turn for what the connections have said last.
      setImmediate(() => {
        for (const socket of this.#sockets) socket.destroySoon();
        setImmediate(() => {
          for (const socket of this.#sockets) socket.destroy();
        });
      });
    });
  }

  #track(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on('error', ignore);
    socket.once('close', () => this.#sockets.delete(socket));
  }

  #admit(socket: TLSSocket): void {
    socket.on('error', ignore);
    const serverName = serverNameOf(socket);
    const custom = socket.alpnProtocol === ALPN.customMqtt;
    // "They also must pass … the Server Name Indication (SNI) extension" (developer guide, custom-auth.md, "MQTT").
    if ((this.#options.requireServerName || custom) && serverName === undefined) {
      this.#refuse(socket, 'no server name (SNI)');
      return;
    }
    const certificate = custom ? undefined : socket.getPeerX509Certificate();
    if (certificate === undefined) {
      this.#route(socket, { certificate, serverName });
      return;
    }
    const decide = (admitted: boolean): void => {
      if (socket.destroyed) return;
      if (admitted) this.#route(socket, { certificate, serverName });
      else this.#refuse(socket, 'the client certificate is not registered or not active');
    };
    const admitted = this.#options.admit(chainOf(certificate), serverName);
    if (typeof admitted === 'boolean') decide(admitted);
    else admitted.then(decide, (error: unknown) => this.#refuse(socket, messageOf(error)));
  }

  #route(socket: TLSSocket, client: EndpointClient): void {
    const { onHttp, onMqtt } = this.#options;
    const certified = client.certificate !== undefined;
    switch (socket.alpnProtocol) {
      case ALPN.mqtt:
        if (certified) onMqtt(socket, client);
        else this.#refuse(socket, 'no client certificate');
        return;
      case ALPN.https:
        if (certified) onHttp(socket, client);
        else this.#refuse(socket, 'no client certificate');
        return;
      case ALPN.http:
        onHttp(socket, client);
        return;
      default:
        this.#peek(socket, (first) => {
          if (isHttp(first)) onHttp(socket, client);
          else if (certified || socket.alpnProtocol === ALPN.customMqtt) onMqtt(socket, client);
          else this.#refuse(socket, 'no client certificate');
        });
    }
  }

  /** Waits for the first byte, and leaves it where it is. */
  #peek(socket: TLSSocket, decide: (first: number) => void): void {
    const { clock, handshakeTimeoutMs } = this.#options;
    const timer = clock.after(handshakeTimeoutMs, () => this.#refuse(socket, 'nothing was sent after the handshake'));
    const cancel = (): void => timer.cancel();
    socket.once('close', cancel);
    socket.once('data', (chunk: Buffer) => {
      cancel();
      socket.off('close', cancel);
      socket.pause();
      socket.unshift(chunk);
      decide(chunk[0] as number);
      // Whoever took the socket has its listeners on it by then.
      process.nextTick(() => socket.resume());
    });
  }

  #refuse(socket: TLSSocket, reason: string): void {
    this.#options.onRefused(reason);
    socket.destroy();
  }
}

/** An error ends its own connection: `close` follows. Of no scope, so that it holds nothing for a connection's life. */
function ignore(): void {}

/** A method's name begins with a capital letter; of MQTT's packet types none does that a client may begin with. */
function isHttp(first: number): boolean {
  return first >= 0x41 && first <= 0x5a;
}

/** What the client sent: its certificate, and those of its issuers where it sent them. */
function chainOf(own: X509Certificate): [X509Certificate, ...X509Certificate[]] {
  const chain: [X509Certificate, ...X509Certificate[]] = [own];
  for (let issuer = own.issuerCertificate; issuer !== undefined; issuer = issuer.issuerCertificate) {
    if (chain.some((known) => known.fingerprint256 === issuer?.fingerprint256)) break;
    chain.push(issuer);
  }
  return chain;
}

function listenError(error: NodeJS.ErrnoException, host: string, port: number): CloudError {
  const text =
    error.code === 'EADDRINUSE'
      ? `port ${port} of ${host} is in use: stop what listens there or choose another MQTT port`
      : `cannot listen on ${host}:${port}: ${messageOf(error)}`;
  return new CloudError('PORT_IN_USE', text, { cause: error });
}
