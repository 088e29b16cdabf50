import {
  AttachSecurityProfileCommand,
  CreateDynamicThingGroupCommand,
  CreateSecurityProfileCommand,
  CreateThingCommand,
  DescribeIndexCommand,
  GetIndexingConfigurationCommand,
  GetStatisticsCommand,
  IoTClient,
  ListThingsInThingGroupCommand,
  SearchIndexCommand,
  UpdateIndexingConfigurationCommand,
} from '@aws-sdk/client-iot';
import { ManualClock } from '../../local-cloud/src/core/clock.ts';
import { type DefenderCloud, signAtClock, startDefenderCloud } from '../support/defender-cloud.ts';

// Device Defender violations in the index of things: developer guide, managing-index and example-queries.

const FIVE_MINUTES = 5 * 60_000;
const BEHAVIOR = 'deviceDefender.device-SecurityProfile.few-messages';

let clock: ManualClock;
let defender: DefenderCloud;
let iot: IoTClient;

beforeEach(async () => {
  clock = new ManualClock(Date.UTC(2026, 0, 1, 12));
  defender = await startDefenderCloud(clock);
  iot = signAtClock(new IoTClient(defender.https.client()), clock);
  await iot.send(
    new UpdateIndexingConfigurationCommand({
      thingIndexingConfiguration: {
        thingIndexingMode: 'REGISTRY',
        deviceDefenderIndexingMode: 'VIOLATIONS',
        customFields: [{ name: `${BEHAVIOR}.lastViolationValue.count`, type: 'Number' }],
      },
    }),
  );
  const securityProfileName = 'device-SecurityProfile';
  await iot.send(
    new CreateSecurityProfileCommand({
      securityProfileName,
      behaviors: [
        {
          name: 'few-messages',
          metric: 'aws:num-messages-sent',
          criteria: { comparisonOperator: 'less-than-equals', value: { count: 50 }, durationSeconds: 300 },
        },
      ],
    }),
  );
  const securityProfileTargetArn = 'arn:aws:iot:us-east-1:123456789012:all/things';
  await iot.send(new AttachSecurityProfileCommand({ securityProfileName, securityProfileTargetArn }));
  for (const thingName of ['pump-1', 'pump-2']) await iot.send(new CreateThingCommand({ thingName }));
});

afterEach(async () => {
  iot.destroy();
  await defender.close();
});

/** The device sends so many messages in one window of five minutes. */
async function sends(clientId: string, messages: number): Promise<void> {
  const activity = defender.https.cloud.ports.get('deviceActivity');
  activity.attempted(clientId);
  const counters = activity.connected({ clientId, principalId: 'p', sourceIp: '203.0.113.7' });
  for (let i = 0; i < messages; i++) counters.sent('pumps/1/telemetry', 100);
  await clock.advance(FIVE_MINUTES);
}

async function found(queryString: string): Promise<(string | undefined)[]> {
  const { things } = await iot.send(new SearchIndexCommand({ queryString }));
  return (things ?? []).map(({ thingName }) => thingName);
}

// source: developer guide, example-queries (deviceDefender), managing-fleet-index ("Managed fields for Device Defender")
test('things are found by their violations, and answered with them', async () => {
  await sends('pump-1', 51);
  expect(await found('deviceDefender.violationCount:[1 TO 100]')).toEqual(['pump-1']);
  expect(await found(`${BEHAVIOR}.inViolation:true`)).toEqual(['pump-1']);
  expect(await found(`${BEHAVIOR}.lastViolationValue.count>50`)).toEqual(['pump-1']);
  expect(await found(`${BEHAVIOR}.lastViolationTime>1634227200000`)).toEqual(['pump-1']);
  expect(await found(`${BEHAVIOR}.lastViolationValue:*`)).toEqual(['pump-1']);
  expect(await found('aws\\:num-messages-sent')).toEqual(['pump-1']);
  const { things } = await iot.send(new SearchIndexCommand({ queryString: 'thingName:pump-1' }));
  expect(JSON.parse(things?.[0]?.deviceDefender ?? '')).toEqual({
    violationCount: 1,
    'device-SecurityProfile': {
      'few-messages': {
        metricName: 'aws:num-messages-sent',
        lastViolationTime: expect.any(Number),
        lastViolationValue: { count: 51 },
        inViolation: true,
      },
    },
  });
});

// source: developer guide, managing-index (table of schema values; get-indexing-configuration)
test('the index says that it holds violations', async () => {
  expect((await iot.send(new DescribeIndexCommand({ indexName: 'AWS_Things' }))).schema).toBe('MULTI_INDEXING_MODE');
  const { thingIndexingConfiguration } = await iot.send(new GetIndexingConfigurationCommand({}));
  expect(thingIndexingConfiguration?.deviceDefenderIndexingMode).toBe('VIOLATIONS');
  expect(thingIndexingConfiguration?.managedFields).toContainEqual({
    name: 'deviceDefender.violationCount',
    type: 'Number',
  });
});

// source: developer guide, managing-fleet-index ("Custom fields": Device Defender violations)
test('the value of a violation is aggregated as a custom field', async () => {
  await sends('pump-1', 60);
  const aggregationField = `${BEHAVIOR}.lastViolationValue.count`;
  const { statistics } = await iot.send(new GetStatisticsCommand({ queryString: '*', aggregationField }));
  expect(statistics).toMatchObject({ count: 1, maximum: 60 });
});

// source: developer guide, dynamic-thing-groups ("depending on their … Device Defender violations data")
test('a dynamic group follows violations', async () => {
  const thingGroupName = 'Suspects';
  await iot.send(
    new CreateDynamicThingGroupCommand({ thingGroupName, queryString: 'deviceDefender.violationCount>0' }),
  );
  const members = async () => (await iot.send(new ListThingsInThingGroupCommand({ thingGroupName }))).things;
  expect(await members()).toEqual([]);
  await sends('pump-2', 51);
  expect(await members()).toEqual(['pump-2']);
  await sends('pump-2', 1);
  expect(await members()).toEqual([]);
});
