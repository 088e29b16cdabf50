import type { IncomingMessage } from 'node:http';
import { parseQuery, type RequestHead } from './wire.ts';

/** @throws URIError for a target that is no path or ill-encoded */
export function readHead(message: IncomingMessage): RequestHead {
  const url = message.url ?? '/';
  const cut = url.indexOf('?');
  const headers: Record<string, string> = {};
  for (const name in message.headers) {
    const value = message.headers[name];
    if (value !== undefined) headers[name] = typeof value === 'string' ? value : value.join(',');
  }
  const path = cut < 0 ? url : url.slice(0, cut);
  if (!path.startsWith('/')) throw new URIError('the target is no path');
  return { method: message.method ?? 'GET', path, query: parseQuery(cut < 0 ? '' : url.slice(cut + 1)), headers, url };
}

/** The address of the client, IPv4 in its own form. */
export function sourceIpOf(message: IncomingMessage): string {
  const address = message.socket.remoteAddress ?? '127.0.0.1';
  return address.startsWith('::ffff:') ? address.slice(7) : address;
}

/** The name that the client of a TLS connection asked for (SNI). */
export function serverNameOf(socket: object): string | undefined {
  const { servername } = socket as { servername?: string | false };
  return servername === false || servername === '' ? undefined : servername;
}
