import type { Clock } from '../../../../core/clock.ts';

/** Where a check reads a certificate revocation list. @throws Error when it is not to be had */
export type DownloadCrl = (url: string) => Promise<Buffer>;

/** ms */
const TIMEOUT = 10_000;
const MAX_BYTES = 16 * 1024 * 1024;

/** Reads lists over HTTP, each URL once. RFC 5280 §4.2.1.13 */
export function crlDownloads(clock: Clock): DownloadCrl {
  const known = new Map<string, Promise<Buffer>>();
  return (url) => {
    const begun = known.get(url) ?? download(clock, url);
    known.set(url, begun);
    return begun;
  };
}

async function download(clock: Clock, url: string): Promise<Buffer> {
  if (!/^https?:\/\//.test(url)) throw new Error(`${url} is not an HTTP address`);
  const abort = new AbortController();
  const timer = clock.after(TIMEOUT, () => abort.abort(new Error(`${url} did not answer in ${TIMEOUT} ms`)));
  try {
    const response = await fetch(url, { redirect: 'error', signal: abort.signal });
    if (!response.ok || response.body === null) throw new Error(`${url} answered ${response.status}`);
    const chunks: Uint8Array[] = [];
    let length = 0;
    for await (const chunk of response.body as AsyncIterable<Uint8Array>) {
      length += chunk.length;
      if (length > MAX_BYTES) throw new Error(`${url} is longer than ${MAX_BYTES} bytes`);
      chunks.push(chunk);
    }
    return Buffer.concat(chunks);
  } finally {
    timer.cancel();
  }
}
