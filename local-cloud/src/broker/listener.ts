import { constants, type X509Certificate } from 'node:crypto';
import type { Socket } from 'node:net';
import { createServer, type Server, type TLSSocket } from 'node:tls';
import { CloudError, messageOf } from '../core/errors.ts';
import type { ServerIdentity } from '../core/tls.ts';

export interface ListenerOptions {
  readonly host: string;
  /** 0 for any free port. */
  readonly port: number;
  readonly identity: ServerIdentity;
  /** ms for the TLS handshake. */
  readonly handshakeTimeoutMs: number;
  /** Refuse clients that do not name the server they want (SNI). */
  readonly requireServerName: boolean;
  /** The certificate is registered and active; `chain` begins with it. */
  admit(
    chain: readonly [X509Certificate, ...X509Certificate[]],
    serverName: string | undefined,
  ): boolean | Promise<boolean>;
  /** A client with an active certificate, whose key it has proven to hold. */
  onClient(socket: TLSSocket, certificate: X509Certificate): void;
  onRefused(reason: string): void;
}

/**
 * TLS front of the broker: versions 1.2 and 1.3, client certificate required (developer guide, protocols.html).
 *
 * INVARIANT: a socket reaches `onClient` only with a certificate that is registered and active; any other is destroyed
 * before a byte of MQTT is read. Which CA signed it does not matter: AWS IoT knows devices by registered certificates.
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
      ALPNProtocols: ['x-amzn-mqtt-ca'],
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
    socket.on('error', () => {});
    socket.once('close', () => this.#sockets.delete(socket));
  }

  #admit(socket: TLSSocket): void {
    socket.on('error', () => {});
    const certificate = socket.getPeerX509Certificate();
    if (certificate === undefined) {
      this.#refuse(socket, 'no client certificate');
      return;
    }
    const serverName = serverNameOf(socket);
    if (this.#options.requireServerName && serverName === undefined) {
      this.#refuse(socket, 'no server name (SNI)');
      return;
    }
    const decide = (admitted: boolean): void => {
      if (socket.destroyed) return;
      if (admitted) this.#options.onClient(socket, certificate);
      else this.#refuse(socket, 'the client certificate is not registered or not active');
    };
    const admitted = this.#options.admit(chainOf(certificate), serverName);
    if (typeof admitted === 'boolean') decide(admitted);
    else admitted.then(decide, (error: unknown) => this.#refuse(socket, messageOf(error)));
  }

  #refuse(socket: TLSSocket, reason: string): void {
    this.#options.onRefused(reason);
    socket.destroy();
  }
}

function serverNameOf(socket: TLSSocket): string | undefined {
  const name = (socket as { servername?: string | false }).servername;
  return name === undefined || name === false ? undefined : name;
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
