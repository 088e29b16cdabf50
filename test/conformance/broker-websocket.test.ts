import { createHash, createHmac } from 'node:crypto';
import { CreateRoleCommand, IAMClient } from '@aws-sdk/client-iam';
import { AssumeRoleCommand, STSClient } from '@aws-sdk/client-sts';
import mqtt, { type IClientOptions, type MqttClient } from 'mqtt';
import { generate, parser } from 'mqtt-packet';
import WebSocket from 'ws';
import { until } from '../../local-cloud/src/broker/testing/broker-fixture.ts';
import { type EndpointFixture, startEndpoint } from '../../local-cloud/src/broker/testing/endpoint-fixture.ts';

// source: developer guide, protocols.html and custom-auth.html; MQTT 5 §6

let endpoint: EndpointFixture;
const clients: { terminate?(): void; end?(force: boolean): void }[] = [];

beforeAll(async () => {
  endpoint = await startEndpoint();
  endpoint.devices.onShown = () => ({ principalId: 'someone' });
});
afterAll(async () => {
  for (const client of clients) {
    client.terminate?.();
    client.end?.(true);
  }
  await endpoint.close();
});

function connect(port: number, query: string, options: IClientOptions = {}): Promise<MqttClient> {
  const client = mqtt.connect(`wss://localhost:${port}/mqtt?${query}`, {
    clientId: `web-${clients.length}`,
    reconnectPeriod: 0,
    wsOptions: { ca: endpoint.ca },
    ...options,
  });
  clients.push(client as unknown as { end(force: boolean): void });
  return new Promise((resolve, reject) => {
    client.once('connect', () => resolve(client));
    client.once('error', reject);
    client.once('close', () => reject(new Error('closed')));
  });
}

function open(query: string, protocols: string[] = ['mqtt'], headers: Record<string, string> = {}): Promise<WebSocket> {
  const socket = new WebSocket(`wss://localhost:${endpoint.mqttPort}/mqtt${query}`, protocols, {
    ca: endpoint.ca,
    headers,
  });
  clients.push(socket);
  return new Promise((resolve, reject) => {
    socket.once('open', () => resolve(socket));
    socket.once('unexpected-response', (_request, response) => reject(new Error(`status ${response.statusCode}`)));
    socket.once('error', reject);
  });
}

const CONNECT = { cmd: 'connect', protocolId: 'MQTT', clean: true, keepalive: 60 } as const;

describe('MQTT over WebSocket', () => {
  // source: developer guide, protocols.html, "Protocols, port mappings, and authentication"
  test.each(['mqttPort', 'apiPort'] as const)(
    'a signed address connects, publishes and receives (%s)',
    async (port) => {
      for (const protocolVersion of [4, 5] as const) {
        const client = await connect(endpoint[port], await endpoint.signedQuery(endpoint[port]), { protocolVersion });
        const received = new Promise<string>((resolve) =>
          client.once('message', (_topic, payload) => resolve(`${payload}`)),
        );
        await client.subscribeAsync('web/echo', { qos: 1 });
        await client.publishAsync('web/echo', 'x'.repeat(100_000), { qos: 1 });
        expect(await received).toHaveLength(100_000);
        await client.endAsync();
      }
      expect(endpoint.devices.shown.at(-1)).toMatchObject({ kind: 'aws', principal: { kind: 'account' } });
    },
  );

  // source: developer guide, protocols.html, "Connection duration limits": Signature Version 4, up to 24 hours
  test('a signed connection lasts 24 hours at the most', async () => {
    const before = Date.now();
    const client = await connect(endpoint.mqttPort, await endpoint.signedQuery(endpoint.mqttPort));
    const shown = endpoint.devices.shown.at(-1);
    const expiresAt = shown?.kind === 'aws' ? (shown.expiresAt ?? 0) : 0;
    expect(expiresAt - before).toBeGreaterThanOrEqual(86_400_000);
    expect(expiresAt - before).toBeLessThan(86_400_000 + 60_000);
    await client.endAsync();
  });

  // source: MQTT.js and Amplify signers: the session token is appended to the query after signing for iotdevicegateway
  test('a session token counts only outside the signature', async () => {
    const { credentials, expiresAt } = await session();
    const good = await connect(endpoint.mqttPort, await endpoint.signedQuery(endpoint.mqttPort, { credentials }));
    await good.endAsync();
    expect(endpoint.devices.shown.at(-1)).toMatchObject({
      kind: 'aws',
      principal: { kind: 'assumed-role' },
      expiresAt,
    });
    const inside = await endpoint.signedQuery(endpoint.mqttPort, { credentials, tokenInSignature: true });
    await expect(open(`?${inside}`)).rejects.toThrow('status 403');
    const { sessionToken: _, ...tokenless } = credentials;
    const without = await endpoint.signedQuery(endpoint.mqttPort, { credentials: tokenless });
    await expect(open(`?${without}`)).rejects.toThrow('status 403');
  });

  // source: IAM user guide, "Create a signed AWS API request"
  test.each([
    ['signed for another service', { service: 'iotdata' }],
    ['whose time has passed', { expiresIn: 60, signingDate: new Date(Date.now() - 120_000) }],
    ['of an unknown key', { credentials: { accessKeyId: 'AKIAUNKNOWN', secretAccessKey: 'secret' } }],
  ])('an address %s is refused before the upgrade', async (_, options) => {
    const query = await endpoint.signedQuery(endpoint.mqttPort, options);
    await expect(open(`?${query}`)).rejects.toThrow('status 403');
  });

  // source: developer guide (2019), mqtt-ws.html: its own signer sends no X-Amz-Expires
  // assumed: such an address is good for the 15 minutes of a signature in a header
  test('an address without X-Amz-Expires is good for a quarter of an hour', async () => {
    const minutesAgo = (minutes: number) => new Date(Date.now() - minutes * 60_000);
    expect((await open(`?${signedByHand(minutesAgo(14))}`)).protocol).toBe('mqtt');
    await expect(open(`?${signedByHand(minutesAgo(16))}`)).rejects.toThrow('status 403');
  });

  test('a query that was changed after signing is refused', async () => {
    const query = await endpoint.signedQuery(endpoint.mqttPort);
    await expect(open(`?${query}&extra=1`)).rejects.toThrow('status 403');
  });

  // source: [MQTT-6.0.0-3]
  test('the subprotocol must be mqtt', async () => {
    const query = await endpoint.signedQuery(endpoint.mqttPort);
    await expect(open(`?${query}`, [])).rejects.toThrow('status 400');
    await expect(open(`?${query}`, ['mqttv3.1'])).rejects.toThrow('status 400');
    // source: [MQTT-6.0.0-4]
    expect((await open(`?${query}`, ['other', 'mqtt'])).protocol).toBe('mqtt');
  });

  // source: [MQTT-6.0.0-1]
  test('a text message ends the connection', async () => {
    const socket = await open(`?${await endpoint.signedQuery(endpoint.mqttPort)}`);
    const code = new Promise((resolve) => socket.once('close', resolve));
    socket.send('text');
    expect(await code).toBe(1003);
  });

  // assumed: AWS states no size of a WebSocket message; a megabyte holds eight of its largest packets
  test('a message of more than a megabyte ends the connection', async () => {
    const socket = await open(`?${await endpoint.signedQuery(endpoint.mqttPort)}`);
    const code = new Promise((resolve) => socket.once('close', resolve));
    socket.send(Buffer.alloc(1024 * 1024 + 1));
    expect(await code).toBe(1009);
  });

  // source: AWS General Reference, "AWS IoT Core endpoints and quotas": QoS 0 beyond what a client takes is discarded
  test('a subscriber that does not read loses QoS 0 messages and slows nobody', async () => {
    const stuck = await open(`?${await endpoint.signedQuery(endpoint.mqttPort)}`);
    const received: Buffer[] = [];
    stuck.on('message', (data: Buffer) => received.push(data));
    stuck.send(generate({ ...CONNECT, protocolVersion: 4, clientId: 'stuck' }));
    stuck.send(generate({ cmd: 'subscribe', messageId: 1, subscriptions: [{ topic: 'flood', qos: 0 }] }));
    await until(() => Buffer.concat(received).length === 9);
    stuck.pause();
    const other = await connect(endpoint.mqttPort, await endpoint.signedQuery(endpoint.mqttPort));
    let heard = 0;
    other.on('message', () => {
      heard++;
    });
    await other.subscribeAsync('flood', { qos: 0 });
    const broker = endpoint.https.cloud.ports.get('broker');
    for (let count = 1; count <= 400; count++) {
      await broker.publish({
        topic: 'flood',
        payload: Buffer.alloc(100_000),
        qos: 0,
        retain: false,
        receivedAt: 0,
      });
      // Below the rate that AWS delivers at, so that only what the other side takes decides.
      if (count % 4 === 0) await new Promise((resolve) => setTimeout(resolve, 1));
    }
    const before = heard;
    expect(before).toBeGreaterThan(0);
    received.length = 0;
    let answered = false;
    const packets = parser().on('packet', ({ cmd }) => {
      answered ||= cmd === 'pingresp';
    });
    // What waited leaves together with the answer: one message may hold both.
    stuck.on('message', (data: Buffer) => void packets.parse(data));
    stuck.resume();
    await until(() => received.length > 0);
    stuck.send(generate({ cmd: 'pingreq' }));
    await until(() => answered);
    expect(Buffer.concat(received).length).toBeLessThan(400 * 100_000);
    await other.endAsync(true);
    stuck.terminate();
  });

  // source: [MQTT-6.0.0-2]
  test('packets may be cut anywhere into messages', async () => {
    const socket = await open(`?${await endpoint.signedQuery(endpoint.mqttPort)}`);
    const answers: Buffer[] = [];
    socket.on('message', (data: Buffer) => answers.push(data));
    const bytes = Buffer.concat([
      generate({ ...CONNECT, protocolVersion: 4, clientId: 'cut-up' }),
      generate({ cmd: 'pingreq' }),
    ]);
    for (const byte of bytes) socket.send(Buffer.from([byte]));
    await until(() => Buffer.concat(answers).length === 6);
    expect(Buffer.concat(answers)).toEqual(Buffer.from([0x20, 2, 0, 0, 0xd0, 0]));
  });
});

// source: developer guide, life-cycle-events.html, table of disconnect reasons
describe('the end of a WebSocket', () => {
  async function willing(clientId: string): Promise<WebSocket> {
    const socket = await open(`?${await endpoint.signedQuery(endpoint.mqttPort)}`);
    const connack = new Promise((resolve) => socket.once('message', resolve));
    const will = { topic: `wills/${clientId}`, payload: Buffer.from('gone'), qos: 0, retain: false } as const;
    socket.send(generate({ ...CONNECT, protocolVersion: 4, clientId, will }));
    await connack;
    return socket;
  }
  const end = (clientId: string) =>
    endpoint.rules.events('presence/disconnected').find((event) => event.clientId === clientId);
  const will = (clientId: string) => endpoint.rules.published.find(({ topic }) => topic === `wills/${clientId}`);

  test('a Close frame is a goodbye of the client and publishes no will', async () => {
    (await willing('waves')).close(1000);
    await until(() => end('waves') !== undefined);
    expect(end('waves')).toMatchObject({
      disconnectReason: 'CLIENT_INITIATED_DISCONNECT',
      clientInitiatedDisconnect: true,
    });
    expect(will('waves')).toBeUndefined();
  });

  test('a connection that is cut is lost and publishes its will', async () => {
    (await willing('lost')).terminate();
    await until(() => will('lost') !== undefined);
    expect(end('lost')).toMatchObject({ disconnectReason: 'CONNECTION_LOST', clientInitiatedDisconnect: false });
  });
});

// source: developer guide, custom-auth.html, "MQTT over WebSockets", and config-custom-auth.html
describe('custom authentication of a WebSocket', () => {
  const shown = () => {
    const credentials = endpoint.devices.shown.at(-1);
    return credentials?.kind === 'custom' ? credentials.request : undefined;
  };

  test('headers of the upgrade reach the authorizer', async () => {
    const client = await connect(endpoint.mqttPort, '', {
      clientId: 'by-header',
      wsOptions: {
        ca: endpoint.ca,
        headers: {
          'x-amz-customauthorizer-name': 'doorman',
          'x-amz-customauthorizer-signature': 'c2ln',
          'my-token': 'open sesame',
        },
      },
    });
    expect(shown()).toMatchObject({
      authorizerName: 'doorman',
      signature: 'c2ln',
      protocols: ['tls', 'http', 'mqtt'],
      serverName: 'localhost',
      http: { headers: { 'my-token': 'open sesame' } },
      mqtt: { clientId: 'by-header' },
    });
    await client.endAsync();
  });

  test('query parameters of the upgrade reach the authorizer on both ports', async () => {
    for (const port of [endpoint.mqttPort, endpoint.apiPort]) {
      const query = 'x-amz-customauthorizer-name=doorman&x-amz-customauthorizer-signature=a%2Bb%3D&tok=en';
      const client = await connect(port, query, { username: 'me', password: 'pw' });
      expect(shown()).toMatchObject({
        authorizerName: 'doorman',
        signature: 'a+b=',
        http: { queryString: `?${query}` },
        mqtt: { username: 'me', password: Buffer.from('pw') },
      });
      await client.endAsync();
    }
  });

  test('whom no authorizer knows is not authorized', async () => {
    endpoint.devices.onShown = () => undefined;
    await expect(connect(endpoint.mqttPort, 'x-amz-customauthorizer-name=doorman')).rejects.toMatchObject({ code: 7 });
    endpoint.devices.onShown = () => ({ principalId: 'someone' });
  });
});

/** Signature Version 4 as the developer guide's example for browsers made it. */
function signedByHand(date: Date): string {
  const { accessKeyId, secretAccessKey } = endpoint.https.administrator;
  const stamp = date.toISOString().replace(/[-:]|\.\d{3}/g, '');
  const scope = `${stamp.slice(0, 8)}/us-east-1/iotdevicegateway/aws4_request`;
  const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');
  const hmac = (key: string | Buffer, text: string) => createHmac('sha256', key).update(text).digest();
  const query = `X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=${encodeURIComponent(`${accessKeyId}/${scope}`)}&X-Amz-Date=${stamp}&X-Amz-SignedHeaders=host`;
  const canonical = `GET\n/mqtt\n${query}\nhost:localhost:${endpoint.mqttPort}\n\nhost\n${sha256('')}`;
  const key = scope.split('/').reduce<string | Buffer>(hmac, `AWS4${secretAccessKey}`);
  const signature = hmac(key, `AWS4-HMAC-SHA256\n${stamp}\n${scope}\n${sha256(canonical)}`).toString('hex');
  return `${query}&X-Amz-Signature=${signature}`;
}

/** Temporary credentials of a role. */
async function session() {
  const iam = new IAMClient(endpoint.https.client());
  const trust = {
    Version: '2012-10-17',
    Statement: { Effect: 'Allow', Principal: { AWS: '123456789012' }, Action: 'sts:AssumeRole' },
  };
  const { Role } = await iam.send(
    new CreateRoleCommand({ RoleName: 'web', AssumeRolePolicyDocument: JSON.stringify(trust) }),
  );
  const sts = new STSClient(endpoint.https.client());
  const { Credentials: issued } = await sts.send(
    new AssumeRoleCommand({ RoleArn: Role?.Arn, RoleSessionName: 'browser', DurationSeconds: 3600 }),
  );
  const credentials = {
    accessKeyId: issued?.AccessKeyId ?? '',
    secretAccessKey: issued?.SecretAccessKey ?? '',
    sessionToken: issued?.SessionToken ?? '',
  };
  return { credentials, expiresAt: issued?.Expiration?.getTime() ?? 0 };
}
