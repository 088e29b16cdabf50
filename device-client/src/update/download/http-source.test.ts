import type { Http, HttpAnswer } from './http.ts';
import { fetchWhole, httpSource } from './http-source.ts';

const file = Buffer.from('0123456789');
const signal = new AbortController().signal;

async function* bodyOf(...parts: string[]): AsyncGenerator<Uint8Array> {
  for (const part of parts) yield Buffer.from(part);
}

const answering = (answer: Partial<HttpAnswer> | Error): Http => ({
  get: async () => {
    if (answer instanceof Error) throw answer;
    return { status: 200, headers: {}, body: bodyOf(), ...answer };
  },
});

async function read(answer: Partial<HttpAnswer> | Error, from = 4, to = 8): Promise<string> {
  const parts: Uint8Array[] = [];
  for await (const part of httpSource(answering(answer), 'https://host/file', file.length).read(from, to, signal)) {
    parts.push(part);
  }
  return Buffer.concat(parts).toString();
}

// source: RFC 9110, section 14.4 (Content-Range) and section 15.3.7 (206)
test('a part is taken as it comes', async () => {
  const headers = { 'content-range': 'bytes 4-7/10' };
  expect(await read({ status: 206, headers, body: bodyOf('45', '67') })).toBe('4567');
});

// source: RFC 9110, section 14.2: a server may ignore the Range header
test('of a whole, only the wanted part is taken', async () => {
  const headers = { 'content-length': '10' };
  expect(await read({ status: 200, headers, body: bodyOf('012', '345', '6789') })).toBe('4567');
});

test('more than was asked for is not taken', async () => {
  const headers = { 'content-range': 'bytes 4-9/10' };
  expect(await read({ status: 206, headers, body: bodyOf('456789') })).toBe('4567');
});

test.each<[string, Partial<HttpAnswer> | Error, string]>([
  ['a URL that has expired', { status: 403 }, 'EXPIRED'],
  ['a file that is not there', { status: 404 }, 'EXPIRED'],
  ['a server that is busy', { status: 503 }, 'UNREACHABLE'],
  ['a redirect', { status: 302 }, 'UNREACHABLE'],
  ['a file of another size', { status: 206, headers: { 'content-range': 'bytes 4-7/11' } }, 'DIFFERENT'],
  ['a whole file of another size', { status: 200, headers: { 'content-length': '9' } }, 'DIFFERENT'],
  ['a file that is shorter than the range', { status: 416 }, 'DIFFERENT'],
  ['another range than was asked for', { status: 206, headers: { 'content-range': 'bytes 0-3/10' } }, 'UNREACHABLE'],
  ['no range at all', { status: 206 }, 'UNREACHABLE'],
  ['no connection', new Error('ECONNREFUSED'), 'UNREACHABLE'],
])('%s is told as such', async (_what, answer, code) => {
  await expect(read(answer)).rejects.toMatchObject({ name: 'SourceError', code });
});

test('a connection that breaks off is told as such, after what has come', async () => {
  async function* broken(): AsyncGenerator<Uint8Array> {
    yield Buffer.from('45');
    throw new Error('ECONNRESET');
  }
  const headers = { 'content-range': 'bytes 4-7/10' };
  await expect(read({ status: 206, headers, body: broken() })).rejects.toMatchObject({ code: 'UNREACHABLE' });
});

test('a small file is not read further than it may be long', async () => {
  const http = answering({ body: bodyOf('01234', '56789', 'never asked for') });
  await expect(fetchWhole(http, 'https://host/file', 8, signal)).rejects.toMatchObject({ code: 'DIFFERENT' });
  expect(await fetchWhole(answering({ body: bodyOf('01', '2') }), 'https://host/file', 8, signal)).toEqual(
    Buffer.from('012'),
  );
});
