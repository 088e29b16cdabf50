import { request } from 'node:http';
import { Agent, type AgentOptions } from 'node:https';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { type ConnectionOptions, connect as tlsConnect } from 'node:tls';
import { DeviceError, reasonOf } from '../errors.ts';

/** An HTTP proxy that tunnels (RFC 9110 §9.3.6, CONNECT). TLS is with the server behind it. */
export interface ProxySettings {
  readonly host: string;
  readonly port: number;
  /** For Basic authentication (RFC 7617), with `password`. */
  readonly username?: string | undefined;
  readonly password?: string | undefined;
}

const TIMEOUT = 10_000;

/** Resolves with a connection to a server, by way of the proxy. @throws DeviceError `NOT_CONNECTED` */
export function openTunnel(proxy: ProxySettings, host: string, port: number): Promise<Socket> {
  const { password = '', username } = proxy;
  const path = `${host.includes(':') ? `[${host}]` : host}:${port}`;
  const authorization = `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
  return new Promise((resolve, reject) => {
    const fail = (why: string, cause?: unknown): void =>
      reject(
        new DeviceError('NOT_CONNECTED', `the proxy ${proxy.host}:${proxy.port} does not connect: ${why}`, { cause }),
      );
    const asked = request({
      host: proxy.host,
      port: proxy.port,
      method: 'CONNECT',
      path,
      headers: { host: path, ...(username !== undefined && { 'proxy-authorization': authorization }) },
      agent: false,
      timeout: TIMEOUT,
    });
    asked.once('connect', ({ statusCode = 0 }, socket, head) => {
      if (statusCode < 200 || statusCode > 299) {
        socket.destroy();
        return fail(`it answered ${statusCode}`);
      }
      // Servers that speak TLS wait for the client to begin.
      if (head.length > 0) socket.unshift(head);
      resolve(socket as Socket);
    });
    asked.once('response', (response) => {
      response.destroy();
      fail(`it answered ${response.statusCode}`);
    });
    asked.once('timeout', () => asked.destroy(new Error(`no answer within ${TIMEOUT} ms`)));
    asked.once('error', (error) => fail(reasonOf(error), error));
    asked.end();
  });
}

/** For requests over HTTPS: none of its connections is kept, so that none keeps the process. */
export function httpsAgent(proxy: ProxySettings | undefined, options: AgentOptions = {}): Agent {
  const own = { ...options, keepAlive: false };
  return proxy === undefined ? new Agent(own) : new TunnelAgent(proxy, own);
}

type Connected = (error: Error | null, stream: Duplex) => void;

class TunnelAgent extends Agent {
  readonly #proxy: ProxySettings;

  constructor(proxy: ProxySettings, options: AgentOptions) {
    super(options);
    this.#proxy = proxy;
  }

  // Node.js asks for a connection by this method, and takes it from the callback (`http.Agent`, "agent.createConnection").
  override createConnection(options: ConnectionOptions, connected?: Connected): undefined {
    const { host = '', port = 443 } = options;
    openTunnel(this.#proxy, host, Number(port)).then(
      (socket) => connected?.(null, tlsConnect({ ...options, socket })),
      (error: Error) => connected?.(error, undefined as never),
    );
    return undefined;
  }
}
