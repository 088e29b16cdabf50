import { reasonOf } from '../../errors.ts';
import type { Http, HttpAnswer } from './http.ts';
import { type PayloadSource, SourceError } from './payload-source.ts';

/** A file behind a presigned URL, by ranges (RFC 9110 section 14). Redirects are not followed: S3 makes none for a GET. */
export function httpSource(http: Http, url: string, size: number): PayloadSource {
  return {
    async *read(from, to, signal) {
      const answer = await reached(http.get(url, { from, to }, signal));
      let skip = firstByte(answer, from, size);
      let left = to - from;
      for await (const bytes of unbroken(answer.body)) {
        const wanted = bytes.subarray(Math.min(skip, bytes.length));
        skip -= bytes.length - wanted.length;
        if (wanted.length === 0) continue;
        yield wanted.subarray(0, left);
        left -= wanted.length;
        if (left <= 0) return;
      }
    },
  };
}

/** A small file, whole. @throws SourceError `DIFFERENT` when it is longer than `most` */
export async function fetchWhole(http: Http, url: string, most: number, signal: AbortSignal): Promise<Buffer> {
  const answer = await reached(http.get(url, undefined, signal));
  requireStatus(answer, 200);
  const parts: Uint8Array[] = [];
  let length = 0;
  for await (const bytes of unbroken(answer.body)) {
    length += bytes.length;
    if (length > most) throw new SourceError('DIFFERENT', `the server sends more than ${most} bytes`);
    parts.push(bytes);
  }
  return Buffer.concat(parts);
}

/** @returns how many bytes of the body stand before the wanted ones: a server may answer a range with the whole */
function firstByte(answer: HttpAnswer, from: number, size: number): number {
  const { headers, status } = answer;
  if (status === 200) {
    const length = headers['content-length'];
    if (length !== undefined && Number(length) !== size) throw differentSize(length, size);
    return from;
  }
  if (status === 416) throw new SourceError('DIFFERENT', `the server has no byte ${from}: the file is shorter`);
  requireStatus(answer, 206);
  const [, first, total] = /^bytes (\d+)-\d+\/(\d+|\*)$/.exec(headers['content-range'] ?? '') ?? [];
  if (first === undefined || Number(first) !== from) {
    throw new SourceError('UNREACHABLE', `the server answers with the range '${headers['content-range'] ?? ''}'`);
  }
  if (total !== undefined && total !== '*' && Number(total) !== size) throw differentSize(total, size);
  return 0;
}

function differentSize(offered: string, size: number): SourceError {
  return new SourceError('DIFFERENT', `the server has ${offered} bytes, the manifest says ${size}`);
}

/** S3 answers an expired or withdrawn presigned URL with 403, and a clock that is off with 403 too. */
function requireStatus({ status }: HttpAnswer, wanted: number): void {
  if (status === wanted) return;
  const code = status >= 400 && status < 500 && status !== 408 && status !== 429 ? 'EXPIRED' : 'UNREACHABLE';
  throw new SourceError(code, `the server answers with status ${status}`);
}

async function reached(answer: Promise<HttpAnswer>): Promise<HttpAnswer> {
  try {
    return await answer;
  } catch (cause) {
    throw new SourceError('UNREACHABLE', reasonOf(cause), { cause });
  }
}

async function* unbroken(body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    yield* body;
  } catch (cause) {
    throw new SourceError('UNREACHABLE', `the connection broke off: ${reasonOf(cause)}`, { cause });
  }
}
