import { ManualClock } from '../../core/clock.ts';
import type { MqttMessage } from '../../core/mqtt.ts';
import { createTestCloud, type TestCloud } from '../../testing/context.ts';
import { RuleDestinations } from '../destinations/rule-destinations.ts';
import { publish, ROLE } from '../testing/rules-cloud.ts';
import { TopicRules } from '../topic-rules.ts';
import { RuleDirectory } from './rule-directory.ts';
import { RuleEngine } from './rule-engine.ts';

let cloud: TestCloud<ManualClock>;
let engine: RuleEngine;
let held: { message: MqttMessage; release: () => void }[];

beforeEach(async () => {
  cloud = createTestCloud({ clock: new ManualClock() });
  held = [];
  cloud.ports.provide('broker', {
    publish: (message) => new Promise((release) => held.push({ message, release })),
    reply() {},
    disconnect() {},
    connectedClients: () => [],
    onPresence: () => {},
  });
  const context = { ...cloud, destinations: new RuleDestinations(cloud) };
  const directory = new RuleDirectory(context);
  engine = new RuleEngine(cloud, directory, { messages: 2, bytes: 1_000_000 });
  await new TopicRules(context, directory).create('rule1', {
    sql: "SELECT * FROM 'in'",
    awsIotSqlVersion: '2016-03-23',
    actions: [{ republish: { roleArn: ROLE, topic: 'out' } }],
  });
});

afterEach(async () => {
  const stopped = engine.stop();
  for (const { release } of held) release();
  await stopped;
  await cloud.close();
});

async function until(condition: () => boolean): Promise<void> {
  const deadline = Date.now() + 10_000;
  while (!condition() && Date.now() < deadline) await new Promise((resolve) => setImmediate(resolve));
  expect(condition()).toBe(true);
}

test('with too much under way, accept resolves only when earlier work is done', async () => {
  await engine.accept(publish('in', { id: 1 }));
  await engine.accept(publish('in', { id: 2 }));
  let third = false;
  const accepted = engine.accept(publish('in', { id: 3 })).then(() => {
    third = true;
  });
  await until(() => held.length === 2);
  await new Promise((resolve) => setImmediate(resolve));
  expect(third).toBe(false);
  held[0]?.release();
  await accepted;
  await until(() => held.length === 3);
});

test('a message that a service publishes never waits, or a republish would wait for itself', async () => {
  await engine.accept(publish('in', { id: 1 }));
  await engine.accept(publish('in', { id: 2 }));
  const { publisher: _device, ...republished } = publish('in', { id: 3 });
  await engine.accept(republished);
  await until(() => held.length === 3);
});

test('rules that republish to themselves without end are stopped at a bound', async () => {
  const { publisher: _device, ...republished } = publish('in', {});
  for (let count = 0; count < 8; count++) await engine.accept(republished);
  await expect(engine.accept(republished)).rejects.toMatchObject({ code: 'ThrottlingException' });
});

test('a stopped engine takes nothing more', async () => {
  await engine.stop();
  await expect(engine.accept(publish('in', {}))).rejects.toThrow('stopped');
});
