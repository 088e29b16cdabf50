import { createTestCloud } from '../testing/context.ts';
import { CommitGroup } from './commit-group.ts';
import { Delivery } from './delivery.ts';
import { BrokerMessage } from './message.ts';
import { MessageLog } from './message-log.ts';

function message(payload: string, expirySeconds?: number): BrokerMessage {
  return new BrokerMessage({
    topic: 'a/é',
    topicBytes: Buffer.from('a/é'),
    payload: Buffer.from(payload),
    qos: 1,
    retain: true,
    receivedAt: 1_767_225_600_123,
    expirySeconds,
    forwarded: Buffer.from([0x01, 0x01]),
  });
}

test('a record gives back the message, its owner and its options', async () => {
  const cloud = createTestCloud();
  const commits = new CommitGroup(cloud.store);
  const log = new MessageLog(cloud.store, commits);
  log.append('session:1', new Delivery(message('x', 90), 1, true));
  log.append('group:g/t', new Delivery(message('y'), 1, false));
  await commits.request();
  const restored: unknown[] = [];
  new MessageLog(cloud.store, commits).restore(({ owner, delivery }) => {
    const read = log.read(delivery);
    restored.push([owner, delivery.qos, delivery.retain, delivery.message, read?.topic, String(read?.payload)]);
    expect(read?.receivedAt).toBe(1_767_225_600_123);
    expect(read?.forwarded).toEqual(Buffer.from([0x01, 0x01]));
    return owner.startsWith('group:');
  });
  expect(restored).toEqual([
    ['session:1', 1, true, undefined, 'a/é', 'x'],
    ['group:g/t', 1, false, undefined, 'a/é', 'y'],
  ]);
  await cloud.store.durable();
  expect([...cloud.store.log('broker/messages').entries()]).toHaveLength(1);
  await cloud.close();
});

test('a parked delivery is readable before and after its commit, and leaves memory with it', async () => {
  const cloud = createTestCloud();
  const commits = new CommitGroup(cloud.store);
  const log = new MessageLog(cloud.store, commits);
  const delivery = new Delivery(message('x'), 1, false);
  log.append('session:1', delivery);
  delivery.park();
  expect(String(log.read(delivery)?.payload)).toBe('x');
  await commits.request();
  expect(delivery.message).toBeUndefined();
  expect(String(log.read(delivery)?.payload)).toBe('x');
  log.remove(delivery);
  await cloud.store.durable();
  expect(log.read(delivery)).toBeUndefined();
  await cloud.close();
});
