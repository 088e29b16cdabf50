import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { CloudFormationClient, DescribeStacksCommand } from '@aws-sdk/client-cloudformation';
import {
  CreateJobCommand,
  CreateThingCommand,
  IoTClient,
  ListCertificatesCommand,
  ListThingsCommand,
} from '@aws-sdk/client-iot';
import { endCommands, fleetwright } from '../support/command.ts';
import { eventually } from '../support/eventually.ts';
import { startTestPlatform, type TestPlatform, temporaryDirectory } from '../support/platform.ts';

let directory: string;
let platform: TestPlatform;
let iot: IoTClient;
let here: string[];
beforeAll(async () => {
  directory = temporaryDirectory();
  platform = await startTestPlatform({ directory });
  iot = new IoTClient(platform.settings);
  here = ['--data-dir', join(directory, 'data')];
}, 90_000);
afterAll(async () => {
  await endCommands();
  iot?.destroy();
  await platform?.stop();
  rmSync(directory, { recursive: true, force: true });
}, 60_000);

const things = async () => (await iot.send(new ListThingsCommand({}))).things?.map(({ thingName }) => thingName) ?? [];

test('a destroy with devices fails and says why; after a purge it is clean, and strangers are untouched', async () => {
  for (const serial of ['PUR-0001', 'PUR-0002']) {
    const device = platform.device(serial);
    await device.start();
    device.publish('telemetry', { time: Date.now(), values: { v: 1 } });
    await device.flush();
    await device.stop();
  }
  await iot.send(new CreateThingCommand({ thingName: 'fleetwright-dev-x-stranger' }));
  await iot.send(
    new CreateJobCommand({
      jobId: 'own-job',
      document: '{}',
      targets: [`arn:aws:iot:us-east-1:${platform.description.accountId}:thinggroup/fleetwright-dev`],
    }),
  );
  expect(await things()).toHaveLength(3);

  const blocked = await fleetwright('destroy', '--yes', ...here).result;
  expect(blocked.exitCode).toBe(1);
  expect(blocked.stderr).toMatch(/DELETE_FAILED/);
  expect(blocked.stderr).toContain('npx fleetwright purge');

  const unasked = await fleetwright('purge', ...here).result;
  expect(unasked).toMatchObject({ exitCode: 1 });
  expect(unasked.stderr).toContain('--yes');

  const dry = await fleetwright('purge', '--dry-run', '--json', '--empty-buckets', ...here).result;
  expect(dry.exitCode).toBe(0);
  expect(JSON.parse(dry.stdout)).toMatchObject({
    dryRun: true,
    planned: { 'delete-certificate': 2, 'delete-thing': 2, 'delete-job': 1 },
    done: {},
  });
  expect(await things()).toHaveLength(3);

  const purged = await fleetwright('purge', '--yes', '--json', '--empty-buckets', ...here).result;
  expect(purged).toMatchObject({ exitCode: 0 });
  expect(JSON.parse(purged.stdout)).toMatchObject({ done: { 'delete-certificate': 2, 'delete-thing': 2 }, left: [] });
  expect(await things()).toEqual(['fleetwright-dev-x-stranger']);

  const again = await fleetwright('purge', '--yes', '--json', '--empty-buckets', ...here).result;
  expect(JSON.parse(again.stdout)).toMatchObject({ planned: {}, left: [] });

  const destroyed = await fleetwright('destroy', '--yes', '--json', ...here).result;
  expect({ stderr: destroyed.stderr, exitCode: destroyed.exitCode }).toMatchObject({ exitCode: 0 });
  const cloudFormation = new CloudFormationClient(platform.settings);
  expect((await cloudFormation.send(new DescribeStacksCommand({}))).Stacks).toEqual([]);
  cloudFormation.destroy();
  // The claim certificate went with its stack.
  await eventually('no certificate', async () => {
    const { certificates = [] } = await iot.send(new ListCertificatesCommand({}));
    return certificates.length === 0;
  });
}, 180_000);
