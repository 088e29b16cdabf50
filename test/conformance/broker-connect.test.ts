import { BrokerFixture, until } from '../../local-cloud/src/broker/testing/broker-fixture.ts';

let fixture: BrokerFixture;
beforeEach(async () => {
  fixture = await BrokerFixture.start();
});
afterEach(() => fixture.stop());

test('smoke', async () => {
  const client = await fixture.client('one');
  const sub = await fixture.client('two', { protocolVersion: 5 });
  await sub.subscribeAsync('a/+', { qos: 1 });
  const got: string[] = [];
  sub.on('message', (topic, payload) => got.push(`${topic} ${payload}`));
  await client.publishAsync('a/b', 'hello', { qos: 1 });
  await until(() => got.length === 1);
  expect(got).toEqual(['a/b hello']);
  expect(fixture.rules.published).toHaveLength(1);
});
