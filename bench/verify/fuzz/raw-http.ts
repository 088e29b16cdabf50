import type { Dice } from '../dice.ts';

/** Bytes for an HTTPS port that no HTTP library would send. `open` ones are begun and never finished. */
export function rawHttp(dice: Dice, host: string): { readonly bytes: Buffer; readonly open: boolean } {
  const head = (lines: readonly string[]): Buffer => Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1');
  const post = (...lines: string[]): string[] => ['POST / HTTP/1.1', `Host: ${host}`, ...lines];
  const done = (bytes: Buffer) => ({ bytes, open: false });
  const open = (bytes: Buffer) => ({ bytes, open: true });
  switch (dice.int(16)) {
    case 0:
      return done(
        head(post(...Array.from({ length: dice.pick([100, 1_500, 5_000]) }, (_, at) => `x-${at}: ${dice.text(8)}`))),
      );
    case 1:
      return done(head(post(`x-long: ${'a'.repeat(dice.pick([8_000, 40_000, 200_000]))}`)));
    case 2: {
      const sizes = ['zz', '-1', 'ffffffffffffffff', '0x10', '', '5;ext="', '1000000000'];
      return done(
        Buffer.concat([
          head(post('Transfer-Encoding: chunked')),
          Buffer.from(`${dice.pick(sizes)}\r\n`),
          dice.bytes(dice.int(60)),
          Buffer.from('\r\n0\r\n\r\n'),
        ]),
      );
    }
    case 3:
      return open(Buffer.concat([head(post('Transfer-Encoding: chunked')), Buffer.from('5\r\nabc')]));
    case 4:
      return done(head(post('Content-Length: 5', 'Transfer-Encoding: chunked')));
    case 5:
      return done(Buffer.concat([head(post('Content-Length: 3', 'Content-Length: 30')), dice.bytes(10)]));
    case 6:
      return done(head(post(`Content-Length: ${dice.pick(['-1', '1e3', '99999999999999999999', 'abc', '0x1'])}`)));
    case 7:
      return open(Buffer.concat([head(post('Content-Length: 100000')), dice.bytes(50)]));
    case 8:
      return done(head([`${dice.text(dice.between(1, 30), 'ABCDEF!?*')} / HTTP/1.1`, `Host: ${host}`]));
    case 9:
      return done(
        head([
          `GET ${dice.pick(['*', 'http://other/', '//', '/../..', '\x00', `/${'a'.repeat(40_000)}`, '/%', '/?%zz=%'])} HTTP/1.1`,
          `Host: ${host}`,
        ]),
      );
    case 10:
      return done(head([`GET / HTTP/${dice.pick(['0.9', '1.0', '2.0', '9.9', 'x'])}`, `Host: ${host}`]));
    case 11:
      return done(Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'));
    case 12:
      return done(head(post('Connection: Upgrade', 'Upgrade: websocket', 'Sec-WebSocket-Key: x')));
    case 13:
      return open(Buffer.from(`POST / HTTP/1.1\r\nHost: ${host}\r\nX-Half: `));
    case 14: {
      // Several requests in one write, the last one cut.
      const one = head([`GET /${dice.text(5)} HTTP/1.1`, `Host: ${host}`]);
      return open(Buffer.concat([one, one, one, one.subarray(0, 9)]));
    }
    default:
      return done(dice.bytes(dice.between(1, 2_000)));
  }
}
