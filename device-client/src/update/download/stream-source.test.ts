import { randomBytes } from 'node:crypto';
import { decode, encode } from 'cbor-x';
import { JumpingClock } from '../testing/jumping-clock.ts';
import { BLOCK_BYTES, BLOCKS_PER_REQUEST, type StreamFormat, streamSource } from './stream-source.ts';

const file = randomBytes(10 * BLOCK_BYTES + 100);

interface Ask {
  readonly c: string;
  readonly f: number;
  readonly l: number;
  readonly o: number;
  readonly n: number;
  readonly b: string;
}

/** A service of streams that answers as `answer` says. */
function linkTo(
  answer: (ask: Ask, send: (kind: string, value: object) => void) => void,
  format: StreamFormat = 'json',
) {
  const write = format === 'cbor' ? encode : (value: object) => Buffer.from(JSON.stringify(value));
  const read = format === 'cbor' ? decode : (bytes: Uint8Array) => JSON.parse(Buffer.from(bytes).toString());
  const asks: Ask[] = [];
  const listeners = new Set<(topic: string, payload: Uint8Array) => void>();
  const prefix = '$aws/things/pump/streams/update';
  const link = {
    connected: true,
    subscribe: async (filter: string, onMessage: (topic: string, payload: Uint8Array) => void) => {
      expect(filter).toBe(`${prefix}/+/${format}`);
      listeners.add(onMessage);
      return { end: async () => void listeners.delete(onMessage) };
    },
    publish: async (topic: string, payload: string | Uint8Array) => {
      expect(topic).toBe(`${prefix}/get/${format}`);
      const ask = read(Buffer.from(payload)) as Ask;
      asks.push(ask);
      answer(ask, (kind, value) => {
        for (const listener of listeners) listener(`${prefix}/${kind}/${format}`, write(value));
      });
    },
  };
  return { asks, link, listeners };
}

const blockOf = (ask: Ask, i: number) => {
  const p = file.subarray(i * BLOCK_BYTES, (i + 1) * BLOCK_BYTES);
  return { c: ask.c, f: ask.f, l: p.length, i, p: p.toString('base64') };
};

/** Numbers of the blocks that a bitmap asks for: bit n of byte m is block o + 8 m + n. */
const wanted = ({ b, n, o }: Ask) =>
  Array.from({ length: n }, (_, index) => o + index).filter((number) => (Number.parseInt(b, 16) >> (number - o)) & 1);

async function read(
  link: ReturnType<typeof linkTo>['link'],
  from = 0,
  to = file.length,
  format: StreamFormat = 'json',
): Promise<Buffer> {
  const source = streamSource({
    link,
    clock: new JumpingClock(0),
    thingName: 'pump',
    streamId: 'update',
    fileId: 3,
    size: file.length,
    format,
  });
  const parts: Uint8Array[] = [];
  for await (const part of source.read(from, to, new AbortController().signal)) parts.push(part);
  return Buffer.concat(parts);
}

// source: developer guide, mqtt-based-file-delivery-in-devices, "GetStream request"
test('a file comes request by request, and the subscription ends with it', async () => {
  const { asks, link, listeners } = linkTo((ask, send) => {
    for (const number of wanted(ask)) send('data', blockOf(ask, number));
  });
  expect((await read(link)).equals(file)).toBe(true);
  expect(asks.map(({ f, l, n, o }) => ({ f, l, n, o }))).toEqual([
    { f: 3, l: BLOCK_BYTES, o: 0, n: BLOCKS_PER_REQUEST },
    { f: 3, l: BLOCK_BYTES, o: 8, n: 3 },
  ]);
  expect(listeners.size).toBe(0);
});

test('as CBOR, blocks and bitmaps are bytes', async () => {
  const { asks, link } = linkTo((ask, send) => {
    const { b } = ask as unknown as { b: Uint8Array };
    expect(b).toBeInstanceOf(Uint8Array);
    for (let number = ask.o; number < ask.o + ask.n; number++) {
      if (((b[0] ?? 0) >> (number - ask.o)) & 1) {
        send('data', { ...blockOf(ask, number), p: file.subarray(number * BLOCK_BYTES, (number + 1) * BLOCK_BYTES) });
      }
    }
  }, 'cbor');
  expect((await read(link, 0, file.length, 'cbor')).equals(file)).toBe(true);
  expect(asks).toHaveLength(2);
});

test('a part that begins and ends within blocks is cut out of them', async () => {
  const { link } = linkTo((ask, send) => {
    for (const number of wanted(ask)) send('data', blockOf(ask, number));
  });
  expect((await read(link, 20_000, 100_001)).equals(file.subarray(20_000, 100_001))).toBe(true);
});

test('blocks that come in another order, twice, or of other requests are put right', async () => {
  const { link } = linkTo((ask, send) => {
    send('data', { ...blockOf(ask, ask.o), c: 'of-another', p: randomBytes(BLOCK_BYTES).toString('base64') });
    for (const number of wanted(ask).reverse()) {
      send('data', blockOf(ask, number));
      send('data', blockOf(ask, number));
    }
  });
  expect((await read(link)).equals(file)).toBe(true);
});

test('a block that is lost is asked for again, alone', async () => {
  let lost = true;
  const { asks, link } = linkTo((ask, send) => {
    for (const number of wanted(ask)) {
      if (number === 0 && lost) continue;
      send('data', blockOf(ask, number));
    }
    lost = false;
  });
  expect((await read(link)).equals(file)).toBe(true);
  expect(asks[1]).toMatchObject({ o: 0, b: '01' });
});

test('a stream that stays silent is unreachable', async () => {
  const { asks, link } = linkTo(() => {});
  await expect(read(link)).rejects.toMatchObject({ code: 'UNREACHABLE' });
  expect(asks).toHaveLength(3);
});

// source: developer guide, mqtt-based-file-delivery-in-devices, "Handling errors"
test.each([
  ['ResourceNotFound', 'EXPIRED'],
  ['ETagMismatch', 'EXPIRED'],
  ['InternalError', 'UNREACHABLE'],
])('a stream that refuses with %s is %s', async (o, code) => {
  const { link } = linkTo((ask, send) => send('rejected', { c: ask.c, o, m: 'no' }));
  await expect(read(link)).rejects.toMatchObject({ code });
});

test('a block of another length is of another file', async () => {
  const { link } = linkTo((ask, send) => send('data', { ...blockOf(ask, 0), p: 'AAAA' }));
  await expect(read(link)).rejects.toMatchObject({ code: 'DIFFERENT' });
});
