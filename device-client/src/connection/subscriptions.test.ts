import type { mqtt5 } from 'aws-iot-device-sdk-v2';
import { Subscriptions } from './subscriptions.ts';
import { matchesFilter } from './topic-filter.ts';

// source: MQTT 5 §4.7.1 and §4.7.2, with their examples
test.each([
  ['sport/tennis/player1/#', 'sport/tennis/player1', true],
  ['sport/tennis/player1/#', 'sport/tennis/player1/ranking', true],
  ['sport/tennis/player1/#', 'sport/tennis/player2', false],
  ['sport/#', 'sport', true],
  ['#', 'a/b', true],
  ['sport/tennis/+', 'sport/tennis/player1', true],
  ['sport/tennis/+', 'sport/tennis/player1/ranking', false],
  ['sport/+', 'sport', false],
  ['sport/+', 'sport/', true],
  ['+/+', '/finance', true],
  ['/+', '/finance', true],
  ['+', '/finance', false],
  ['#', '$SYS/x', false],
  ['+/monitor/Clients', '$SYS/monitor/Clients', false],
  ['$SYS/#', '$SYS/monitor', true],
  ['a/b', 'a/b/c', false],
])('filter %s and topic %s: %s', (filter, topic, matches) => {
  expect(matchesFilter(filter, topic)).toBe(matches);
});

interface Peer {
  connected: boolean;
  refuse: boolean;
  fail: boolean;
  asked: string[][];
  ended: string[];
  problems: string[];
}

function world() {
  const peer: Peer = { connected: true, refuse: false, fail: false, asked: [], ended: [], problems: [] };
  const client = {
    subscribe: async ({ subscriptions }: mqtt5.SubscribePacket) => {
      if (peer.fail) throw new Error('the connection was lost');
      peer.asked.push(subscriptions.map(({ topicFilter }) => topicFilter));
      return { reasonCodes: subscriptions.map(() => (peer.refuse ? 0x87 : 1)) } as mqtt5.SubackPacket;
    },
    unsubscribe: async ({ topicFilters }: mqtt5.UnsubscribePacket) => {
      peer.ended.push(...topicFilters);
      return { reasonCodes: [] } as unknown as mqtt5.UnsubackPacket;
    },
  };
  const made = new Subscriptions(
    client,
    () => peer.connected,
    (problem) => peer.problems.push(problem),
  );
  return { made, peer };
}

test('two listeners share a subscription, which ends with the last of them', async () => {
  const { made, peer } = world();
  const heard: string[] = [];
  const first = await made.add('a/+', (topic) => heard.push(`1 ${topic}`));
  const second = await made.add('a/+', (topic) => heard.push(`2 ${topic}`));
  made.deliver('a/b', new Uint8Array());
  await first.end();
  await first.end();
  made.deliver('a/c', new Uint8Array());
  expect([peer.asked, peer.ended]).toEqual([[['a/+']], []]);
  await second.end();
  made.deliver('a/d', new Uint8Array());
  expect(peer.ended).toEqual(['a/+']);
  expect(heard).toEqual(['1 a/b', '2 a/b', '2 a/c']);
});

test('without a connection nothing is asked, and everything at the next one, eight filters at a time', async () => {
  const { made, peer } = world();
  peer.connected = false;
  for (let number = 1; number <= 10; number++) await made.add(`f/${number}`, () => {});
  expect(peer.asked).toEqual([]);
  peer.connected = true;
  await made.renew();
  expect(peer.asked.map(({ length }) => length)).toEqual([8, 2]);
});

test('a refusal is told to whoever asks; at a renewal it is reported and asked for again', async () => {
  const { made, peer } = world();
  await made.add('mine', () => {});
  peer.refuse = true;
  await expect(made.add('theirs', () => {})).rejects.toMatchObject({ code: 'SUBSCRIBE_REFUSED' });
  await made.renew();
  expect(peer.asked.at(-1)).toEqual(['mine']);
  expect(peer.problems).toEqual(['subscription to mine refused (0x87)']);
  peer.refuse = false;
  await made.renew();
  expect(peer.problems).toHaveLength(1);
});

test('a connection that is lost while it is asked leaves the subscription for the next one', async () => {
  const { made, peer } = world();
  peer.fail = true;
  const adding = made.add('a', () => {});
  peer.connected = false;
  await adding;
  peer.fail = false;
  await made.renew();
  expect(peer.asked).toEqual([['a']]);
});

test('a listener that throws harms nobody', async () => {
  const { made, peer } = world();
  const heard: string[] = [];
  await made.add('a', () => {
    throw new Error('mistake');
  });
  await made.add('a', (topic) => heard.push(topic));
  made.deliver('a', new Uint8Array());
  expect(heard).toEqual(['a']);
  expect(peer.problems).toEqual(['a listener of a failed: mistake']);
});
