import { expect, test } from '@jest/globals';
import { generate, parse } from 'coap-packet';
import { ManualClock } from '../../../shared/src/testing/manual-clock.ts';
import { udpServer } from '../testing/rubbish-server.ts';
import { CoapObservation, type ObservationEnd } from './coap-observation.ts';

const heard: string[] = [];

/** A server that observes, and says one thing with a Max-Age of 60 s. */
async function server(): Promise<{ port: number; close(): Promise<void> }> {
  heard.length = 0;
  return udpServer((datagram, send) => {
    const { code, messageId, options, token } = parse(datagram);
    const observe = options.find(({ name }) => name === 'Observe')?.value;
    heard.push(`${code} observe ${observe?.toString('hex') ?? 'not'} ${token.length > 0}`);
    if (observe?.length !== 0) return;
    const answer = [
      { name: 'Observe' as const, value: Buffer.of(1) },
      { name: 'Max-Age' as const, value: Buffer.of(60) },
    ];
    send(generate({ ack: true, code: '2.05', messageId, token, options: answer, payload: Buffer.from('1') }));
  });
}

async function until(condition: () => boolean): Promise<void> {
  for (let round = 0; round < 400 && !condition(); round++) await new Promise((resolve) => setTimeout(resolve, 10));
  expect(condition()).toBe(true);
}

function observe(port: number, clock: ManualClock) {
  const answers: string[] = [];
  const ends: ObservationEnd[] = [];
  const target = { host: '127.0.0.1', port, path: '/a/b?c=d', timeoutMs: 5_000, maxBytes: 100 };
  const observation = new CoapObservation(
    target,
    { clock, random: () => 0.5 },
    {
      allow: () => true,
      onAnswer: ({ payload }) => answers.push(payload.toString()),
      onEnd: (end) => ends.push(end),
    },
  );
  observation.start();
  return { answers, ends, observation };
}

// source: RFC 7641, 3.3.1 (a client waits for the Max-Age, and 5 to 15 s more, before it registers again)
test('a resource that says nothing new beyond its Max-Age is stale', async () => {
  const { close, port } = await server();
  const clock = new ManualClock();
  const { answers, ends } = observe(port, clock);
  await until(() => answers.length === 1 && clock.pending === 1);
  await clock.advance(69_999);
  expect(ends).toEqual([]);
  await clock.advance(1);
  expect(ends).toEqual([{ kind: 'stale', reason: 'nothing new for 60 s' }]);
  await clock.advance(100);
  await close();
});

// source: RFC 7641, 3.6 (a GET with the token of the observation and Observe 1)
test('a server hears when nobody listens any more', async () => {
  const { close, port } = await server();
  const clock = new ManualClock();
  const { answers, ends, observation } = observe(port, clock);
  await until(() => answers.length === 1);
  const stopped = observation.stop();
  await until(() => heard.length === 2);
  await clock.advance(100);
  await stopped;
  expect(heard).toEqual(['0.01 observe  true', '0.01 observe 01 true']);
  expect(ends).toEqual([]);
  expect(clock.pending).toBe(0);
  await close();
});

test('a server that does not answer is given up in time', async () => {
  const deaf = await udpServer(() => {});
  const clock = new ManualClock();
  const { ends } = observe(deaf.port, clock);
  await clock.advance(5_000);
  expect(ends).toEqual([{ kind: 'trouble', reason: 'no answer in time' }]);
  await deaf.close();
});
