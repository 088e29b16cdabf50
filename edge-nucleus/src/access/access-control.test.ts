import { AccessControlList, IPC_SERVICES, type IpcService } from './access-control.ts';

/** Source: AWS IoT Greengrass developer guide, "Authorize components to perform IPC operations" and the pages of each service. */

function listOf(service: IpcService, operations: string[], resources: string[]): AccessControlList {
  const list = new AccessControlList('core-1');
  list.set('com.example.A', { [service]: { 'com.example.A:1': { operations, resources } } });
  return list;
}

test.each([
  ['test/topic', 'test/topic', true],
  ['test/topic', 'test/topic/more', false],
  ['*', 'anything/at all', true],
  ['factory/1/devices/Thermostat*/status', 'factory/1/devices/Thermostat1/status', true],
  ['factory/1/devices/Thermostat*/status', 'factory/1/devices/Thermostat1/deep/status', true],
  ['factory/1/devices/Thermostat*/status', 'factory/1/devices/Valve/status', false],
  ['a${*}b', 'a*b', true],
  ['a${*}b', 'axb', false],
  ['a?b', 'a?b', true],
  ['a?b', 'axb', false],
  ['${$}{name}', '${name}', true],
  ['$aws/things/{iot:thingName}/shadow', '$aws/things/core-1/shadow', true],
  ['test/topic/#', 'test/topic/#', true],
  ['test/topic/#', 'test/topic/filter', false],
  ['a.b', 'axb', false],
  ['a*a', 'a', false],
  ['a*a', 'aa', true],
  ['a*b*a', 'aba', true],
  ['a*b*a', 'ab', false],
])('a local topic: %s grants %s: %s', (pattern, topic, allowed) => {
  const list = listOf(IPC_SERVICES.pubsub, ['aws.greengrass#SubscribeToTopic'], [pattern]);
  expect(list.allows('com.example.A', IPC_SERVICES.pubsub, 'SubscribeToTopic', topic)).toBe(allowed);
});

test.each([
  ['test/topic/#', 'test/topic/#', true],
  ['test/topic/#', 'test/topic/filter', true],
  ['test/topic/#', 'test/topic', true],
  ['test/+/x', 'test/a/x', true],
  ['test/+/x', 'test/a/b/x', false],
  ['test/+/x', 'test/+/x', true],
  ['test/+', 'test/#', false],
  ['test/a', 'test/#', false],
  ['devices/{iot:thingName}/messages', 'devices/core-1/messages', true],
  ['devices/{iot:thingName}/messages', 'devices/core-2/messages', false],
])('a topic of AWS IoT Core: %s grants %s: %s', (pattern, topic, allowed) => {
  const list = listOf(IPC_SERVICES.mqttproxy, ['*'], [pattern]);
  expect(list.allows('com.example.A', IPC_SERVICES.mqttproxy, 'PublishToIoTCore', topic)).toBe(allowed);
});

test('one service, operation or component is not another', () => {
  const list = listOf(IPC_SERVICES.pubsub, ['aws.greengrass#PublishToTopic'], ['*']);
  expect(list.allows('com.example.A', IPC_SERVICES.pubsub, 'PublishToTopic', 'a')).toBe(true);
  expect(list.allows('com.example.A', IPC_SERVICES.pubsub, 'SubscribeToTopic', 'a')).toBe(false);
  expect(list.allows('com.example.A', IPC_SERVICES.mqttproxy, 'PublishToTopic', 'a')).toBe(false);
  expect(list.allows('com.example.B', IPC_SERVICES.pubsub, 'PublishToTopic', 'a')).toBe(false);
  expect(() => list.demand('com.example.B', IPC_SERVICES.pubsub, 'PublishToTopic', 'a')).toThrow(
    'Principal com.example.B is not authorized to perform aws.greengrass.ipc.pubsub:aws.greengrass#PublishToTopic on resource a',
  );
});

test('what is removed is gone, and what is no access control is refused with its place', () => {
  const list = listOf(IPC_SERVICES.pubsub, ['*'], ['*']);
  list.remove('com.example.A');
  expect(list.allows('com.example.A', IPC_SERVICES.pubsub, 'PublishToTopic', 'a')).toBe(false);
  expect(() => list.set('com.example.A', { [IPC_SERVICES.pubsub]: { id: { operations: [] } } })).toThrow('operations');
});

test('a pattern of many wildcards is decided at once', () => {
  const list = listOf(IPC_SERVICES.pubsub, ['*'], [`${'*a'.repeat(30)}*c`]);
  const began = performance.now();
  expect(list.allows('com.example.A', IPC_SERVICES.pubsub, 'PublishToTopic', 'a'.repeat(5_000))).toBe(false);
  expect(performance.now() - began).toBeLessThan(1_000);
});
