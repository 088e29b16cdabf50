import { readFileSync } from 'node:fs';
import { greengrasscoreipc } from 'aws-iot-device-sdk-v2';
import { TestCore, until } from './testing/test-core.ts';

/**
 * Every operation that the nucleus supports, as the official IPC client of the device SDK speaks it, connected with the
 * token of a component that really runs. Source: developer guide, "Use the AWS IoT Device SDK to communicate with the Greengrass nucleus".
 */

const { model } = greengrasscoreipc as unknown as { model: typeof greengrasscoreipc.model };
const ALLOWED = {
  'aws.greengrass.ipc.pubsub': {
    'a:pubsub:1': { operations: ['*'], resources: ['local/*', '$aws/things/core-1/shadow/*'] },
  },
  'aws.greengrass.ipc.mqttproxy': { 'a:mqtt:1': { operations: ['*'], resources: ['cloud/#', 'forbidden/#'] } },
  'aws.greengrass.ShadowManager': {
    'a:shadow:1': { operations: ['*'], resources: ['$aws/things/{iot:thingName}/shadow*', 'core-1'] },
  },
  'aws.greengrass.SecretManager': {
    'a:secret:1': { operations: ['*'], resources: ['arn:aws:secretsmanager:x:1:secret:mine-*'] },
  },
  'aws.greengrass.Cli': { 'a:cli:1': { operations: ['*'], resources: ['*'] } },
};

const core = new TestCore();
let allowed: greengrasscoreipc.Client;
let plain: greengrasscoreipc.Client;

beforeAll(async () => {
  core.secrets = {
    async get({ secretId }) {
      const name = secretId.replace(/^arn:aws:secretsmanager:x:1:secret:/, '');
      if (name === 'gone') return undefined;
      return {
        arn: `arn:aws:secretsmanager:x:1:secret:${name}`,
        versionId: 'v1',
        versionStages: ['AWSCURRENT'],
        text: 'hush',
      };
    },
  };
  core.plain('com.example.Allowed', '1.0.0', { accessControl: ALLOWED, mqtt: { port: 443, hosts: ['a'] }, name: 'x' });
  core.plain('com.example.Plain', '1.0.0', { own: 1 });
  await core.start();
  const components = { 'com.example.Allowed': { version: '1.0.0' }, 'com.example.Plain': { version: '1.0.0' } };
  expect(await core.nucleus.deploy({ components })).toMatchObject({ status: 'SUCCESSFUL' });
  allowed = await core.client('com.example.Allowed');
  plain = await core.client('com.example.Plain');
}, 60_000);
afterAll(() => core.remove());

/** What a refused call says. */
async function refusal(call: Promise<unknown>): Promise<string> {
  const error = await call.then(
    () => new Error('it was not refused'),
    (reason) => reason,
  );
  return (error as { serviceError?: { message?: string } }).serviceError?.message ?? String(error);
}

describe('configuration', () => {
  test('GetConfiguration gives objects as they are and values under their key, of every component', async () => {
    expect(await plain.getConfiguration({ componentName: 'com.example.Allowed', keyPath: ['mqtt'] })).toMatchObject({
      componentName: 'com.example.Allowed',
      value: { port: 443, hosts: ['a'] },
    });
    expect(await allowed.getConfiguration({ keyPath: ['mqtt', 'hosts'] })).toMatchObject({ value: { hosts: ['a'] } });
    expect((await plain.getConfiguration({ keyPath: [] })).value).toEqual({ own: 1 });
    expect(await refusal(plain.getConfiguration({ keyPath: ['none'] }))).toBe('Key not found');
  });

  test('UpdateConfiguration merges, tells subscribers, and is refused when it is older than what is there', async () => {
    const heard: unknown[] = [];
    const watching = plain.subscribeToConfigurationUpdate({ componentName: 'com.example.Allowed', keyPath: ['mqtt'] });
    watching.on('message', (message) => heard.push(message.configurationUpdateEvent));
    await watching.activate();
    const timestamp = new Date();
    await allowed.updateConfiguration({ keyPath: ['mqtt'], timestamp, valueToMerge: { port: 8883 } });
    await until(() => heard.length > 0);
    expect(heard).toEqual([{ componentName: 'com.example.Allowed', keyPath: ['mqtt', 'port'] }]);
    expect(core.nucleus.details('com.example.Allowed')?.configuration).toMatchObject({
      mqtt: { port: 8883, hosts: ['a'] },
    });
    const older = new Date(timestamp.getTime() - 1_000);
    expect(
      await refusal(allowed.updateConfiguration({ keyPath: ['mqtt'], timestamp: older, valueToMerge: { port: 1 } })),
    ).toMatch(/later than the timestamp/);
    await watching.close();
  });

  test('a component cannot give itself permissions', async () => {
    const timestamp = new Date();
    const grant = { 'aws.greengrass.Cli': { x: { operations: ['*'], resources: ['*'] } } };
    const calls = [
      { timestamp, valueToMerge: { accessControl: grant } },
      { keyPath: ['accessControl'], timestamp, valueToMerge: grant },
      { keyPath: ['accessControl', 'aws.greengrass.Cli'], timestamp, valueToMerge: {} },
    ];
    for (const call of calls) expect(await refusal(plain.updateConfiguration(call))).toMatch(/accessControl/);
  });
});

describe('components', () => {
  test('ListComponents and GetComponentDetails show version, state and configuration', async () => {
    const { components = [] } = await allowed.listComponents({});
    expect(components.map(({ componentName, state, version }) => [componentName, version, state])).toEqual([
      ['com.example.Allowed', '1.0.0', 'RUNNING'],
      ['com.example.Plain', '1.0.0', 'RUNNING'],
    ]);
    expect(await allowed.getComponentDetails({ componentName: 'com.example.Plain' })).toMatchObject({
      componentDetails: { state: model.LifecycleState.RUNNING, configuration: { own: 1 } },
    });
    expect(await refusal(allowed.getComponentDetails({ componentName: 'none' }))).toBe(
      'Component with name none not found',
    );
  });

  test('UpdateState speaks for the component itself', async () => {
    await plain.updateState({ state: model.ReportedLifecycleState.RUNNING });
    expect(core.nucleus.details('com.example.Plain')?.state).toBe('RUNNING');
  });

  test('StopComponent stops and RestartComponent brings back', async () => {
    core.plain('com.example.Other', '1.0.0');
    const components = Object.fromEntries(
      ['Allowed', 'Plain', 'Other'].map((name) => [`com.example.${name}`, { version: '1.0.0' }]),
    );
    expect(await core.nucleus.deploy({ components })).toMatchObject({ status: 'SUCCESSFUL' });
    expect(await allowed.stopComponent({ componentName: 'com.example.Other' })).toMatchObject({
      stopStatus: 'SUCCEEDED',
    });
    await until(() => core.nucleus.details('com.example.Other')?.state === 'FINISHED');
    await allowed.restartComponent({ componentName: 'com.example.Other' });
    await until(() => core.nucleus.details('com.example.Other')?.state === 'RUNNING');
    expect(await refusal(allowed.restartComponent({ componentName: 'none' }))).toMatch(/none not found/);
  });
});

describe('cloud', () => {
  test('PublishToIoTCore and SubscribeToIoTCore go over the core', async () => {
    const heard: string[] = [];
    const watching = allowed.subscribeToIoTCore({ topicName: 'cloud/+/in', qos: model.QOS.AT_LEAST_ONCE });
    watching.on('message', ({ message }) =>
      heard.push(`${message?.topicName} ${Buffer.from(message?.payload as ArrayBuffer).toString()}`),
    );
    await watching.activate();
    await allowed.publishToIoTCore({ topicName: 'cloud/x/in', qos: model.QOS.AT_LEAST_ONCE, payload: 'hello' });
    await until(() => heard.length > 0);
    expect(heard).toEqual(['cloud/x/in hello']);
    await watching.close();
    await until(() => !core.connection.filters.includes('cloud/+/in'));
    const refused = allowed.subscribeToIoTCore({ topicName: 'forbidden/x', qos: model.QOS.AT_LEAST_ONCE });
    expect(await refusal(refused.activate())).toMatch(/subscription refused/);
  });

  test('what the core cannot carry is refused, not left out', async () => {
    const call = { topicName: 'cloud/x', qos: model.QOS.AT_LEAST_ONCE, payload: 'x' };
    expect(await refusal(allowed.publishToIoTCore({ ...call, retain: true }))).toMatch(/retain: not supported/);
    expect(await refusal(allowed.publishToIoTCore({ ...call, payload: Buffer.alloc(131_073) }))).toMatch(
      /131073 bytes/,
    );
  });

  test('offline QoS 1 waits and QoS 0 is refused', async () => {
    core.connection.connected = false;
    const call = { topicName: 'cloud/late', payload: 'x' };
    await allowed.publishToIoTCore({ ...call, qos: model.QOS.AT_LEAST_ONCE });
    expect(await refusal(allowed.publishToIoTCore({ ...call, qos: model.QOS.AT_MOST_ONCE }))).toMatch(/offline/);
    core.connection.connect();
    await until(() => core.connection.published.filter(({ topic }) => topic === 'cloud/late').length === 1);
  });

  test('shadows are read, changed and deleted in the cloud; errors keep their kind', async () => {
    const place = '$aws/things/core-1/shadow/name/config';
    core.connection.onPublish = (topic, text) => {
      const { clientToken, ...rest } = JSON.parse(text);
      if (!topic.startsWith('$aws') || !/(get|update|delete)$/.test(topic)) return;
      if (rest.version === 7) {
        core.connection.deliver(
          `${topic}/rejected`,
          JSON.stringify({ clientToken, code: 409, message: 'Version conflict' }),
        );
      } else core.connection.deliver(`${topic}/accepted`, JSON.stringify({ ...rest, version: 3, clientToken }));
    };
    const shadow = { thingName: 'core-1', shadowName: 'config' };
    const text = (payload: unknown) => JSON.parse(Buffer.from(payload as ArrayBuffer).toString());
    expect(text((await allowed.getThingShadow(shadow)).payload)).toMatchObject({ version: 3 });
    const payload = JSON.stringify({ state: { reported: { a: 1 } } });
    expect(text((await allowed.updateThingShadow({ ...shadow, payload })).payload)).toMatchObject({
      state: { reported: { a: 1 } },
    });
    await allowed.deleteThingShadow(shadow);
    const conflict = JSON.stringify({ state: { reported: { a: 1 } }, version: 7 });
    expect(await refusal(allowed.updateThingShadow({ ...shadow, payload: conflict }))).toBe('Version conflict');
    expect(await refusal(allowed.updateThingShadow({ ...shadow, payload: 'no' }))).toBe('the payload is no JSON');
    expect(await refusal(allowed.listNamedShadowsForThing({ thingName: 'core-1' }))).toMatch(/not supported/);
    core.connection.connected = false;
    expect(await refusal(allowed.getThingShadow(shadow))).toMatch(/no connection/);
    core.connection.connect();

    const heard: unknown[] = [];
    const watching = allowed.subscribeToTopic({ topic: `${place}/update/delta` });
    watching.on('message', ({ binaryMessage }) => heard.push(text(binaryMessage?.message)));
    await watching.activate();
    await until(() => core.connection.filters.includes(`${place}/update/delta`));
    core.connection.deliver(`${place}/update/delta`, '{"state":{"speed":2}}');
    await until(() => heard.length > 0);
    expect(heard).toEqual([{ state: { speed: 2 } }]);
  });

  test('GetSecretValue gives what the ARN allows, whatever name was asked for', async () => {
    expect(await allowed.getSecretValue({ secretId: 'mine-1' })).toMatchObject({
      secretId: 'arn:aws:secretsmanager:x:1:secret:mine-1',
      versionStage: ['AWSCURRENT'],
      secretValue: { secretString: 'hush' },
    });
    expect(await refusal(allowed.getSecretValue({ secretId: 'other' }))).toMatch(/not authorized .*GetSecretValue/);
    expect(await refusal(allowed.getSecretValue({ secretId: 'gone' }))).toBe('Secret gone not found');
  });
});

test('local messages go from component to component', async () => {
  const heard: unknown[] = [];
  const watching = allowed.subscribeToTopic({ topic: 'local/+' });
  watching.on('message', ({ jsonMessage }) => heard.push(jsonMessage?.message));
  await watching.activate();
  await allowed.publishToTopic({ topic: 'local/a', publishMessage: { jsonMessage: { message: { a: 1 } } } });
  await until(() => heard.length > 0);
  expect(heard).toEqual([{ a: 1 }]);
});

test('a component is asked before an update, can put it off, and is told afterwards', async () => {
  core.plain('com.example.Plain', '1.1.0', { own: 1 });
  const events: string[] = [];
  const watching = plain.subscribeToComponentUpdates({});
  watching.on('message', ({ preUpdateEvent, postUpdateEvent }) => {
    if (postUpdateEvent !== undefined) events.push('post');
    if (preUpdateEvent === undefined) return;
    events.push('pre');
    const { deploymentId } = preUpdateEvent;
    void plain.deferComponentUpdate({ deploymentId, recheckAfterMs: events.length === 1 ? 100 : 0 });
  });
  await watching.activate();
  const components = { 'com.example.Allowed': { version: '1.0.0' }, 'com.example.Plain': { version: '1.1.0' } };
  const others: string[] = [];
  const other = allowed.subscribeToComponentUpdates({});
  other.on('message', ({ postUpdateEvent }) => others.push(postUpdateEvent === undefined ? 'pre' : 'post'));
  await other.activate();
  expect(await core.nucleus.deploy({ deploymentId: 'd-1', components })).toMatchObject({ status: 'SUCCESSFUL' });
  expect(events).toEqual(['pre', 'pre']);
  await until(() => others.length > 0);
  expect(others).toEqual(['post']);
  expect(await refusal(allowed.deferComponentUpdate({ deploymentId: 'd-1' }))).toMatch(/Time limit/);
});

test('a component that refuses its configuration stops the deployment before anything changes', async () => {
  const watching = allowed.subscribeToValidateConfigurationUpdates({});
  watching.on('message', ({ validateConfigurationUpdateEvent: event }) => {
    const { name } = (event?.configuration ?? {}) as { name: string };
    void allowed.sendConfigurationValidityReport({
      configurationValidityReport: {
        deploymentId: event?.deploymentId ?? '',
        status:
          name === 'bad' ? model.ConfigurationValidityStatus.REJECTED : model.ConfigurationValidityStatus.ACCEPTED,
        message: 'I will not be bad',
      },
    });
  });
  await watching.activate();
  const deploy = (name: string) =>
    core.nucleus.deploy({
      components: {
        'com.example.Allowed': { version: '1.0.0', configurationUpdate: { merge: { name } } },
        'com.example.Plain': { version: '1.1.0' },
      },
    });
  expect(await deploy('bad')).toMatchObject({
    status: 'FAILED_NO_STATE_CHANGE',
    reason: 'com.example.Allowed refuses its configuration: I will not be bad',
  });
  expect(core.nucleus.details('com.example.Allowed')?.configuration).toMatchObject({ name: 'x' });
  expect(await deploy('good')).toMatchObject({ status: 'SUCCESSFUL' });
  expect(core.nucleus.details('com.example.Allowed')?.configuration).toMatchObject({ name: 'good' });
});

test('what no policy allows is refused by component, operation and resource', async () => {
  const nobody = await core.client('com.example.Plain');
  const shadow = { thingName: 'core-1', shadowName: 'config' };
  const qos = model.QOS.AT_LEAST_ONCE;
  const prefix = '$aws/things/core-1/shadow/name/config';
  const calls: [string, string, () => Promise<unknown>][] = [
    [
      'PublishToTopic',
      'local/a',
      () => nobody.publishToTopic({ topic: 'local/a', publishMessage: { jsonMessage: { message: {} } } }),
    ],
    ['SubscribeToTopic', 'local/a', () => nobody.subscribeToTopic({ topic: 'local/a' }).activate()],
    ['PublishToIoTCore', 'cloud/a', () => nobody.publishToIoTCore({ topicName: 'cloud/a', qos, payload: '' })],
    ['SubscribeToIoTCore', 'cloud/a', () => nobody.subscribeToIoTCore({ topicName: 'cloud/a', qos }).activate()],
    ['GetThingShadow', prefix, () => nobody.getThingShadow(shadow)],
    ['UpdateThingShadow', prefix, () => nobody.updateThingShadow({ ...shadow, payload: '{"state":{}}' })],
    ['DeleteThingShadow', prefix, () => nobody.deleteThingShadow(shadow)],
    ['ListNamedShadowsForThing', 'core-1', () => nobody.listNamedShadowsForThing({ thingName: 'core-1' })],
    ['GetSecretValue', 'arn:x', () => nobody.getSecretValue({ secretId: 'arn:x' })],
    ['ListComponents', '*', () => nobody.listComponents({})],
    ['GetComponentDetails', 'a', () => nobody.getComponentDetails({ componentName: 'a' })],
    ['RestartComponent', 'a', () => nobody.restartComponent({ componentName: 'a' })],
    ['StopComponent', 'a', () => nobody.stopComponent({ componentName: 'a' })],
  ];
  for (const [operation, resource, call] of calls) {
    const said = await refusal(call());
    expect(said).toContain(`com.example.Plain is not authorized to perform`);
    expect(said).toContain(`aws.greengrass#${operation} on resource ${resource}`);
  }
});

test('a component that is removed loses its connections and its token', async () => {
  const gone = await core.client('com.example.Plain');
  const ended = new Promise((resolve) => gone.on('disconnection', resolve));
  expect(await core.nucleus.deploy({ components: { 'com.example.Allowed': { version: '1.0.0' } } })).toMatchObject({
    status: 'SUCCESSFUL',
  });
  await ended;
  await expect(core.client('com.example.Plain')).rejects.toBeDefined();
});

// The same operations are passed by the client for Python: `npm run conformance -- ipc`.
test('every operation that the nucleus serves is called here', () => {
  const calls = readFileSync(__filename, 'utf8');
  const called = core.nucleus.operations.filter((name) =>
    calls.includes(`.${name.charAt(0).toLowerCase()}${name.slice(1)}(`),
  );
  expect(called).toEqual(core.nucleus.operations);
});
