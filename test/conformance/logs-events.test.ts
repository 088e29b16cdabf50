import { appendFileSync, mkdtempSync, readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type {
  DescribeLogStreamsResponse,
  FilterLogEventsResponse,
  GetLogEventsResponse,
  PutLogEventsResponse,
} from '@aws-sdk/client-cloudwatch-logs';
import { ManualClock } from '../../local-cloud/src/core/clock.ts';
import { createCloudwatchLogsPlugin } from '../../local-cloud/src/services/cloudwatch-logs/plugin.ts';
import { ADMINISTRATOR, createTestCloud, type TestCloud } from '../../local-cloud/src/testing/context.ts';
import { eventually } from '../support/eventually.ts';

/** Expected values: CloudWatch Logs API reference, "PutLogEvents", "GetLogEvents", "FilterLogEvents". */

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const GROUP = '/aws/lambda/ingest';

let cloud: TestCloud<ManualClock>;

function call<O>(operation: string, input: object, on: TestCloud<ManualClock> = cloud): Promise<O> {
  return on.api.call<O>(ADMINISTRATOR, 'cloudwatch-logs', operation, input);
}

async function open(directory?: string, clock = new ManualClock()): Promise<TestCloud<ManualClock>> {
  const opened = createTestCloud<ManualClock>(directory === undefined ? { clock } : { clock, directory });
  await opened.use(createCloudwatchLogsPlugin).start?.();
  return opened;
}

function put(stream: string, events: readonly (readonly [number, string])[]): Promise<PutLogEventsResponse> {
  const now = cloud.clock.now();
  const logEvents = events.map(([offset, message]) => ({ timestamp: now + offset, message }));
  return call('PutLogEvents', { logGroupName: GROUP, logStreamName: stream, logEvents });
}

async function messages(input: object = {}): Promise<(string | undefined)[]> {
  const answer = await call<GetLogEventsResponse>('GetLogEvents', {
    logGroupName: GROUP,
    logStreamName: 'one',
    startFromHead: true,
    ...input,
  });
  return (answer.events ?? []).map((event) => event.message);
}

beforeEach(async () => {
  cloud = await open();
  await call('CreateLogGroup', { logGroupName: GROUP });
  await call('CreateLogStream', { logGroupName: GROUP, logStreamName: 'one' });
  await call('CreateLogStream', { logGroupName: GROUP, logStreamName: 'two' });
});

afterEach(() => cloud.close());

describe('PutLogEvents', () => {
  test.each([
    [
      'events out of order',
      [
        [0, 'b'],
        [-1, 'a'],
      ] as const,
      'chronological order',
    ],
    [
      'a batch that spans more than 24 hours',
      [
        [-25 * HOUR, 'a'],
        [0, 'b'],
      ] as const,
      'cannot span more than 24 hours',
    ],
    ['an event beyond 1 MB', [[0, 'x'.repeat(1_048_577)]] as const, 'Log event too large'],
    [
      'a batch beyond 1,048,576 bytes with 26 for each event',
      [[0, 'x'.repeat(1_048_551)]] as const,
      'Upload too large',
    ],
    ['an empty message', [[0, '']] as const, 'length greater than or equal to 1'],
    ['no events', [] as const, 'length greater than or equal to 1'],
  ])('refuses %s', async (_title, events, message) => {
    await expect(put('one', events)).rejects.toMatchObject({
      code: 'InvalidParameterException',
      message: expect.stringContaining(message),
    });
    expect(await messages()).toEqual([]);
  });

  test('takes a batch of exactly 1,048,576 bytes', async () => {
    await put('one', [[0, 'x'.repeat(1_048_550)]]);
    expect((await messages())[0]).toHaveLength(1_048_550);
  });

  test('refuses more than 10,000 events', async () => {
    const events = Array.from({ length: 10_001 }, () => [0, 'x'] as const);
    await expect(put('one', events)).rejects.toMatchObject({ code: 'InvalidParameterException' });
  });

  test('rejects events too old and too new by index and keeps the others', async () => {
    const answer = await put('one', [
      [-14 * DAY - 1, 'too old'],
      [-1, 'kept'],
      [2 * HOUR, 'also kept'],
      [2 * HOUR + 1, 'too new'],
    ]);
    expect(answer.rejectedLogEventsInfo).toEqual({ tooOldLogEventEndIndex: 1, tooNewLogEventStartIndex: 3 });
    expect(await messages()).toEqual(['kept', 'also kept']);
  });

  test('rejects events older than the retention as expired', async () => {
    await call('PutRetentionPolicy', { logGroupName: GROUP, retentionInDays: 3 });
    const answer = await put('one', [
      [-4 * DAY, 'expired'],
      [0, 'kept'],
    ]);
    expect(answer.rejectedLogEventsInfo).toEqual({ expiredLogEventEndIndex: 1 });
  });

  test('names the missing group and the missing stream', async () => {
    const event = { timestamp: cloud.clock.now(), message: 'x' };
    await expect(
      call('PutLogEvents', { logGroupName: 'absent', logStreamName: 'one', logEvents: [event] }),
    ).rejects.toMatchObject({ code: 'ResourceNotFoundException', message: 'The specified log group does not exist.' });
    await expect(
      call('PutLogEvents', { logGroupName: GROUP, logStreamName: 'absent', logEvents: [event] }),
    ).rejects.toMatchObject({ code: 'ResourceNotFoundException', message: 'The specified log stream does not exist.' });
  });

  test('takes parallel batches into one stream, each whole', async () => {
    await Promise.all(Array.from({ length: 50 }, (_, n) => put('one', [[n, `event ${n}`]])));
    expect(await messages()).toEqual(Array.from({ length: 50 }, (_, n) => `event ${n}`));
  });
});

describe('GetLogEvents', () => {
  beforeEach(async () => {
    await put('one', [
      [10, 'c'],
      [20, 'd'],
    ]);
    await put('one', [
      [-5, 'a'],
      [0, 'b'],
    ]);
  });

  test('answers in order of time, whatever the order of arrival', async () => {
    expect(await messages()).toEqual(['a', 'b', 'c', 'd']);
  });

  test('includes startTime and excludes endTime', async () => {
    const now = cloud.clock.now();
    expect(await messages({ startTime: now, endTime: now + 20 })).toEqual(['b', 'c']);
  });

  test('takes the latest events unless told to start from the head, and pages backward', async () => {
    const first = await call<GetLogEventsResponse>('GetLogEvents', {
      logGroupName: GROUP,
      logStreamName: 'one',
      limit: 3,
    });
    expect(first.events?.map((event) => event.message)).toEqual(['b', 'c', 'd']);
    expect(await messages({ nextToken: first.nextBackwardToken })).toEqual(['a']);
  });

  test('pages forward; at the end the token is the one passed in, and new events follow it', async () => {
    const page = await call<GetLogEventsResponse>('GetLogEvents', {
      logGroupName: GROUP,
      logStreamName: 'one',
      startFromHead: true,
      limit: 4,
    });
    const nextToken = page.nextForwardToken;
    const end = await call<GetLogEventsResponse>('GetLogEvents', {
      logGroupName: GROUP,
      logStreamName: 'one',
      startFromHead: true,
      nextToken,
    });
    expect(end).toMatchObject({ events: [], nextForwardToken: nextToken });
    await put('one', [[20, 'e']]);
    expect(await messages({ nextToken })).toEqual(['e']);
  });

  test('refuses a token after 24 hours', async () => {
    const page = await call<GetLogEventsResponse>('GetLogEvents', { logGroupName: GROUP, logStreamName: 'one' });
    await cloud.clock.advance(DAY + 1);
    await expect(messages({ nextToken: page.nextForwardToken })).rejects.toMatchObject({
      code: 'InvalidParameterException',
    });
  });

  test('a page holds at most 1 MB', async () => {
    await put('two', [[0, 'x'.repeat(600_000)]]);
    await put('two', [[1, 'y'.repeat(600_000)]]);
    expect((await messages({ logStreamName: 'two' })).map((message) => message?.[0])).toEqual(['x']);
  });
});

describe('FilterLogEvents', () => {
  beforeEach(async () => {
    await put('one', [
      [0, 'ERROR one'],
      [20, 'INFO one'],
    ]);
    await put('two', [
      [10, 'ERROR two'],
      [30, 'INFO two'],
    ]);
  });

  async function filtered(input: object = {}): Promise<(string | undefined)[]> {
    const answer = await call<FilterLogEventsResponse>('FilterLogEvents', { logGroupName: GROUP, ...input });
    return (answer.events ?? []).map((event) => event.message);
  }

  test('interleaves streams by time and finds terms', async () => {
    expect(await filtered()).toEqual(['ERROR one', 'ERROR two', 'INFO one', 'INFO two']);
    expect(await filtered({ filterPattern: 'ERROR' })).toEqual(['ERROR one', 'ERROR two']);
    expect(await filtered({ logStreamNamePrefix: 'tw' })).toEqual(['ERROR two', 'INFO two']);
  });

  test('includes endTime, unlike GetLogEvents', async () => {
    const now = cloud.clock.now();
    expect(await filtered({ startTime: now + 10, endTime: now + 20 })).toEqual(['ERROR two', 'INFO one']);
  });

  test('pages in both directions without loss or repetition', async () => {
    for (const startFromHead of [true, false]) {
      const seen: (string | undefined)[] = [];
      let nextToken: string | undefined;
      do {
        const page = await call<FilterLogEventsResponse>('FilterLogEvents', {
          logGroupName: GROUP,
          limit: 1,
          startFromHead,
          startTime: cloud.clock.now(),
          nextToken,
        });
        seen.push(...(page.events ?? []).map((event) => event.message));
        nextToken = page.nextToken;
      } while (nextToken !== undefined);
      const expected = ['ERROR one', 'ERROR two', 'INFO one', 'INFO two'];
      expect(seen).toEqual(startFromHead ? expected : expected.reverse());
    }
  });

  test('refuses stream names along with a prefix', async () => {
    await expect(filtered({ logStreamNames: ['one'], logStreamNamePrefix: 'o' })).rejects.toMatchObject({
      code: 'InvalidParameterException',
    });
  });
});

test('events older than the retention disappear from reads and from the disk', async () => {
  await put('one', [[0, 'old']]);
  await call('PutRetentionPolicy', { logGroupName: GROUP, retentionInDays: 1 });
  await cloud.clock.advance(12 * HOUR);
  expect(await messages()).toEqual(['old']);
  await cloud.clock.advance(13 * HOUR);
  expect(await messages()).toEqual([]);
  const files = () => readdirSync(join(cloud.dataDirectory, 'cloudwatch-logs', '1'));
  await eventually('the sweep of the disk', () => files().length === 0, 10_000, 10);
});

test('DescribeLogStreams orders by the last event', async () => {
  await put('two', [[0, 'x']]);
  await put('one', [[5, 'y']]);
  const answer = await call<DescribeLogStreamsResponse>('DescribeLogStreams', {
    logGroupName: GROUP,
    orderBy: 'LastEventTime',
    descending: true,
  });
  expect(answer.logStreams?.map((stream) => stream.logStreamName)).toEqual(['one', 'two']);
  expect(answer.logStreams?.[0]).toMatchObject({
    lastEventTimestamp: cloud.clock.now() + 5,
    arn: `arn:aws:logs:us-east-1:123456789012:log-group:${GROUP}:log-stream:one`,
  });
});

test('events survive a restart, also those that the state store had not seen, and half a line is cut off', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'fleetwright-logs-'));
  const first = await open(directory);
  await call('CreateLogGroup', { logGroupName: GROUP }, first);
  await call('CreateLogStream', { logGroupName: GROUP, logStreamName: 'one' }, first);
  const timestamp = first.clock.now();
  const target = { logGroupName: GROUP, logStreamName: 'one' };
  await call('PutLogEvents', { ...target, logEvents: [{ timestamp, message: 'kept' }] }, first);
  await first.close();
  const folder = join(directory, 'cloudwatch-logs', '1');
  const [file] = readdirSync(folder) as [string];
  appendFileSync(
    join(folder, file),
    `{"timestamp":${timestamp},"ingestionTime":${timestamp},"message":"late"}\n{"timest`,
  );

  const second = await open(directory);
  const put = { ...target, logEvents: [{ timestamp, message: 'new' }] };
  await call('PutLogEvents', put, second);
  const answer = await call<GetLogEventsResponse>('GetLogEvents', { ...target, startFromHead: true }, second);
  expect(answer.events?.map((event) => event.message)).toEqual(['kept', 'late', 'new']);
  await second.close();
});
