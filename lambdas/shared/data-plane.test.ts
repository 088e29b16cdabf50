import type { IoTClient } from '@aws-sdk/client-iot';
import { dataPlane } from './data-plane.ts';

const known = process.env.AWS_ENDPOINT_URL;
beforeEach(() => {
  delete process.env.AWS_ENDPOINT_URL;
  process.env.AWS_REGION = 'eu-west-1';
});
afterAll(() => {
  if (known === undefined) delete process.env.AWS_ENDPOINT_URL;
  else process.env.AWS_ENDPOINT_URL = known;
});

function registry(answers: (string | Error)[]) {
  const asked: unknown[] = [];
  const client = {
    async send({ input }: { input: unknown }) {
      asked.push(input);
      const answer = answers.shift();
      if (answer instanceof Error) throw answer;
      return { endpointAddress: answer };
    },
  } as unknown as IoTClient;
  return { asked, client };
}

// IoT API reference, DescribeEndpoint: `iot:Data-ATS` is the endpoint whose certificate Amazon Trust Services signed.
test('the account’s own endpoint is asked for once, and again only after a failure', async () => {
  const { asked, client } = registry([new Error('throttled'), 'a1b2-ats.iot.eu-west-1.amazonaws.com']);
  const find = dataPlane(client);
  await expect(find()).rejects.toThrow('throttled');
  const found = await find();
  expect((await found.config.endpoint?.())?.hostname).toBe('a1b2-ats.iot.eu-west-1.amazonaws.com');
  expect(await find()).toBe(found);
  expect(asked).toEqual([{ endpointType: 'iot:Data-ATS' }, { endpointType: 'iot:Data-ATS' }]);
});

test('an endpoint that the environment names for all services is used as it is', async () => {
  process.env.AWS_ENDPOINT_URL = 'https://localhost:4566';
  const { asked, client } = registry([]);
  await dataPlane(client)();
  expect(asked).toEqual([]);
});
