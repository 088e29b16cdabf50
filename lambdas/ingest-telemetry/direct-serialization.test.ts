import { TimestreamWriteClient, WriteRecordsCommand } from '@aws-sdk/client-timestream-write';
import { serializeDirectly } from './direct-serialization.ts';

interface Sent {
  headers: Record<string, string>;
  body: string;
}

/** A client whose requests end in a list. */
function client(sent: Sent[]): TimestreamWriteClient {
  return new TimestreamWriteClient({
    region: 'eu-west-1',
    credentials: { accessKeyId: 'AKID', secretAccessKey: 'secret' },
    systemClockOffset: 0,
    requestHandler: {
      async handle(request: Sent) {
        sent.push(request);
        const discovery = request.headers['x-amz-target']?.endsWith('DescribeEndpoints');
        const answer = discovery ? '{"Endpoints":[{"Address":"cell","CachePeriodInMinutes":1}]}' : '{}';
        return { response: { statusCode: 200, headers: {}, body: new TextEncoder().encode(answer) } };
      },
    } as never,
  });
}

const input = {
  DatabaseName: 'fleet',
  TableName: 'telemetry',
  CommonAttributes: { MeasureName: 'telemetry', Dimensions: [{ Name: 'site', Value: 'nörth "1"' }] },
  Records: [
    { Time: '1', MeasureValues: [{ Name: 'rpm', Value: '1400', Type: 'DOUBLE' as const }] },
    { Time: '2', MeasureValues: [{ Name: 'rpm', Value: '1401', Type: 'DOUBLE' as const }], Version: 3 },
  ],
};

test('a request has the body, length and target that the SDK gives it, and is signed', async () => {
  jest.useFakeTimers({ now: Date.UTC(2026, 0, 1), doNotFake: ['nextTick', 'setImmediate', 'queueMicrotask'] });
  const [plain, direct]: [Sent[], Sent[]] = [[], []];
  await client(plain).send(new WriteRecordsCommand(input));
  await serializeDirectly(client(direct)).send(new WriteRecordsCommand(input));
  jest.useRealTimers();
  const [expected, actual] = [plain.at(-1), direct.at(-1)] as [Sent, Sent];
  expect(JSON.parse(actual.body)).toEqual(JSON.parse(expected.body));
  expect(JSON.parse(actual.body)).toEqual(input);
  expect(actual.headers['content-length']).toBe(String(Buffer.byteLength(actual.body)));
  expect(actual.headers['x-amz-target']).toBe(expected.headers['x-amz-target']);
  // Same text, same time, same credentials: the same signature proves that the whole body is signed.
  if (actual.body === expected.body) expect(actual.headers.authorization).toBe(expected.headers.authorization);
  expect(actual.headers.authorization).toMatch(/^AWS4-HMAC-SHA256 Credential=AKID/);
  expect(direct).toHaveLength(plain.length);
});
