import {
  CloudWatchLogsClient,
  CreateLogGroupCommand,
  CreateLogStreamCommand,
  DescribeLogGroupsCommand,
  FilterLogEventsCommand,
  GetLogEventsCommand,
  PutLogEventsCommand,
  PutMetricFilterCommand,
  ResourceAlreadyExistsException,
  ResourceNotFoundException,
} from '@aws-sdk/client-cloudwatch-logs';
import { createCloudwatchLogsPlugin } from '../../local-cloud/src/services/cloudwatch-logs/plugin.ts';
import { type HttpsCloud, startHttpsCloud } from '../../local-cloud/src/testing/https.ts';

/** The real client against the real front door. Expected values: CloudWatch Logs API reference. */

const logGroupName = '/aws/lambda/ingest';
const logStreamName = '2026/01/01/[$LATEST]0123456789abcdef';
let https: HttpsCloud;
let client: CloudWatchLogsClient;

beforeAll(async () => {
  https = await startHttpsCloud({ plugins: [createCloudwatchLogsPlugin] });
  client = new CloudWatchLogsClient(https.client());
  await client.send(new CreateLogGroupCommand({ logGroupName, tags: { stage: 'dev' } }));
  await client.send(new CreateLogStreamCommand({ logGroupName, logStreamName }));
});
afterAll(() => https.close());

test('events go in and come out in order, with what was rejected', async () => {
  const now = Date.now();
  const answer = await client.send(
    new PutLogEventsCommand({
      logGroupName,
      logStreamName,
      logEvents: [
        { timestamp: now - 15 * 24 * 3_600_000, message: 'too old' },
        { timestamp: now, message: 'START ü' },
        { timestamp: now + 1, message: '{"level":"ERROR"}' },
      ],
    }),
  );
  expect(answer.rejectedLogEventsInfo).toEqual({ tooOldLogEventEndIndex: 1 });
  const { events } = await client.send(new GetLogEventsCommand({ logGroupName, logStreamName, startFromHead: true }));
  expect(events?.map((event) => event.message)).toEqual(['START ü', '{"level":"ERROR"}']);
  const found = await client.send(new FilterLogEventsCommand({ logGroupName, filterPattern: 'ERROR' }));
  expect(found.events).toMatchObject([
    { logStreamName, timestamp: now + 1, eventId: expect.stringMatching(/^\d{56}$/) },
  ]);
});

test('errors are those that the client knows', async () => {
  await expect(client.send(new CreateLogGroupCommand({ logGroupName }))).rejects.toBeInstanceOf(
    ResourceAlreadyExistsException,
  );
  await expect(client.send(new GetLogEventsCommand({ logGroupName: 'absent', logStreamName }))).rejects.toBeInstanceOf(
    ResourceNotFoundException,
  );
  const { logGroups } = await client.send(new DescribeLogGroupsCommand({ logGroupNamePrefix: '/aws/' }));
  expect(logGroups).toMatchObject([{ logGroupName, storedBytes: expect.any(Number) }]);
  await expect(
    client.send(
      new PutMetricFilterCommand({ logGroupName, filterName: 'f', filterPattern: '', metricTransformations: [] }),
    ),
  ).rejects.toMatchObject({ name: 'NotImplemented', $metadata: { httpStatusCode: 501 } });
});
