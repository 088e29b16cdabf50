// source: iot-sql-functions

import { ManualClock } from '../../local-cloud/src/core/clock.ts';
import { AwsError } from '../../local-cloud/src/core/errors.ts';
import {
  createRulesCloud,
  publish,
  QUEUE,
  ROLE,
  type RulesCloud,
  template,
} from '../../local-cloud/src/rules/testing/rules-cloud.ts';

let cloud: RulesCloud;
let clock: ManualClock;
beforeEach(() => {
  clock = new ManualClock();
  cloud = createRulesCloud({ clock });
});
afterEach(() => cloud.close());

const READER = 'arn:aws:iam::123456789012:role/reader';
const FUNCTION = 'arn:aws:lambda:us-east-1:123456789012:function:f';
const SQS = { sqs: { roleArn: ROLE, queueUrl: QUEUE } };

const json = (value: unknown): Buffer => Buffer.from(JSON.stringify(value));
const sent = (): unknown[] =>
  cloud.calls.filter(({ service }) => service === 'sqs').map(({ input }) => JSON.parse(input.MessageBody));

async function run(sql: string, payload: unknown, calls: number, actions: object[] = [SQS]): Promise<void> {
  await cloud.createRule('rule1', { sql, actions });
  await cloud.rules.accept(publish('a/b', payload));
  await cloud.reached(calls);
}

async function settled(): Promise<void> {
  for (let turn = 0; turn < 50; turn++) await new Promise((resolve) => setImmediate(resolve));
}

// source: iot-sql-functions (aws_lambda)
describe('aws_lambda()', () => {
  test('passes its second argument to the function, waits, and gives the JSON that it returns', async () => {
    cloud.answer('lambda.Invoke', ({ Payload }) => ({
      Payload: json({ doubled: JSON.parse(String(Payload)).payload * 2 }),
    }));
    await run(
      `SELECT aws_lambda("${FUNCTION}", {"payload":attribute1}).doubled AS output, attribute2 FROM 'a/b'`,
      { attribute1: 21, attribute2: 'value' },
      2,
    );
    expect(cloud.calls[0]?.input).toMatchObject({ FunctionName: FUNCTION, InvocationType: 'RequestResponse' });
    expect(cloud.calls[0]?.principal).toEqual({
      kind: 'service',
      service: 'iot.amazonaws.com',
      sourceArn: 'arn:aws:iot:us-east-1:123456789012:rule/rule1',
      sourceAccount: '123456789012',
    });
    expect(sent()).toEqual([{ output: 42, attribute2: 'value' }]);
  });

  test('the whole payload is written *', async () => {
    cloud.answer('lambda.Invoke', ({ Payload }) => ({ Payload }));
    await run(`SELECT aws_lambda("${FUNCTION}", *) AS output FROM 'a/b'`, { x: 1 }, 2);
    expect(sent()).toEqual([{ output: { x: 1 } }]);
  });

  test('each call is made once, with the same newuuid() in the message and in the call', async () => {
    cloud.answer('lambda.Invoke', ({ Payload }) => ({ Payload }));
    await run(
      `SET @id = newuuid() SELECT @id AS id, (SELECT aws_lambda("${FUNCTION}", {"n": n}) AS r FROM list) AS list, ` +
        `aws_lambda("${FUNCTION}", {"id": @id}) AS echo FROM 'a/b'`,
      { list: [{ n: 1 }, { n: 2 }] },
      4,
    );
    const [message] = sent() as { id: string; echo: { id: string }; list: unknown[] }[];
    expect(message?.list).toEqual([{ r: { n: 1 } }, { r: { n: 2 } }]);
    expect(message?.echo.id).toBe(message?.id);
    expect(cloud.calls.filter(({ service }) => service === 'lambda')).toHaveLength(3);
  });

  // assumed: the guide gives the time, not what follows; the rule has no output, so it runs neither actions nor error action
  test('a function that takes longer than two seconds ends the rule for the message, loudly', async () => {
    cloud.answer('lambda.Invoke', () => new Promise(() => {}));
    await run(`SELECT aws_lambda("${FUNCTION}", *) AS output FROM 'a/b'`, { x: 1 }, 1);
    await settled();
    await clock.advance(2000);
    await settled();
    expect(sent()).toEqual([]);
    expect(cloud.logged).toContainEqual({
      level: 'error',
      message: 'rule could not be evaluated',
      fields: {
        rule: 'rule1',
        topic: 'a/b',
        reason: 'aws_lambda(): not completed within 2000 milliseconds',
      },
    });
  });

  test('other rules of the message do not wait for it', async () => {
    cloud.answer('lambda.Invoke', () => new Promise(() => {}));
    await cloud.createRule('plain', { sql: "SELECT x FROM 'a/b'", actions: [SQS] });
    await run(`SELECT aws_lambda("${FUNCTION}", *) AS output FROM 'a/b'`, { x: 1 }, 2);
    expect(sent()).toEqual([{ x: 1 }]);
    await clock.advance(2000);
  });
});

// source: iot-sql-functions (get_thing_shadow)
describe('get_thing_shadow()', () => {
  test.each([
    [`get_thing_shadow("MyThing","MyThingShadow","${READER}")`, { thingName: 'MyThing', shadowName: 'MyThingShadow' }],
    [`get_thing_shadow("MyThing","${READER}")`, { thingName: 'MyThing' }],
  ])('%s reads the shadow as the role and decides in WHERE', async (call, input) => {
    const alarms = ['ON', 'OFF'];
    cloud.answer('iot-data-plane.GetThingShadow', () => ({
      payload: json({ state: { reported: { alarm: alarms.shift() } } }),
    }));
    await run(`SELECT * FROM 'a/b' WHERE ${call}.state.reported.alarm = 'ON'`, { n: 1 }, 2);
    await cloud.rules.accept(publish('a/b', { n: 2 }));
    await cloud.reached(3);
    await settled();
    expect(cloud.calls[0]).toMatchObject({ input, principal: { kind: 'assumed-role', roleArn: READER } });
    expect(sent()).toEqual([{ n: 1 }]);
  });

  // assumed: what a missing shadow gives is not documented, so the rule is not carried out and the log says so
  test('a shadow that is not there ends the rule for the message, loudly', async () => {
    cloud.answer('iot-data-plane.GetThingShadow', () => {
      throw new AwsError('ResourceNotFoundException', 'No shadow exists with name: MyThing', 404);
    });
    await run(`SELECT get_thing_shadow("MyThing","${READER}") AS s FROM 'a/b'`, {}, 1);
    await settled();
    expect(sent()).toEqual([]);
    expect(cloud.logged[0]?.fields?.reason).toBe('get_thing_shadow(): No shadow exists with name: MyThing');
  });
});

// source: iot-sql-functions (get_dynamodb)
describe('get_dynamodb()', () => {
  const ITEM = { location: { S: 'hall 3' }, rack: { N: '12.5' }, ports: { L: [{ N: '1' }, { BOOL: true }] } };

  test('reads one item by its keys and gives its attributes', async () => {
    cloud.answer('dynamodb.GetItem', () => ({ Item: ITEM }));
    await run(
      `SELECT *, get_dynamodb("InServiceDevices", "deviceId", id, "${READER}").location AS location FROM 'a/b'`,
      { id: 'd1' },
      2,
    );
    expect(cloud.calls[0]?.input).toEqual({ TableName: 'InServiceDevices', Key: { deviceId: { S: 'd1' } } });
    expect(sent()).toEqual([{ id: 'd1', location: 'hall 3' }]);
  });

  test('a composite key has a sort key, and numbers stay numbers', async () => {
    cloud.answer('dynamodb.GetItem', () => ({ Item: ITEM }));
    await run(`SELECT VALUE get_dynamodb("t", "p", id, "s", at, "${READER}") FROM 'a/b'`, { id: 'd1', at: 7 }, 2);
    expect(cloud.calls[0]?.input.Key).toEqual({ p: { S: 'd1' }, s: { N: '7' } });
    expect(sent()).toEqual([{ location: 'hall 3', rack: 12.5, ports: [1, true] }]);
  });

  test('called twice in one statement, it ends the rule without any action', async () => {
    cloud.answer('dynamodb.GetItem', () => ({ Item: ITEM }));
    const call = `get_dynamodb("t", "p", id, "${READER}")`;
    await run(`SELECT ${call} AS a, ${call} AS b FROM 'a/b'`, { id: 'd1' }, 1);
    await settled();
    expect(sent()).toEqual([]);
    expect(cloud.logged[0]?.fields?.reason).toContain('once per SQL statement');
  });

  test('an item above 8 KB ends the rule', async () => {
    cloud.answer('dynamodb.GetItem', () => ({ Item: { text: { S: 'x'.repeat(8193) } } }));
    await run(`SELECT get_dynamodb("t", "p", id, "${READER}") AS a FROM 'a/b'`, { id: 'd1' }, 1);
    await settled();
    expect(sent()).toEqual([]);
  });
});

// source: iot-sql-functions (get_secret)
describe('get_secret()', () => {
  const secret = (value: object): void => cloud.answer('secrets-manager.GetSecretValue', () => value);

  test.each([
    [{ SecretString: '{"API_KEY_VALUE":"k1"}' }, `'SecretString', 'API_KEY_VALUE', '${READER}'`, 'k1'],
    [{ SecretString: '{"a":1}' }, `'SecretString', '${READER}'`, { a: 1 }],
    [{ SecretString: 'plain' }, `'SecretString', '${READER}'`, 'plain'],
    [{ SecretBinary: Buffer.from('bytes') }, `'SecretBinary', '${READER}'`, 'Ynl0ZXM='],
  ])('of %j with %s', async (value, args, expected) => {
    secret(value);
    await run(`SELECT get_secret('API_KEY', ${args}) AS s FROM 'a/b'`, {}, 3);
    expect(cloud.calls.slice(0, 2).map(({ operation }) => operation)).toEqual(['DescribeSecret', 'GetSecretValue']);
    expect(sent()).toEqual([{ s: expected }]);
  });

  test.each([
    [{ SecretString: 'plain' }, `'SecretString', 'key', '${READER}'`],
    [{ SecretBinary: Buffer.from('b') }, `'SecretBinary', 'key', '${READER}'`],
  ])('of %j with %s fails with an exception', async (value, args) => {
    secret(value);
    await run(`SELECT get_secret('API_KEY', ${args}) AS s FROM 'a/b'`, {}, 2);
    await settled();
    expect(sent()).toEqual([]);
    expect(cloud.logged[0]?.message).toBe('rule could not be evaluated');
  });

  test('is cached for fifteen minutes', async () => {
    let reads = 0;
    cloud.answer('secrets-manager.GetSecretValue', () => ({ SecretString: `v${++reads}` }));
    await run(`SELECT get_secret('s', 'SecretString', '${READER}') AS s FROM 'a/b'`, {}, 3);
    await clock.advance(15 * 60_000 - 1);
    await cloud.rules.accept(publish('a/b', {}));
    await cloud.reached(4);
    await clock.advance(1);
    await cloud.rules.accept(publish('a/b', {}));
    await cloud.reached(7);
    expect(sent()).toEqual([{ s: 'v1' }, { s: 'v1' }, { s: 'v2' }]);
  });

  test('fills a template of an action', async () => {
    secret({ SecretString: '{"stream":"s1"}' });
    const streamName = template(`get_secret('x', 'SecretString', 'stream', '${READER}')`);
    await run("SELECT * FROM 'a/b'", { x: 1 }, 3, [{ kinesis: { roleArn: ROLE, streamName, partitionKey: 'k' } }]);
    expect(cloud.calls[2]?.input).toMatchObject({ StreamName: 's1' });
  });
});

// assumed: the edition of iot-sql-functions at hand lacks get_or_default; its meaning is taken from its name
test('get_or_default() gives its default when the function that it asks fails', async () => {
  cloud.answer('iot-data-plane.GetThingShadow', () => {
    throw new AwsError('ResourceNotFoundException', 'No shadow exists', 404);
  });
  const shadow = `get_thing_shadow('t', '${READER}')`;
  await run(`SELECT get_or_default(${shadow}.state, 'none') AS s FROM 'a/b'`, {}, 2);
  expect(sent()).toEqual([{ s: 'none' }]);
  const sql = `SELECT get_or_default(x, upper(${shadow})) AS s FROM 'a'`;
  await expect(cloud.createRule('r', { sql, actions: [SQS] })).rejects.toMatchObject({
    code: 'SqlParseException',
    message: expect.stringContaining('not allowed as default value'),
  });
});

// assumed: search-things names the function and its two operations; its arguments are taken to be as get_thing_shadow's
test('get_registry_data() gives the answer of the registry operation, asked for as the role', async () => {
  cloud.answer('iot.DescribeThing', () => ({ thingName: 't', attributes: { wattage: '75' }, version: 3 }));
  await run(
    `SELECT get_registry_data("DescribeThing", thing, "${READER}").attributes.wattage AS w FROM 'a/b'`,
    { thing: 't' },
    2,
  );
  expect(cloud.calls[0]).toMatchObject({ input: { thingName: 't' }, principal: { roleArn: READER } });
  expect(sent()).toEqual([{ w: '75' }]);
});

// source: pass-role
test('whoever makes a rule must be allowed to pass the roles of its functions and templates', async () => {
  await cloud.createRule('rule1', {
    sql: `SELECT get_thing_shadow('t', '${READER}') AS s FROM 'a'`,
    actions: [
      {
        sqs: {
          roleArn: ROLE,
          queueUrl: template(`get_secret('s', 'SecretString', '${READER}2')`),
        },
      },
    ],
  });
  const passed = cloud.asked.filter(({ action }) => action === 'iam:PassRole').map(({ resource }) => resource);
  expect(new Set(passed)).toEqual(new Set([ROLE, READER, `${READER}2`]));
});

// source: rule-error-handling
test('an error action cannot use external functions', async () => {
  const errorAction = {
    sqs: { roleArn: ROLE, queueUrl: template(`get_secret('s', 'SecretString', '${READER}')`) },
  };
  await expect(cloud.createRule('r', { sql: "SELECT * FROM 'a'", actions: [SQS], errorAction })).rejects.toMatchObject({
    code: 'SqlParseException',
    message: expect.stringContaining('an error action cannot use'),
  });
});

// source: iot-rules
test('a QoS 1 message of an asking rule is taken up again after a restart', async () => {
  cloud.answer('lambda.Invoke', () => new Promise(() => {}));
  await run(`SELECT aws_lambda("${FUNCTION}", *) AS output FROM 'a/b'`, { x: 1 }, 1);
  const again = createRulesCloud({ directory: cloud.dataDirectory, clock: new ManualClock() });
  again.answer('lambda.Invoke', () => ({ Payload: json('done') }));
  await again.start();
  await again.reached(2);
  expect(JSON.parse(again.calls[1]?.input.MessageBody)).toEqual({ output: 'done' });
  await again.close();
  await clock.advance(2000);
});
