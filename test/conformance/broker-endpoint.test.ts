import type { X509Certificate } from 'node:crypto';
import { Agent, request } from 'node:https';
import { connect, type TLSSocket } from 'node:tls';
import { BrokerFixture } from '../../local-cloud/src/broker/testing/broker-fixture.ts';
import { type DeviceIdentity, issueDeviceIdentity } from '../../local-cloud/src/broker/testing/device-identities.ts';
import { type EndpointFixture, startEndpoint } from '../../local-cloud/src/broker/testing/endpoint-fixture.ts';
import { RawClient, type RawClientOptions } from '../../local-cloud/src/broker/testing/raw-client.ts';

// source: developer guide, protocols.html, "Protocols, port mappings, and authentication"

let endpoint: EndpointFixture;
let device: DeviceIdentity;
const agents: Agent[] = [];

beforeAll(async () => {
  endpoint = await startEndpoint();
  device = await BrokerFixture.identity();
});
afterAll(async () => {
  for (const agent of agents) agent.destroy();
  await endpoint.close();
});

interface Asked {
  readonly method?: string;
  readonly path: string;
  readonly body?: string;
  readonly headers?: Record<string, string>;
  readonly port?: number;
  readonly agent?: Agent;
}

function agentOf(identity: DeviceIdentity | undefined, alpn?: string): Agent {
  const agent = new Agent({
    ca: endpoint.ca,
    keepAlive: true,
    servername: 'localhost',
    ...(identity !== undefined && { cert: identity.certificatePem, key: identity.privateKeyPem }),
    // Node's own agent names http/1.1.
    ...(alpn !== undefined && { ALPNProtocols: [alpn] }),
  });
  agents.push(agent);
  return agent;
}

function ask({ method = 'POST', path, body = '', headers, port, agent }: Asked) {
  return new Promise<{ status: number; body: string; error: string | undefined }>((resolve, reject) => {
    const outgoing = request(
      {
        host: 'localhost',
        port: port ?? endpoint.mqttPort,
        method,
        path,
        agent: agent ?? agentOf(device),
        headers: { 'content-length': Buffer.byteLength(body), ...headers },
      },
      (response) => {
        let text = '';
        response.on('data', (chunk) => {
          text += chunk;
        });
        response.on('end', () => {
          const error = response.headers['x-amzn-errortype'];
          resolve({ status: response.statusCode ?? 0, body: text, error: error as string | undefined });
        });
      },
    );
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}

/** HTTP/1.1 by hand, without ALPN, as clients on port 8443 speak it. */
async function askRaw(identity: DeviceIdentity, text: string): Promise<string> {
  const socket: TLSSocket = connect({
    port: endpoint.mqttPort,
    ca: endpoint.ca,
    servername: 'localhost',
    cert: identity.certificatePem,
    key: identity.privateKeyPem,
  });
  socket.on('error', () => {});
  // In two pieces: the first alone tells that it is HTTP.
  socket.write(text.slice(0, 3));
  await new Promise((resolve) => setTimeout(resolve, 20));
  socket.write(text.slice(3));
  let answer = '';
  for await (const chunk of socket) answer += chunk;
  return answer;
}

// source: developer guide, http.html
describe('HTTPS with the certificate of a device', () => {
  test('publishes without ALPN, as on port 8443', async () => {
    const answer = await askRaw(
      device,
      'POST /topics/device%2F8443?qos=1 HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: 5\r\n\r\nhello',
    );
    expect(answer).toMatch(/^HTTP\/1\.1 200 /);
    expect(endpoint.published.at(-1)).toEqual({
      topic: 'device/8443',
      payload: 'hello',
      principal: device.certificateId,
    });
  });

  test.each(['x-amzn-http-ca', 'http/1.1'])('publishes by ALPN %s', async (alpn) => {
    const agent = agentOf(device, alpn);
    for (const payload of ['first', 'second on the same connection']) {
      expect(await ask({ path: `/topics/alpn/${alpn.slice(0, 4)}?qos=1`, body: payload, agent })).toMatchObject({
        status: 200,
      });
      expect(endpoint.published.at(-1)).toMatchObject({ payload, principal: device.certificateId });
    }
  });

  // source: developer guide, iot-policies.html: policies of the certificate decide
  test('is refused what its policies do not allow', async () => {
    endpoint.devices.deny('iot:Publish', 'arn:aws:iot:us-east-1:123456789012:topic/forbidden');
    const before = endpoint.published.length;
    expect((await ask({ path: '/topics/forbidden', body: 'x' })).status).toBe(403);
    expect(endpoint.published).toHaveLength(before);
  });

  test('ends with the certificate, on a connection that is open too', async () => {
    const revoked = await issueDeviceIdentity('revoked');
    endpoint.devices.register(revoked.certificateId);
    const agent = agentOf(revoked, 'x-amzn-http-ca');
    expect((await ask({ path: '/topics/a', agent })).status).toBe(200);
    endpoint.devices.revoke(revoked.certificateId);
    expect(await ask({ path: '/topics/a', agent })).toMatchObject({ status: 403, error: 'ForbiddenException' });
    await expect(ask({ path: '/topics/a', agent: agentOf(revoked) })).rejects.toThrow();
  });

  test('a certificate that is not registered is cut off before HTTP', async () => {
    const stranger = await issueDeviceIdentity('stranger');
    for (const alpn of ['x-amzn-http-ca', 'http/1.1']) {
      await expect(ask({ path: '/topics/a', agent: agentOf(stranger, alpn) })).rejects.toThrow();
    }
    expect(await askRaw(stranger, 'POST /topics/a HTTP/1.1\r\nHost: localhost\r\n\r\n').catch(() => '')).toBe('');
  });

  test('x-amzn-http-ca without a certificate is cut off', async () => {
    await expect(ask({ path: '/topics/a', agent: agentOf(undefined, 'x-amzn-http-ca') })).rejects.toThrow();
  });

  // source: developer guide, iot-connect-devices.html: the data endpoints serve AWS IoT's data planes
  test('reaches no other service', async () => {
    expect((await ask({ method: 'GET', path: '/things' })).status).toBe(501);
    expect((await ask({ method: 'GET', path: '/' })).status).toBe(501);
    const headers = { 'x-amz-target': 'AmazonSQS.ListQueues', 'content-type': 'application/x-amz-json-1.0' };
    expect((await ask({ path: '/', body: '{}', headers })).status).toBe(501);
    expect((await ask({ method: 'GET', path: '/_anything' })).status).toBe(501);
  });

  test('counts for nothing on the port of the AWS APIs', async () => {
    const before = endpoint.published.length;
    const answer = await ask({ path: '/topics/a', port: endpoint.apiPort });
    expect(answer.status).toBeGreaterThanOrEqual(400);
    expect(endpoint.published).toHaveLength(before);
  });
});

// source: developer guide, custom-auth.html, "HTTPS"
describe('custom authentication over HTTPS', () => {
  const headers = { 'x-amz-customauthorizer-name': 'doorman', 'my-token': 'open sesame' };

  test.each(['mqttPort', 'apiPort'] as const)('publishes with credentials in headers (%s)', async (port) => {
    endpoint.devices.onShown = () => ({ principalId: 'visitor' });
    const answer = await ask({ path: '/topics/by/header', port: endpoint[port], headers, agent: agentOf(undefined) });
    expect(answer.status).toBe(200);
    expect(endpoint.published.at(-1)).toMatchObject({ topic: 'by/header', principal: 'visitor' });
    expect(endpoint.devices.shown.at(-1)).toMatchObject({
      kind: 'custom',
      request: {
        authorizerName: 'doorman',
        protocols: ['tls', 'http'],
        http: { headers: { 'my-token': 'open sesame' } },
      },
    });
  });

  test('whom no authorizer knows is forbidden', async () => {
    endpoint.devices.onShown = undefined;
    const answer = await ask({ path: '/topics/a', headers, agent: agentOf(undefined) });
    expect(answer).toMatchObject({ status: 403, error: 'ForbiddenException' });
    expect((await ask({ path: '/topics/a', agent: agentOf(undefined) })).status).toBe(403);
  });
});

// source: developer guide, protocols.html (ALPN table) and custom-auth.html, "MQTT"
describe('MQTT by ALPN', () => {
  const options = (more: Partial<RawClientOptions>): RawClientOptions => ({
    port: endpoint.mqttPort,
    ca: endpoint.ca,
    ...more,
  });
  const identity = () => ({ cert: device.certificatePem, key: device.privateKeyPem });

  test('x-amzn-mqtt-ca goes by the certificate', async () => {
    const client = await RawClient.open(options({ ...identity(), alpn: 'x-amzn-mqtt-ca' }));
    expect(await client.connect('by-alpn')).toMatchObject({ returnCode: 0 });
    client.close();
  });

  test('x-amzn-mqtt-ca without a certificate is cut off', async () => {
    const client = await RawClient.open(options({ alpn: 'x-amzn-mqtt-ca' })).catch(() => undefined);
    await client?.ended;
  });

  test('a protocol that AWS does not name is refused in the handshake', async () => {
    await expect(RawClient.open(options({ ...identity(), alpn: 'h2' }))).rejects.toThrow(/application protocol/i);
  });

  test('mqtt is custom authentication, whatever certificate is shown', async () => {
    endpoint.devices.onShown = () => ({ principalId: 'visitor' });
    const client = await RawClient.open(options({ ...identity(), alpn: 'mqtt' }));
    const username = 'me?x-amz-customauthorizer-name=door%20man&x-amz-customauthorizer-signature=a%2Fb%3D&key=value';
    const connack = await client.connect('custom', { username, password: Buffer.from('secret') });
    expect(connack.returnCode).toBe(0);
    expect(endpoint.devices.shown.at(-1)).toEqual({
      kind: 'custom',
      request: {
        authorizerName: 'door man',
        signature: 'a/b=',
        protocols: ['tls', 'mqtt'],
        serverName: 'localhost',
        mqtt: { clientId: 'custom', username, password: Buffer.from('secret') },
      },
    });
    client.close();
  });

  test('mqtt without a name of the server is cut off', async () => {
    endpoint.devices.onShown = () => ({ principalId: 'visitor' });
    const client = await RawClient.open(options({ alpn: 'mqtt', servername: '' })).catch(() => undefined);
    await client?.ended;
    expect(client?.packets ?? []).toEqual([]);
  });

  // source: developer guide, mqtt.html: "AWS IoT returns the error code 7 instead of the CONNACK error code 5"
  test.each([
    [4, { returnCode: 7 }],
    [5, { reasonCode: 0x87 }],
  ] as const)(
    'mqtt with credentials that no authorizer takes is not authorized (version %s)',
    async (protocolVersion, answer) => {
      endpoint.devices.onShown = undefined;
      const client = await RawClient.open(options({ alpn: 'mqtt', protocolVersion }));
      expect(await client.connect('nobody', { username: 'me' })).toMatchObject(answer);
      await client.ended;
    },
  );
});

// source: developer guide, config-custom-auth.html, disconnectAfterInSeconds; API reference, GetThingConnectivityData
test('a connection ends when its authorizer says so, with the reason in its event', async () => {
  const fixture = await BrokerFixture.start();
  fixture.devices.onShown = () => ({ principalId: 'visitor', endsAt: fixture.clock.now() + 300_000 });
  const client = await RawClient.open({ port: fixture.port, ca: fixture.ca, alpn: 'mqtt', protocolVersion: 5 });
  await client.connect('brief', { keepalive: 1200 });
  await fixture.clock.advance(299_000);
  expect(fixture.broker.connectedClients()).toHaveLength(1);
  await fixture.clock.advance(1_000);
  expect(await client.next('disconnect')).toMatchObject({ reasonCode: 0x87 });
  await client.ended;
  expect(fixture.rules.events('presence/disconnected')).toMatchObject([
    { clientId: 'brief', principalIdentifier: 'visitor', disconnectReason: 'CUSTOMAUTH_TTL_EXPIRATION' },
  ]);
  await fixture.stop();
});

// assumed: AWS states no time-out of a connection that says nothing; it is the one of a CONNECT
test('a client without a certificate that says nothing is cut off in time', async () => {
  const fixture = await BrokerFixture.start();
  const client = await RawClient.open({ port: fixture.port, ca: fixture.ca });
  // The server's side of the handshake may end after the client's.
  for (let tries = 0; !client.socket.destroyed && tries < 100; tries++) {
    await new Promise((resolve) => setTimeout(resolve, 10));
    await fixture.clock.advance(1_000);
  }
  expect(client.socket.destroyed).toBe(true);
  expect(fixture.cloud.meter.get('mqtt.connectsRefused')).toBe(1);
  await fixture.stop();
});

// source: developer guide, iot-connect-devices.html
test('the server shows one certificate on both ports', async () => {
  const shown = await Promise.all(
    [endpoint.mqttPort, endpoint.apiPort].map(
      (port) =>
        new Promise<X509Certificate | undefined>((resolve) => {
          const socket = connect({ port, ca: endpoint.ca, servername: 'localhost' }, () => {
            resolve(socket.getPeerX509Certificate());
            socket.destroy();
          });
        }),
    ),
  );
  expect(shown[0]?.fingerprint256).toBe(shown[1]?.fingerprint256);
});
