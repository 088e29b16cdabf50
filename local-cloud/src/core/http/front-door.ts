import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { type Duplex, pipeline, Readable } from 'node:stream';
import type { RawRequest, RawResponse } from '../api.ts';
import type { Dispatcher } from '../dispatcher.ts';
import { CloudError, messageOf } from '../errors.ts';
import type { CloudContext, UpgradeHandler } from '../plugin.ts';
import type { ServerIdentity } from '../tls.ts';
import type { DeviceEndpointConnection } from './device-caller.ts';
import { ClientGoneError } from './request-body.ts';
import { RequestPipeline } from './request-pipeline.ts';
import type { WireResponse } from './wire.ts';

export interface FrontDoorOptions {
  readonly context: CloudContext;
  readonly dispatcher: Dispatcher;
  readonly identity: ServerIdentity;
  /** Address to listen on. */
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
}

export interface RunningFrontDoor {
  readonly port: number;
  /** Takes no new connections, lets requests under way finish, then closes. */
  stop(): Promise<void>;
}

/** A TLS handshake that takes longer is ended. ms */
const HANDSHAKE_TIMEOUT = 10_000;
/** A request's head must have arrived by then. ms */
const HEADERS_TIMEOUT = 30_000;
/** A whole request, the upload of an object included. ms */
const REQUEST_TIMEOUT = 600_000;
/** Longer than the SDKs keep idle connections, so that it is the client who closes them. ms */
const KEEP_ALIVE_TIMEOUT = 120_000;
const MAX_HEADER_SIZE = 32 * 1024;
/** Requests under way get this long when the cloud stops. ms */
const DRAIN_TIMEOUT = 5_000;
/** A refused upload gets this long to notice before its connection is cut. ms */
const REFUSAL_GRACE = 2_000;

/**
 * Starts the one HTTPS server for all AWS APIs, and provides the port `frontDoor`.
 *
 * A local client needs four settings, and nothing else differs from AWS:
 *
 * - endpoint: `https://localhost:<port>` for every service (`AWS_ENDPOINT_URL`, or `endpoint` of an SDK client);
 * - CA: `<dataDirectory>/tls/ca.pem` (`NODE_EXTRA_CA_CERTS` for Node, `AWS_CA_BUNDLE` for the CLI and boto3, or
 *   `requestHandler: new NodeHttpHandler({ httpsAgent: new Agent({ ca }) })`);
 * - region: the account's, since signatures name it;
 * - credentials: the administrator's, or a session of a role.
 *
 * S3 clients best set `forcePathStyle: true`. Virtual-hosted buckets work as well where `<bucket>.s3.localhost` resolves;
 * Node accepts the certificate for that name, not for `<bucket>.localhost`.
 *
 * @throws CloudError `PORT_IN_USE`
 */
export async function startFrontDoor(options: FrontDoorOptions): Promise<RunningFrontDoor> {
  const { context, dispatcher, identity, host } = options;
  const routes = new UnsignedRoutes();
  const upgrades = new Map<string, UpgradeHandler>();
  const devices = new WeakMap<Socket | Duplex, DeviceEndpointConnection>();
  const requests = new RequestPipeline(context, dispatcher, (path) => routes.find(path));
  let draining = false;
  const server = createServer(
    {
      cert: identity.certificatePem,
      key: identity.privateKeyPem,
      minVersion: 'TLSv1.2',
      ALPNProtocols: ['http/1.1'],
      handshakeTimeout: HANDSHAKE_TIMEOUT,
      maxHeaderSize: MAX_HEADER_SIZE,
      noDelay: true,
    },
    (request, response) => {
      // Taken now: a pipeline that fails takes the socket away from its request.
      const { socket } = request;
      const give = async (): Promise<void> => {
        const answer = await requests.answer(request, devices.get(socket));
        send(context, { request, response, socket }, answer, draining);
      };
      give().catch((error: unknown) => {
        if (!(error instanceof ClientGoneError)) {
          context.log('error', 'a request failed in the front door', { error: messageOf(error) });
        }
        response.destroy();
      });
    },
  );
  server.headersTimeout = HEADERS_TIMEOUT;
  server.requestTimeout = REQUEST_TIMEOUT;
  server.keepAliveTimeout = KEEP_ALIVE_TIMEOUT;
  const handshaking = watchHandshakes(server);
  server.on('upgrade', (request, socket, head) => {
    socket.on('error', () => socket.destroy());
    const handler = upgrades.get((request.url ?? '').split('?', 1)[0] as string);
    if (handler !== undefined) handler(request, socket, head, devices.get(request.socket));
    else socket.end('HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n');
  });
  server.on('clientError', refuseRubbish);
  server.on('tlsClientError', (_error, socket) => socket.destroy());
  await listen(server, host, options.port);
  server.on('error', (error) => context.log('error', 'the front door failed', { error: messageOf(error) }));
  context.ports.provide('frontDoor', {
    route: (path, handler) => routes.route(path, handler),
    upgrade(path, handler) {
      upgrades.set(path, handler);
    },
    serve(socket, device) {
      devices.set(socket, device);
      server.emit('secureConnection', socket);
    },
  });
  return {
    port: (server.address() as AddressInfo).port,
    stop() {
      draining = true;
      return new Promise((resolve) => {
        const timer = context.clock.after(DRAIN_TIMEOUT, () => server.closeAllConnections());
        server.close(() => {
          timer.cancel();
          resolve();
        });
        server.closeIdleConnections();
        for (const socket of handshaking.values()) socket.destroy();
      });
    },
  };
}

/** Routes outside the AWS APIs; the longest prefix wins. */
class UnsignedRoutes {
  readonly #handlers = new Map<string, (request: RawRequest) => Promise<RawResponse>>();

  route(path: string, handler: (request: RawRequest) => Promise<RawResponse>): void {
    if (!path.startsWith('/_')) throw new Error(`an unsigned route begins with /_, not '${path}'`);
    this.#handlers.set(path, handler);
  }

  find(path: string): ((request: RawRequest) => Promise<RawResponse>) | undefined {
    if (!path.startsWith('/_')) return undefined;
    let best = '';
    for (const prefix of this.#handlers.keys())
      if (path.startsWith(prefix) && prefix.length > best.length) best = prefix;
    return this.#handlers.get(best);
  }
}

function listen(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => {
      const message =
        cause.code === 'EADDRINUSE'
          ? `port ${port} on ${host} is in use by another process: end that one, or choose another port for the AWS APIs (0 takes a free one)`
          : `cannot listen on ${host} port ${port}: ${cause.message}`;
      reject(new CloudError('PORT_IN_USE', message, { cause }));
    });
    server.listen(port, host, () => {
      server.removeAllListeners('error');
      resolve();
    });
  });
}

interface Arrival {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly socket: Socket;
}

function send(
  context: CloudContext,
  { request, response, socket }: Arrival,
  answer: WireResponse,
  draining: boolean,
): void {
  if (response.destroyed) return;
  const { statusCode, body } = answer;
  const headers = { ...answer.headers };
  // By the cloud's own clock: SDKs learn from it how far theirs is off, and sign again.
  response.setHeader('date', new Date(context.clock.now()).toUTCString());
  if (draining) response.setHeader('connection', 'close');
  if (!request.complete) {
    // Part of the body was never read: answer, let the client see it, and give the connection up.
    response.setHeader('connection', 'close');
    request.unpipe();
    request.resume();
    response.once('finish', () => {
      const timer = context.clock.after(REFUSAL_GRACE, () => socket.destroy());
      socket.once('close', () => timer.cancel());
    });
  }
  if (body instanceof Readable) {
    response.writeHead(statusCode, headers);
    pipeline(body, response, (error) => {
      if (error) context.log('debug', 'an answer was cut short', { error: messageOf(error) });
    });
    return;
  }
  const bodiless = statusCode === 204 || statusCode === 304 || request.method === 'HEAD';
  if (!bodiless) headers['content-length'] = String(body === undefined ? 0 : Buffer.byteLength(body));
  response.writeHead(statusCode, headers);
  response.end(bodiless ? undefined : body);
}

/** Connections that have not finished their TLS handshake: no request will end them when the server closes. */
function watchHandshakes(server: Server): ReadonlyMap<string, Socket> {
  const sockets = new Map<string, Socket>();
  const keyOf = (socket: Socket) => `${socket.remoteAddress} ${socket.remotePort}`;
  server.on('connection', (socket: Socket) => {
    const key = keyOf(socket);
    sockets.set(key, socket);
    socket.once('close', () => sockets.delete(key));
  });
  server.on('secureConnection', (socket: Socket) => sockets.delete(keyOf(socket)));
  return sockets;
}

/** What is not HTTP, or too much of it, ends its own connection and nothing else. */
function refuseRubbish(error: NodeJS.ErrnoException, socket: Socket): void {
  if (!socket.writable || error.code === 'ECONNRESET') {
    socket.destroy();
    return;
  }
  const status =
    error.code === 'HPE_HEADER_OVERFLOW'
      ? '431 Request Header Fields Too Large'
      : error.code === 'ERR_HTTP_REQUEST_TIMEOUT'
        ? '408 Request Timeout'
        : '400 Bad Request';
  socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
}
