import { lookup } from 'node:dns/promises';
import { Agent, type IncomingMessage, type OutgoingMessage } from 'coap';
import type { ComponentClock } from '../../../shared/src/component.ts';
import { CoapSocket } from './coap-socket.ts';

export interface CoapTarget {
  readonly host: string;
  readonly port: number;
  /** With a query, if any. */
  readonly path: string;
  readonly timeoutMs: number;
  readonly maxBytes: number;
}

export interface CoapAnswer {
  /** `2.05` */
  readonly code: string;
  /** Media type; undefined: the server says none. */
  readonly type: string | undefined;
  /** s that it stays fresh (RFC 7252, 5.10.5) */
  readonly maxAge: number;
  readonly payload: Buffer;
}

export interface CoapOrder {
  readonly method: 'GET' | 'PUT';
  readonly payload?: string;
}

/** The server did not answer, or nothing that makes sense. */
export class CoapTrouble extends Error {
  override readonly name = 'CoapTrouble';
}

const DEFAULT_MAX_AGE = 60;
/** Datagrams of one answer. */
const MAX_DATAGRAMS = 5_000;

/**
 * One request and its whole answer, on a socket of its own: a message id, a token and a port that nobody else knows, and nothing
 * of an earlier exchange to mistake for its answer.
 * @throws CoapTrouble
 */
export async function coapRequest(
  target: CoapTarget,
  order: CoapOrder,
  clock: ComponentClock,
  signal: AbortSignal,
): Promise<CoapAnswer> {
  let aborted: (() => void) | undefined;
  let finish: (() => void) | undefined;
  let timer: { cancel(): void } | undefined;
  try {
    return await new Promise<CoapAnswer>((resolve, reject) => {
      const fail = (reason: string): void => reject(new CoapTrouble(reason));
      timer = clock.after(target.timeoutMs, () => fail('no answer in time'));
      aborted = () => fail('the source is stopped');
      signal.addEventListener('abort', aborted);
      let datagrams = 0;
      const options = {
        mode: 'fetch' as const,
        allow: () => ++datagrams <= MAX_DATAGRAMS,
        onTrouble: fail,
      };
      let done = false;
      finish = () => {
        done = true;
      };
      const begin = ({ address, socket }: Awaited<ReturnType<typeof openSocket>>): void => {
        if (done) {
          socket.close();
          return;
        }
        finish = () => socket.close();
        const { agent, request } = beginRequest(target, socket, address, { ...order, observe: false });
        finish = () => {
          request.on('error', () => {});
          agent.abort(request);
          // The acknowledgement of the answer goes out first.
          setImmediate(() => socket.close());
        };
        agent.on('error', (error: Error) => fail(error.message));
        request.on('error', (error: Error) => fail(error.message));
        request.on('timeout', () => fail('no answer in time'));
        request.on('response', (message: IncomingMessage) => {
          if (message.code === '0.00') fail('reset by the server');
          else resolve(answerOf(message, message.payload));
        });
        request.end(order.payload);
      };
      openSocket(target, options).then(begin).catch(reject);
    });
  } finally {
    timer?.cancel();
    if (aborted !== undefined) signal.removeEventListener('abort', aborted);
    finish?.();
  }
}

/** @throws CoapTrouble when the name is unknown */
export async function openSocket(
  { host, maxBytes, port }: CoapTarget,
  options: Pick<ConstructorParameters<typeof CoapSocket>[0], 'allow' | 'mode' | 'onEnded' | 'onTrouble'>,
): Promise<{ socket: CoapSocket; address: string }> {
  const { address, family } = await lookup(host).catch(() => {
    throw new CoapTrouble(`the host ${host} is unknown`);
  });
  return { address, socket: new CoapSocket({ ...options, address, family, maxBytes, port }) };
}

export function beginRequest(
  { path, port }: CoapTarget,
  socket: CoapSocket,
  address: string,
  { method, observe, payload }: CoapOrder & { observe: boolean },
): { agent: Agent; request: OutgoingMessage } {
  const agent = new Agent({ socket });
  const [pathname = '/', query] = path.split('?');
  const request = agent.request({
    hostname: address,
    port,
    method,
    pathname,
    ...(query !== undefined && { query }),
    ...(observe && { observe: true }),
    ...(payload !== undefined && { contentFormat: 'text/plain' }),
  });
  return { agent, request };
}

export function answerOf({ code, headers }: Pick<IncomingMessage, 'code' | 'headers'>, payload: Buffer): CoapAnswer {
  const type = headers['Content-Format'];
  const maxAge = Number(headers['Max-Age'] ?? DEFAULT_MAX_AGE);
  return { code, type: type === undefined || type === null ? undefined : String(type), maxAge, payload };
}
