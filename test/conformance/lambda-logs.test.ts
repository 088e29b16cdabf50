import type { FilterLogEventsResponse, OutputLogEvent } from '@aws-sdk/client-cloudwatch-logs';
import { LambdaCloud, outlast, until } from './lambda-cloud.ts';

/** Source: Lambda developer guide, "Viewing CloudWatch logs for Lambda functions" and its page on log formats. */

let cloud: LambdaCloud;

beforeEach(async () => {
  cloud = await new LambdaCloud().start();
});

afterEach(() => cloud.close());

async function events(logGroupName = '/aws/lambda/fn'): Promise<string[]> {
  const input = { logGroupName };
  const { events: found = [] } = await cloud.call<FilterLogEventsResponse>('FilterLogEvents', input, 'cloudwatch-logs');
  return found.map((event: OutputLogEvent) => event.message ?? '');
}

/** Ships what has been written and waits until so many events are stored. */
async function shipped(count: number, group?: string): Promise<string[]> {
  await cloud.clock.advance(1000);
  await until(async () => {
    try {
      return (await events(group)).length >= count;
    } catch (error) {
      // The group is made with the first line.
      if ((error as { code?: string }).code === 'ResourceNotFoundException') return false;
      throw error;
    }
  });
  return events(group);
}

test('START, output, END and REPORT are stored in the function`s log group, in order and as its role', async () => {
  await cloud.function(`exports.handler = async () => {
    console.log('one', { a: 1 }); console.error('two'); process.stderr.write('three\\n'); process.stdout.write('no newline'); };`);
  const { response } = await cloud.invoke({}, { LogType: 'Tail' });
  const stored = await shipped(7);
  const id = '[0-9a-f-]{36}';
  const time = '\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{3}Z';
  const lines = [
    `^START RequestId: ${id} Version: \\$LATEST\\n$`,
    `^${time}\\t${id}\\tINFO\\tone { a: 1 }$`,
    `^${time}\\t${id}\\tERROR\\ttwo$`,
    '^three$',
    '^no newline$',
    `^END RequestId: ${id}\\n$`,
    `^REPORT RequestId: ${id}\\tDuration: [\\d.]+ ms\\tBilled Duration: \\d+ ms\\tMemory Size: 128 MB\\tMax Memory Used: \\d+ MB\\tInit Duration: [\\d.]+ ms\\t\\n$`,
  ];
  expect(stored).toEqual(lines.map((line) => expect.stringMatching(new RegExp(line))));
  expect(cloud.cloud.asked.map(({ action }) => action)).toEqual(
    expect.arrayContaining(['logs:CreateLogGroup', 'logs:CreateLogStream', 'logs:PutLogEvents']),
  );
  const tail = Buffer.from(response.LogResult ?? '', 'base64').toString();
  expect(tail).toMatch(/^START RequestId.*one { a: 1 }\n.*REPORT RequestId.*$/s);
});

test('a message of several lines is one event', async () => {
  await cloud.function(`exports.handler = async () => { console.log('a\\nb'); };`);
  await cloud.invoke();
  expect((await shipped(4))[1]).toMatch(/INFO\ta\nb$/);
});

test('the tail is cut to the last 4 KB', async () => {
  await cloud.function(`exports.handler = async () => { for (let i = 0; i < 500; i++) console.log('line ' + i); };`);
  const { response } = await cloud.invoke({}, { LogType: 'Tail' });
  const tail = Buffer.from(response.LogResult ?? '', 'base64');
  expect(tail).toHaveLength(4096);
  expect(tail.toString()).toContain('line 499');
});

test('an error of the function and a timeout are in the log', async () => {
  await cloud.function(`exports.handler = async (event) => { if (event.hang) for (;;); throw new TypeError('no'); };`, {
    Timeout: 2,
  });
  await cloud.invoke();
  await outlast(cloud.clock, cloud.invoke({ hang: true }));
  const lines = await shipped(8);
  expect(lines).toContainEqual(
    expect.stringMatching(/ERROR\tInvoke Error \t\{"errorType":"TypeError","errorMessage":"no"/),
  );
  expect(lines).toContainEqual(expect.stringMatching(/Z [0-9a-f-]{36} Task timed out after 2\.00 seconds\n\n$/));
  expect(lines).toContainEqual(expect.stringMatching(/^REPORT .*Status: timeout\tError Type: Sandbox\.Timedout/));
});

test('the JSON format structures the platform`s and the function`s lines and filters by level', async () => {
  await cloud.function(
    `exports.handler = async () => {
    console.debug('hidden'); console.info({ order: 7 }); console.warn('text', new TypeError('bad')); };`,
    {
      LoggingConfig: { LogFormat: 'JSON', LogGroup: 'shared-group', ApplicationLogLevel: 'INFO' },
    },
  );
  await cloud.invoke();
  const lines = (await shipped(4, 'shared-group')).map((line) => JSON.parse(line));
  expect(lines).toMatchObject([
    { type: 'platform.start', record: { version: '$LATEST' } },
    { level: 'INFO', requestId: expect.any(String), message: { order: 7 }, timestamp: expect.any(String) },
    { level: 'WARN', errorType: 'TypeError', errorMessage: 'bad', stackTrace: expect.any(Array) },
    { type: 'platform.report', record: { status: 'success', metrics: { memorySizeMB: 128 } } },
  ]);
});

test.each(['logs:CreateLogStream', 'logs:PutLogEvents'])(
  'without %s the function runs, and the cloud says so once',
  async (action) => {
    cloud.cloud.denied.add(action);
    await cloud.function(`exports.handler = async () => { console.log('unseen'); return 1; };`);
    const warned = () => cloud.reports.filter(({ message }) => message.includes('could not be stored'));
    for (let round = 0; round < 3; round++) {
      expect((await cloud.invoke()).payload).toBe(1);
      await cloud.clock.advance(1000);
      await until(() => warned().length > 0);
    }
    const warnings = warned();
    expect(warnings).toEqual([{ level: 'warn', message: expect.stringContaining(action), fields: { function: 'fn' } }]);
  },
);

test('a stop stores the lines that wait', async () => {
  await cloud.function(`exports.handler = async () => { console.log('last words'); };`);
  await cloud.invoke();
  await cloud.lambda.stop?.();
  expect(await events()).toContainEqual(expect.stringContaining('last words'));
});
