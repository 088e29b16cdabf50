import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { generate, type ParsedPacket, parse } from 'coap-packet';
import { systemClock } from '../../../shared/src/system-clock.ts';
import { createSimulatedPlant, plantSources, type SimulatedPlant } from '../../../simulated-plant/src/index.ts';
import { GatewayBench } from '../testing/gateway-bench.ts';
import { bytes, draws, udpServer } from '../testing/rubbish-server.ts';

let plant: SimulatedPlant;
let bench: GatewayBench;
const closing: { close(): Promise<void> }[] = [];

beforeEach(async () => {
  plant = await createSimulatedPlant({ clock: systemClock, seed: 5 });
});
afterEach(async () => {
  await bench.stop();
  await plant.close();
  for (const one of closing.splice(0)) await one.close();
});

const source = (port: number, resource: object = {}, points: object = { x: {} }) => ({
  protocol: 'coap',
  host: '127.0.0.1',
  port,
  silentAfterMs: 500,
  reconnect: { minMs: 50, maxMs: 100 },
  resources: { default: { path: '/x', intervalMs: 100, timeoutMs: 400, ...resource } },
  points,
});
const wait = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

type Options = { name: string; value: Buffer }[];
const option = (name: string, ...value: number[]) => ({ name, value: Buffer.of(...value) });

/** The answer in the acknowledgement (RFC 7252, 5.2.1). */
function answerTo({ messageId, token }: ParsedPacket, payload: string, options: Options = [], code = '2.05'): Buffer {
  return generate({ ack: true, code, messageId, token, options, payload: Buffer.from(payload) });
}

/** A server whose answers a test writes packet by packet. */
async function server(serve: (request: ParsedPacket, send: (reply: Buffer) => void) => void): Promise<number> {
  const one = await udpServer((datagram, send) => {
    const packet = parse(datagram);
    if (packet.code === '0.01' || packet.code === '0.03') serve(packet, send);
  });
  closing.push(one);
  return one.port;
}

const values = (series: string) => bench.of(series).map(({ quality, value }) => [value, quality]);

test('a document in blocks is read as a whole', async () => {
  bench = new GatewayBench({ sources: { quality: plantSources(plant.ports).quality as never } });
  await bench.start();
  await bench.until(() => bench.last('quality_temperature') !== undefined);
  expect(bench.last('quality_ph')?.value).toBeCloseTo(plant.reading.quality.ph, 0);
  // The time is that of the pack, the start of the plant's step.
  expect(Math.abs((bench.last('quality_ph')?.time ?? 0) - Date.now())).toBeLessThan(3_000);
});

// source: RFC 7252, 5.2.2 (an empty acknowledgement, and the answer in a message of its own)
test('an answer that comes separately, and late, is an answer', async () => {
  const ambient = plantSources(plant.ports).ambient as { resources: { default: { intervalMs: number } } };
  ambient.resources.default.intervalMs = 100;
  plant.disturb('ambient', { kind: 'slow', delayMs: 300 });
  bench = new GatewayBench({ sources: { ambient: ambient as never } });
  await bench.start();
  await bench.until(() => bench.of('ambient_temperature').length >= 2);
  expect(bench.gateway.statuses().ambient).toMatchObject({ state: 'good', failures: 0 });
});

test('what is observed is told when it changes', async () => {
  const tank = plantSources(plant.ports).tank as { silentAfterMs?: number };
  bench = new GatewayBench({ sources: { tank: tank as never } });
  await bench.start();
  await bench.until(() => bench.of('tank_level').length >= 2);
  plant.inject({ kind: 'high-inflow', severity: 1 });
  bench.forget();
  await bench.until(() => bench.of('tank_level').length >= 1, 12_000);
  expect(bench.gateway.statuses().tank).toMatchObject({ state: 'good' });
}, 30_000);

test('an observation that its server ends is begun again', async () => {
  let registrations = 0;
  const port = await server((request, send) => {
    if (request.options.find(({ name }) => name === 'Observe')?.value.length !== 0) return;
    registrations++;
    send(answerTo(request, String(registrations), [option('Observe', 1), option('Max-Age', 60)]));
    // RFC 7641, 3.2: a notification with an error code ends it.
    const { token } = request;
    setTimeout(() => send(generate({ code: '4.04', confirmable: true, messageId: 7, token, options: [] })), 60);
  });
  bench = new GatewayBench({ sources: { s: source(port, { mode: 'observe', intervalMs: 100 }) } });
  await bench.start();
  await bench.until(() => registrations >= 3);
  expect(values('s_x').slice(0, 2)).toEqual([
    [1, 'good'],
    [2, 'good'],
  ]);
});

test('a server that does not observe is looked at by and by', async () => {
  let asked = 0;
  const port = await server((request, send) => send(answerTo(request, String(++asked))));
  bench = new GatewayBench({ sources: { s: source(port, { mode: 'observe', intervalMs: 100 }) } });
  await bench.start();
  await bench.until(() => bench.of('s_x').length >= 3);
  expect(values('s_x').slice(0, 3)).toEqual([
    [1, 'good'],
    [2, 'good'],
    [3, 'good'],
  ]);
});

// source: RFC 7641, 3.4 (a notification is newer when its number is ahead by less than 2^23)
test('notifications that come late are not taken for new', async () => {
  const port = await server((request, send) => {
    if (request.options.find(({ name }) => name === 'Observe')?.value.length !== 0) return;
    send(answerTo(request, '10', [option('Observe', 10)]));
    const { token } = request;
    [12, 11, 13].forEach((number, at) => {
      const options = [option('Observe', number)];
      const packet = { code: '2.05', messageId: 100 + number, token, options, payload: Buffer.from(String(number)) };
      setTimeout(() => send(generate(packet)), 50 * (at + 1));
    });
  });
  bench = new GatewayBench({ sources: { s: source(port, { mode: 'observe', intervalMs: 60_000 }) } });
  await bench.start();
  await bench.until(() => bench.of('s_x').some(({ value }) => value === 13));
  expect(bench.of('s_x').map(({ value }) => value)).toEqual([10, 12, 13]);
});

test('a big notification is fetched as a whole', async () => {
  const text = `{"pad":"${'x'.repeat(100)}","v":5}`;
  const port = await server((request, send) => {
    const observe = request.options.find(({ name }) => name === 'Observe');
    const block = request.options.find(({ name }) => name === 'Block2')?.value ?? Buffer.of(2);
    const number = (block[0] ?? 0) >> 4;
    const last = (number + 1) * 64 >= text.length;
    const options = [option('Block2', (number << 4) | (last ? 0 : 8) | 2), option('ETag', 1)];
    if (observe?.value.length === 0 && number === 0) options.unshift(option('Observe', 1));
    send(answerTo(request, text.slice(number * 64, number * 64 + 64), options));
  });
  const resource = { mode: 'observe', intervalMs: 60_000, format: 'json' };
  bench = new GatewayBench({ sources: { s: source(port, resource, { v: { pointer: '/v' } }) } });
  await bench.start();
  await bench.until(() => bench.last('s_v')?.value === 5);
});

test('a writable resource is put, and a refusal is told', async () => {
  const put: string[] = [];
  const port = await server((request, send) => {
    if (request.code === '0.01') send(answerTo(request, '1'));
    else if (put.push(request.payload.toString()) === 1) send(answerTo(request, '', [], '2.04'));
    else send(answerTo(request, '', [], '4.03'));
  });
  const points = { x: { writable: { min: 0, max: 100 }, scale: 0.5 } };
  bench = new GatewayBench({ sources: { s: source(port, {}, points) } });
  await bench.start();
  await bench.until(() => bench.last('s_x') !== undefined);
  expect(await bench.write('s', 'x', 20)).toMatchObject({ ok: true });
  expect(await bench.write('s', 'x', 21)).toMatchObject({ ok: false, detail: 'answered 4.03' });
  expect(put).toEqual(['40', '42']);
});

test('errors and missing members are bad, with the reason; silence is uncertain once', async () => {
  let mode = 'good';
  const port = await server((request, send) => {
    if (mode === 'good') send(answerTo(request, '{"x":1}'));
    if (mode === 'other') send(answerTo(request, '{"y":1}'));
    if (mode === 'error') send(answerTo(request, '', [], '5.00'));
  });
  bench = new GatewayBench({ sources: { s: source(port, { format: 'json' }, { x: { pointer: '/x' } }) } });
  await bench.start();
  const problem = () => bench.gateway.statuses().s?.problem ?? '';
  await bench.until(() => bench.last('s_x')?.quality === 'good');
  mode = 'other';
  await bench.until(() => bench.last('s_x')?.quality === 'bad');
  expect(problem()).toContain('is not in the answer');
  mode = 'error';
  await bench.until(() => problem().includes('answered 5.00'));
  mode = 'good';
  await bench.until(() => bench.last('s_x')?.quality === 'good');
  mode = 'dead';
  await bench.until(() => bench.last('s_x')?.quality === 'uncertain');
  bench.forget();
  await wait(700);
  expect(bench.messages).toEqual([]);
  expect(bench.gateway.statuses().s).toMatchObject({ state: 'silent', problem: 'no answer in time' });
  mode = 'good';
  await bench.until(() => bench.last('s_x')?.quality === 'good');
});

describe('rubbish', () => {
  const draw = draws(11);
  const block = (number: number, more: boolean) => option('Block2', (number << 4) | (more ? 8 : 0) | 0);
  const kinds: [string, (request: ParsedPacket, send: (reply: Buffer) => void) => void][] = [
    ['random bytes', (_request, send) => send(bytes(draw, 200))],
    [
      'a changed answer',
      (request, send) => {
        const answer = answerTo(request, '5', [option('Content-Format', 0)]);
        answer[Math.floor(draw() * 12)] = Math.floor(draw() * 256);
        send(answer.subarray(0, 4 + Math.floor(draw() * 8)));
      },
    ],
    [
      'blocks without end',
      (request, send) => {
        const asked = request.options.find(({ name }) => name === 'Block2')?.value;
        const number = asked === undefined || asked.length === 0 ? 0 : asked.readUIntBE(0, asked.length) >> 4;
        const value = Buffer.alloc(3);
        value.writeUIntBE((number << 4) | 8, 0, 3);
        send(answerTo(request, 'x'.repeat(16), [{ name: 'Block2', value }]));
      },
    ],
    ['the same block again and again', (request, send) => send(answerTo(request, '5', [block(0, true)]))],
    ['a block that was not asked for', (request, send) => send(answerTo(request, '5', [block(9, false)]))],
    ['a document that is too long', (request, send) => send(answerTo(request, '5'.repeat(1_000)))],
    [
      'another token',
      ({ messageId }, send) =>
        send(generate({ ack: true, code: '2.05', messageId, token: Buffer.of(1), payload: Buffer.from('5') })),
    ],
    ['a reset', ({ messageId }, send) => send(generate({ reset: true, code: '0.00', messageId }))],
    ['text', (request, send) => send(answerTo(request, 'five'))],
    [
      'a flood',
      (request, send) => {
        for (let at = 0; at < 300; at++)
          send(generate({ code: '2.05', messageId: at, token: request.token, payload: Buffer.from('no') }));
      },
    ],
  ];

  test.each(kinds)('%s for an answer breaks nothing, and no value comes of it', async (_name, rubbish) => {
    const port = await server(rubbish);
    const bad = source(port, { maxBytes: 500, timeoutMs: 150 });
    const observed = source(port, { maxBytes: 500, timeoutMs: 150, mode: 'observe' });
    const good = plantSources(plant.ports).ambient as { resources: { default: { intervalMs: number } } };
    good.resources.default.intervalMs = 100;
    bench = new GatewayBench({ sources: { bad, observed, good: good as never } });
    await bench.start();
    await bench.until(() => (bench.gateway.statuses().bad?.failures ?? 0) >= 2);
    await bench.until(() => bench.of('good_temperature').length > 3);
    expect([...bench.of('bad_x'), ...bench.of('observed_x')].filter(({ quality }) => quality === 'good')).toEqual([]);
  });
});
