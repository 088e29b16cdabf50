import { BrokerFixture, until } from '../../local-cloud/src/broker/testing/broker-fixture.ts';

let fixture: BrokerFixture;
afterEach(() => fixture.stop());

// source: developer guide, detect-cloud-side-metrics (what each metric counts)
test('the broker tells of attempts, connections, messages both ways, denials and disconnects', async () => {
  const told: string[] = [];
  fixture = await BrokerFixture.start({
    prepare: (cloud) => {
      cloud.ports.provide('deviceActivity', {
        attempted: (clientId) => void told.push(`attempted ${clientId}`),
        refused: (clientId) => void told.push(`refused ${clientId}`),
        connected({ clientId }) {
          told.push(`connected ${clientId}`);
          return {
            sent: (topic, bytes) => void told.push(`sent ${topic} ${bytes}`),
            received: (topic) => void told.push(`received ${topic}`),
            denied: (topic) => void told.push(`denied ${topic}`),
          };
        },
        disconnected: ({ clientId }, reason) => void told.push(`disconnected ${clientId} ${reason}`),
      });
    },
  });
  fixture.devices.deny('iot:Connect', 'stranger');
  fixture.devices.deny('iot:Publish', 'forbidden');
  const stranger = await fixture.raw();
  await stranger.connect('stranger').catch(() => undefined);
  const client = await fixture.client('pump-1', { protocolVersion: 5 });
  await client.subscribeAsync('t', { qos: 1 });
  await client.publishAsync('t', 'abc', { qos: 1 });
  await client.publishAsync('forbidden', 'x', { qos: 1 }).catch(() => undefined);
  await until(() => told.includes('received t') && told.includes('denied forbidden'));
  await client.endAsync();
  await until(() => told.some((line) => line.startsWith('disconnected')));
  expect(told.slice(0, 2)).toEqual(['attempted stranger', 'refused stranger']);
  expect(told).toEqual(
    expect.arrayContaining([
      'attempted pump-1',
      'connected pump-1',
      'sent t 3',
      'disconnected pump-1 CLIENT_INITIATED_DISCONNECT',
    ]),
  );
  expect(told.filter((line) => line.startsWith('sent'))).toEqual(['sent t 3']);
});
