import type { Readable } from 'node:stream';

/** Query parameters in the order received, decoded. */
export type QueryParameters = readonly (readonly [name: string, value: string])[];

/** Header names in lower case. */
export type Headers = Readonly<Record<string, string>>;

/** The head of a request, as signatures and routes see it. */
export interface RequestHead {
  readonly method: string;
  /** As received: percent-encoded, without the query. */
  readonly path: string;
  readonly query: QueryParameters;
  readonly headers: Headers;
  /** Path and query as received. */
  readonly url: string;
}

export interface WireRequest extends RequestHead {
  /** Labels that the route found in the path (and, for S3, the bucket), decoded. */
  readonly labels: ReadonlyMap<string, string>;
  /** The whole body, or a stream of one that is too large to hold. */
  readonly body: Buffer | Readable;
}

export interface WireResponse {
  readonly statusCode: number;
  readonly headers: Record<string, string>;
  readonly body?: Buffer | string | Readable;
}

/** @throws URIError for malformed percent-encoding */
export function parseQuery(search: string): [string, string][] {
  if (search === '') return [];
  return search
    .split('&')
    .filter((part) => part !== '')
    .map((part) => {
      const cut = part.indexOf('=');
      return cut < 0 ? [decode(part), ''] : [decode(part.slice(0, cut)), decode(part.slice(cut + 1))];
    });
}

function decode(text: string): string {
  return decodeURIComponent(text.replaceAll('+', ' '));
}
