import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { CreateThingTypeCommand, IoTClient } from '@aws-sdk/client-iot';
import { GetQueueAttributesCommand, SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { endCommands, fleetwright } from '../support/command.ts';
import { eventually } from '../support/eventually.ts';
import { startTestPlatform, type TestPlatform, temporaryDirectory } from '../support/platform.ts';

let directory: string;
let platform: TestPlatform;
let here: string[];
let sqs: SQSClient;
beforeAll(async () => {
  directory = temporaryDirectory();
  platform = await startTestPlatform({ directory });
  sqs = new SQSClient(platform.settings);
  here = ['--data-dir', join(directory, 'data')];
}, 90_000);
afterAll(async () => {
  await endCommands();
  sqs?.destroy();
  await platform?.stop();
  rmSync(directory, { recursive: true, force: true });
}, 60_000);

interface Row {
  check: string;
  status: string;
  found: string;
}

async function preflightRows(...args: string[]): Promise<{ exitCode: number | null; stop: boolean; rows: Row[] }> {
  const { exitCode, stdout, stderr } = await fleetwright('preflight', '--json', ...args).result;
  if (stdout === '') throw new Error(stderr);
  return { exitCode, ...JSON.parse(stdout) };
}

test('a preflight of a stage that is deployed finds its names its own, and one of another stage finds them free', async () => {
  const own = await preflightRows(...here);
  expect(own).toMatchObject({ exitCode: 0, stop: false });
  const found = (check: string) => own.rows.find((row) => row.check === check);
  expect(found('credentials')).toMatchObject({ status: 'ok' });
  expect(found('stack fleetwright-dev-identity')).toMatchObject({ status: 'ok' });
  expect(found('Timestream for LiveAnalytics')).toMatchObject({ status: 'ok' });
  expect(own.rows.some(({ found: text }) => /are this stage's already/.test(text))).toBe(true);

  const prod = await preflightRows('--stage', 'prod', ...here);
  expect(prod).toMatchObject({ exitCode: 0, stop: false });
  expect(prod.rows.some(({ check, found: text }) => check === 'names' && /are free/.test(text))).toBe(true);

  const iot = new IoTClient(platform.settings);
  await iot.send(new CreateThingTypeCommand({ thingTypeName: 'fleetwright-prod-pump-station' }));
  iot.destroy();
  const taken = await preflightRows('--stage', 'prod', ...here);
  expect(taken).toMatchObject({ exitCode: 1, stop: true });
  expect(taken.rows.filter(({ status }) => status === 'stop')).toMatchObject([
    { check: 'IoT::ThingType fleetwright-prod-pump-station' },
  ]);
}, 120_000);

test('without credentials a preflight stops there, and a deploy deploys nothing', async () => {
  const before = { ...process.env };
  Object.assign(process.env, {
    AWS_SHARED_CREDENTIALS_FILE: join(directory, 'none'),
    AWS_CONFIG_FILE: join(directory, 'none'),
    AWS_EC2_METADATA_DISABLED: 'true',
  });
  try {
    const { exitCode, rows } = await preflightRows('--region', 'eu-central-1');
    expect(exitCode).toBe(1);
    expect(rows).toMatchObject([{ check: 'credentials', status: 'stop' }]);
    const deployed = await fleetwright('deploy', '--yes', '--region', 'eu-central-1').result;
    expect(deployed.exitCode).toBe(1);
    expect(deployed.stderr).toContain('nothing was deployed');
  } finally {
    process.env = before;
  }
}, 60_000);

test('dead letters are counted, shown decoded, and sent back by reason; what cannot go back stays', async () => {
  const device = platform.device('DLQ-0001');
  await device.start();
  // An hour and more in the future: refused by the store's time check, with all of its samples.
  device.publish('telemetry', { time: Date.now() + 86_400_000, values: { v: 1 } });
  await device.flush();
  const count = async (queueUrl: string) =>
    Number(
      (
        await sqs.send(
          new GetQueueAttributesCommand({ QueueUrl: queueUrl, AttributeNames: ['ApproximateNumberOfMessages'] }),
        )
      ).Attributes?.ApproximateNumberOfMessages,
    );
  const { RejectedQueueUrl } = platform.outputs;
  await eventually('the dead letter', async () => (await count(RejectedQueueUrl)) === 1, 30_000);
  await sqs.send(new SendMessageCommand({ QueueUrl: RejectedQueueUrl, MessageBody: 'not ours' }));

  const listed = await fleetwright('dlq', 'list', '--json', ...here).result;
  expect(
    listed.stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line)),
  ).toContainEqual({
    queue: 'rejected',
    messages: 2,
    held: 0,
  });
  const shown = await fleetwright('dlq', 'show', '--json', ...here).result;
  const letters = shown.stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  expect(letters).toHaveLength(2);
  expect(letters).toContainEqual(
    expect.objectContaining({ reasons: ['TIME_IN_FUTURE'], payload: expect.stringContaining('"v":1') }),
  );
  expect(letters).toContainEqual(expect.objectContaining({ reasons: ['UNREADABLE'], refused: 'it cannot be read' }));
  expect(await count(RejectedQueueUrl)).toBe(2);

  const dry = await fleetwright('dlq', 'redrive', '--dry-run', '--json', ...here).result;
  expect(JSON.parse(dry.stdout)).toMatchObject({
    redriven: 1,
    dryRun: true,
    refused: [{ reason: 'it cannot be read' }],
  });
  const gone = await fleetwright('dlq', 'redrive', '--reason', 'TIME_IN_FUTURE', '--json', ...here).result;
  expect(JSON.parse(gone.stdout)).toMatchObject({ redriven: 1, twice: 0, refused: [] });
  // It is refused for the same reason again: it has been at the ingest function, and is back.
  await eventually('the letter again', async () => (await count(RejectedQueueUrl)) === 2, 30_000);
}, 120_000);

test('every operator command explains itself', async () => {
  for (const command of [
    ['preflight'],
    ['deploy'],
    ['purge'],
    ['destroy'],
    ['device', 'list'],
    ['device', 'show'],
    ['device', 'state'],
    ['device', 'decommission'],
    ['device', 'import'],
    ['device', 'register'],
    ['device', 'rotate'],
    ['dlq', 'list'],
    ['dlq', 'show'],
    ['dlq', 'redrive'],
  ]) {
    const { exitCode, stdout } = await fleetwright(...command, '--help').result;
    expect({ command, exitCode }).toEqual({ command, exitCode: 0 });
    expect(stdout).toContain(`Usage: fleetwright ${command.join(' ')}`);
  }
}, 120_000);
