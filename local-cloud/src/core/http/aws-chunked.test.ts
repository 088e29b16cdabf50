import { AwsChunkedDecoder } from './aws-chunked.ts';

const BODY = '5\r\nhello\r\n6\r\n world\r\n0\r\nx-amz-checksum-crc32:abc=\r\n\r\n';

function decode(text: string, size: number): { data: string; trailers: Map<string, string> } {
  const decoder = new AwsChunkedDecoder();
  let data = '';
  for (let at = 0; at < text.length; at += size) {
    for (const piece of decoder.push(Buffer.from(text.slice(at, at + size)))) data += piece.toString();
  }
  decoder.end();
  return { data, trailers: decoder.trailers };
}

test.each([1, 2, 3, 7, 1000])('a body that comes in pieces of %d bytes is decoded with its trailers', (size) => {
  expect(decode(BODY, size)).toEqual({
    data: 'hello world',
    trailers: new Map([['x-amz-checksum-crc32', 'abc=']]),
  });
});

test('the last chunk may end the body at once', () => {
  expect(decode('2\r\nok\r\n0\r\n', 100).data).toBe('ok');
});

test.each([
  ['no size', 'zz\r\nhello\r\n0\r\n\r\n'],
  ['a size that is too small', '4\r\nhello\r\n0\r\n\r\n'],
  ['a size that is too large', '6\r\nhello\r\n0\r\n\r\n'],
  ['no last chunk', '5\r\nhello\r\n'],
  ['a trailer cut short', '0\r\nx-amz-checksum-crc32:abc'],
  ['a trailer without name', '0\r\n:abc\r\n\r\n'],
  ['bytes after the end', '0\r\n\r\nmore'],
  ['a line without end', `${'1'.repeat(10_000)}`],
  ['a signature where none was announced', `5;chunk-signature=${'a'.repeat(64)}\r\nhello\r\n0\r\n\r\n`],
])('%s is refused', (_title, body) => {
  expect(() => decode(body, 50)).toThrow(expect.objectContaining({ code: 'IncompleteBody' }));
});
