import type { IncomingMessage } from 'node:http';
import { request } from 'node:https';
import { httpsAgent, type ProxySettings } from '../../connection/proxy-tunnel.ts';

export interface HttpAnswer {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  /** Rejects when the connection breaks off. Leaving it ends the connection. */
  readonly body: AsyncIterable<Uint8Array>;
}

/** GET over HTTPS, as a port. */
export interface Http {
  /** @param range bytes from `from` up to `to` (exclusive) */
  get(url: string, range: { from: number; to: number } | undefined, signal: AbortSignal): Promise<HttpAnswer>;
}

/** ms without a byte after which a connection counts as dead */
const SILENCE = 30_000;

/** @param caPem CA that signs the server; undefined means the system's trust store, as for Amazon S3 itself */
export function httpsClient(caPem?: string, proxy?: ProxySettings): Http {
  const agent = httpsAgent(proxy, caPem === undefined ? {} : { ca: caPem });
  return {
    get: (url, range, signal) =>
      new Promise((resolve, reject) => {
        const headers = range === undefined ? {} : { range: `bytes=${range.from}-${range.to - 1}` };
        const outgoing = request(url, { agent, headers, signal, timeout: SILENCE }, (incoming) => {
          resolve({ status: incoming.statusCode ?? 0, headers: flat(incoming), body: incoming });
        });
        outgoing.on('timeout', () => outgoing.destroy(new Error(`no byte came for ${SILENCE} ms`)));
        outgoing.on('error', reject);
        outgoing.end();
      }),
  };
}

function flat({ headers }: IncomingMessage): Record<string, string | undefined> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name, Array.isArray(value) ? value.join(', ') : value]),
  );
}
