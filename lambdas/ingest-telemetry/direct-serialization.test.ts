import { createHash } from 'node:crypto';
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
        const { body, headers } = request;
        // The SDK's own body is bytes.
        sent.push({ headers, body: typeof body === 'string' ? body : new TextDecoder().decode(body) });
        const discovery = request.headers['x-amz-target']?.endsWith('DescribeEndpoints');
        const answer = discovery ? '{"Endpoints":[{"Address":"cell","CachePeriodInMinutes":1}]}' : '{}';
        return { response: { statusCode: 200, headers: {}, body: new TextEncoder().encode(answer) } };
      },
    } as never,
  });
}

/** Members in the order in which the SDK writes them, so that both make the same text. */
const input = {
  DatabaseName: 'fleet',
  TableName: 'telemetry',
  Records: [
    { Time: '1', MeasureValues: [{ Name: 'rpm', Value: '1400', Type: 'DOUBLE' as const }] },
    { Time: '2', Version: 3, MeasureValues: [{ Name: 'rpm', Value: '1401', Type: 'DOUBLE' as const }] },
  ],
  CommonAttributes: { Dimensions: [{ Name: 'site', Value: 'nörth "1"' }], MeasureName: 'telemetry' },
};

test('a request has the body, length and target that the SDK gives it, and is signed', async () => {
  jest.useFakeTimers({ now: Date.UTC(2026, 0, 1), doNotFake: ['nextTick', 'setImmediate', 'queueMicrotask'] });
  const [plain, direct]: [Sent[], Sent[]] = [[], []];
  await client(plain).send(new WriteRecordsCommand(input));
  await serializeDirectly(client(direct)).send(new WriteRecordsCommand(input));
  jest.useRealTimers();
  const [expected, actual] = [plain.at(-1), direct.at(-1)] as [Sent, Sent];
  expect(JSON.parse(actual.body)).toEqual(input);
  expect(actual.headers['content-length']).toBe(String(Buffer.byteLength(actual.body)));
  expect(actual.headers['x-amz-target']).toBe(expected.headers['x-amz-target']);
  expect(actual.body).toBe(expected.body);
  // The digest of the whole body is what is signed (Signature Version 4, "Create a canonical request").
  expect(actual.headers['x-amz-content-sha256']).toBe(createHash('sha256').update(actual.body).digest('hex'));
  expect(actual.headers.authorization).toMatch(
    /^AWS4-HMAC-SHA256 Credential=AKID.*SignedHeaders=[^ ]*x-amz-content-sha256/,
  );
  expect(direct).toHaveLength(plain.length);
});
