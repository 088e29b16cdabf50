// source: iot-rules, iot-basic-ingest, rule-error-handling

import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AwsError } from '../../local-cloud/src/core/errors.ts';
import {
  createRulesCloud,
  publish,
  QUEUE,
  ROLE,
  type RulesCloud,
} from '../../local-cloud/src/rules/testing/rules-cloud.ts';

const SQS = { sqs: { roleArn: ROLE, queueUrl: QUEUE } };

function tick(turns = 20): Promise<void> {
  return turns === 0 ? Promise.resolve() : new Promise((resolve) => setImmediate(() => resolve(tick(turns - 1))));
}

function bodies(cloud: RulesCloud): unknown[] {
  return cloud.calls
    .filter(({ operation }) => operation === 'SendMessage')
    .map(({ input }) => JSON.parse(input.MessageBody));
}

describe('durability', () => {
  test('work accepted but not done when the cloud stops is done after a restart', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'fleetwright-rules-'));
    const first = createRulesCloud({ directory });
    await first.createRule('rule1', {
      sql: "SELECT id, traceid() AS trace, timestamp() AS at, clientid() AS client FROM 'a/+'",
      actions: [SQS],
    });
    first.answer('sqs.SendMessage', () => new Promise<void>(() => {}));
    const payloads = [1, 2, 3].map((id) => publish('a/b', { id }));
    await Promise.all(payloads.map((message) => first.rules.accept(message)));
    await first.reached(3);
    const before = bodies(first) as { trace: string }[];
    // the process dies here, its actions never end
    await first.store.close();

    const second = createRulesCloud({ directory });
    await second.start();
    await second.reached(3);
    expect(bodies(second)).toEqual(before);
    expect(before[0]?.trace).toMatch(/^[0-9a-f-]{36}$/);
    await second.close();
  });

  test('work that is done is not done again', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'fleetwright-rules-'));
    const first = createRulesCloud({ directory });
    await first.createRule('rule1', { sql: "SELECT * FROM 'a'", actions: [SQS] });
    await first.rules.accept(publish('a', { id: 1 }));
    await first.reached(1);
    await tick();
    await first.close();

    const second = createRulesCloud({ directory });
    await second.start();
    await tick();
    expect(second.calls).toEqual([]);
    await second.close();
  });

  test('a pause between attempts ends with the cloud, and the attempt is made again after the restart', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'fleetwright-rules-'));
    const first = createRulesCloud({ directory });
    await first.createRule('rule1', { sql: "SELECT * FROM 'a'", actions: [SQS] });
    first.answer('sqs.SendMessage', () => {
      throw new AwsError('ServiceUnavailable', 'down', 503);
    });
    await first.rules.accept(publish('a', { id: 9 }));
    await first.reached(1);
    await first.close();

    const second = createRulesCloud({ directory });
    await second.start();
    await second.reached(1);
    expect(bodies(second)).toEqual([{ id: 9 }]);
    await second.close();
  });

  test('no action of a QoS 1 message runs before its record is on disk', async () => {
    const cloud = createRulesCloud();
    const order: string[] = [];
    const durable = cloud.store.durable.bind(cloud.store);
    await cloud.createRule('rule1', { sql: "SELECT * FROM 'a'", actions: [SQS] });
    Object.assign(cloud.store, {
      durable: async () => {
        await durable();
        order.push('disk');
      },
    });
    cloud.answer('sqs.SendMessage', () => void order.push('action'));
    await cloud.rules.accept(publish('a', {}));
    await cloud.reached(1);
    expect(order).toEqual(['disk', 'action']);
    await cloud.close();
  });

  test('accepts that come together share a flush', async () => {
    const cloud = createRulesCloud();
    await cloud.createRule('rule1', { sql: "SELECT * FROM 'a'", actions: [SQS] });
    const flushes = new Set<Promise<void>>();
    const durable = cloud.store.durable.bind(cloud.store);
    Object.assign(cloud.store, {
      durable: () => {
        const flush = durable();
        flushes.add(flush);
        return flush;
      },
    });
    await Promise.all(Array.from({ length: 500 }, (_, id) => cloud.rules.accept(publish('a', { id }))));
    expect(flushes.size).toBeLessThanOrEqual(3);
    await cloud.reached(500);
    await cloud.close();
  });

  test('a message of QoS 0 is not written to disk', async () => {
    const cloud = createRulesCloud();
    await cloud.createRule('rule1', { sql: "SELECT * FROM 'a'", actions: [SQS] });
    await cloud.rules.accept(publish('a', {}, 0));
    expect([...cloud.store.log('rules/pending').entries()]).toEqual([]);
    await cloud.reached(1);
    await cloud.close();
  });
});

describe('which rules run', () => {
  let cloud: RulesCloud;
  beforeEach(() => {
    cloud = createRulesCloud();
  });
  afterEach(() => cloud.close());

  test('Basic Ingest runs the named rule alone, whatever its FROM says, and hides the prefix from topic()', async () => {
    await cloud.createRule('named', {
      sql: "SELECT topic() AS t, topic(1) AS first FROM 'other/topic'",
      actions: [SQS],
    });
    await cloud.createRule('all', { sql: "SELECT 'all' AS t FROM '#'", actions: [SQS] });
    await cloud.rules.accept(publish('$aws/rules/named/a/b', {}));
    await cloud.reached(1);
    await tick();
    expect(bodies(cloud)).toEqual([{ t: 'a/b', first: 'a' }]);
  });

  test('Basic Ingest to a rule that is missing or disabled is logged as RuleNotFound', async () => {
    await cloud.createRule('off', { sql: "SELECT * FROM 'a'", actions: [SQS], ruleDisabled: true });
    await cloud.rules.accept(publish('$aws/rules/off/a', {}));
    await cloud.rules.accept(publish('$aws/rules/none/a', {}));
    expect(cloud.logged.map(({ message, fields }) => [message, fields?.rule])).toEqual([
      ['RuleNotFound', 'off'],
      ['RuleNotFound', 'none'],
    ]);
  });

  test('a rule takes effect, stops and resumes with its API', async () => {
    await cloud.createRule('rule1', { sql: "SELECT id FROM 'a'", actions: [SQS] });
    await cloud.rules.accept(publish('a', { id: 1 }));
    await cloud.admin('DisableTopicRule', { ruleName: 'rule1' });
    await cloud.rules.accept(publish('a', { id: 2 }));
    await cloud.admin('EnableTopicRule', { ruleName: 'rule1' });
    await cloud.rules.accept(publish('a', { id: 3 }));
    await cloud.admin('ReplaceTopicRule', {
      ruleName: 'rule1',
      topicRulePayload: { sql: "SELECT id + 1 AS id FROM 'b'", actions: [SQS] },
    });
    await cloud.rules.accept(publish('a', { id: 4 }));
    await cloud.rules.accept(publish('b', { id: 5 }));
    await cloud.admin('DeleteTopicRule', { ruleName: 'rule1' });
    await cloud.rules.accept(publish('b', { id: 6 }));
    await cloud.reached(3);
    await tick();
    expect(bodies(cloud)).toEqual([{ id: 1 }, { id: 3 }, { id: 6 }]);
  });

  test('several rules may take one message, and a WHERE that is not true does nothing', async () => {
    await cloud.createRule('one', { sql: "SELECT 'one' AS r FROM 'a/#'", actions: [SQS] });
    await cloud.createRule('two', { sql: "SELECT 'two' AS r FROM '+/b' WHERE id > 1", actions: [SQS] });
    await cloud.createRule('three', { sql: "SELECT 'three' AS r FROM 'a/b' WHERE id > 9", actions: [SQS] });
    await cloud.rules.accept(publish('a/b', { id: 5 }));
    await cloud.reached(2);
    await tick();
    expect(bodies(cloud)).toEqual([{ r: 'one' }, { r: 'two' }]);
    expect(cloud.meter.get('rules.matched')).toBe(3);
    expect(cloud.meter.get('rules.actions')).toBe(2);
  });

  test('variables of a SET clause reach the templates of their own rule', async () => {
    for (const name of ['x', 'y']) {
      await cloud.createRule(name, {
        sql: `SET @who = '${name}' SELECT @who AS who FROM 'a'`,
        actions: [{ s3: { roleArn: ROLE, bucketName: 'b', key: '$' + '{@who}' } }],
      });
    }
    await cloud.rules.accept(publish('a', {}));
    await cloud.reached(2);
    expect(cloud.calls.map(({ input }) => [input.Key, String(input.Body)])).toEqual([
      ['x', '{"who":"x"}'],
      ['y', '{"who":"y"}'],
    ]);
  });

  test('a rule that cannot be evaluated for a message is logged and does not stop the others', async () => {
    await cloud.createRule('bad', { sql: "SELECT *, 1 AS x FROM 'a'", actions: [SQS] });
    await cloud.createRule('good', { sql: "SELECT encode(*, 'base64') AS x FROM 'a'", actions: [SQS] });
    await cloud.rules.accept(publish('a', Buffer.from([1, 2, 3])));
    await cloud.reached(1);
    expect(bodies(cloud)).toEqual([{ x: 'AQID' }]);
    expect(cloud.logged).toEqual([
      { level: 'error', message: 'rule could not be evaluated', fields: expect.objectContaining({ rule: 'bad' }) },
    ]);
  });
});
