import { chmodSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from 'node:http';
import type * as z from 'zod';
import { DeviceError, reasonOf } from '../errors.ts';

/** What an answer is made of; `undefined` has no body. */
export interface SocketAnswer {
  readonly status: number;
  readonly body?: object | undefined;
}

export type SocketRoutes = Readonly<Record<string, (body: unknown) => SocketAnswer | Promise<SocketAnswer>>>;

/** bytes of a request's body */
const MAX_BODY = 1_048_576;
const REQUEST_TIMEOUT = 5_000;
/** Owner and group: who is in the agent's group may ask and order. */
const MODE = 0o660;

/**
 * HTTP over a Unix socket, for people and programs of this machine. Routes are `GET /health` and the like; bodies JSON.
 */
export class ControlSocket {
  readonly #path: string;
  readonly #server: Server;

  constructor(path: string, routes: SocketRoutes) {
    this.#path = path;
    this.#server = createServer({ requestTimeout: REQUEST_TIMEOUT, keepAlive: false }, (message, response) => {
      answer(message, response, routes).catch((error) => send(response, 500, { error: reasonOf(error) }));
    });
  }

  /** A socket that a killed agent has left is replaced: the state directory's lock says that no other agent runs. @throws DeviceError `STATE_UNUSABLE` */
  async open(): Promise<void> {
    rmSync(this.#path, { force: true });
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', (error) =>
        reject(new DeviceError('STATE_UNUSABLE', `cannot listen on ${this.#path}: ${error.message}`, { cause: error })),
      );
      this.#server.listen(this.#path, resolve);
    });
    chmodSync(this.#path, MODE);
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }
}

async function answer(message: IncomingMessage, response: ServerResponse, routes: SocketRoutes): Promise<void> {
  const [path = '/'] = (message.url ?? '/').split('?');
  const route = routes[`${message.method} ${path}`];
  if (route === undefined) {
    const known = Object.keys(routes).some((name) => name.endsWith(` ${path}`));
    return send(response, known ? 405 : 404, { error: `no ${message.method} ${path}` });
  }
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of message) {
    size += (chunk as Buffer).length;
    if (size > MAX_BODY) return send(response, 413, { error: `a body has ${MAX_BODY} bytes at most` });
    chunks.push(chunk as Buffer);
  }
  let body: unknown;
  try {
    body = size === 0 ? undefined : JSON.parse(Buffer.concat(chunks).toString());
  } catch (error) {
    return send(response, 400, { error: `the body is not JSON: ${reasonOf(error)}` });
  }
  const { body: content, status } = await route(body);
  send(response, status, content);
}

function send(response: ServerResponse, status: number, body: object | undefined): void {
  const text = body === undefined ? '' : `${JSON.stringify(body)}\n`;
  response.writeHead(status, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) });
  response.end(text);
}

/** Asks a running agent. @throws DeviceError `NOT_CONNECTED` when none listens there */
export function askAgent(socketPath: string, method: string, path: string, body?: object): Promise<SocketAnswer> {
  return new Promise((resolve, reject) => {
    const sent = request({ socketPath, method, path, timeout: REQUEST_TIMEOUT }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (part: string) => {
        text += part;
      });
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, ...(text !== '' && { body: JSON.parse(text) as object }) }),
      );
    });
    sent.on('timeout', () => sent.destroy(new Error(`no answer within ${REQUEST_TIMEOUT} ms`)));
    sent.on('error', (error) =>
      reject(new DeviceError('NOT_CONNECTED', `no agent answers on ${socketPath}: ${error.message}`, { cause: error })),
    );
    sent.end(body === undefined ? undefined : JSON.stringify(body));
  });
}

/** What `then` makes of a body of the right form; else 400, with all that is wrong. */
export async function checked<S extends z.ZodType>(
  schema: S,
  body: unknown,
  then: (value: z.infer<S>) => SocketAnswer | Promise<SocketAnswer>,
): Promise<SocketAnswer> {
  const parsed = schema.safeParse(body);
  if (parsed.success) return then(parsed.data);
  const issues = parsed.error.issues.map(({ message, path }) => `${path.join('.') || 'body'}: ${message}`);
  return { status: 400, body: { error: issues.join('; ') } };
}
