import { LAKE_COLUMNS } from '@fleetwright/contracts';
import { addPlatform } from '../../lib/platform.ts';
import { flat, list, newApp, ofType, type Resource, synthesize } from './synthesized.ts';

const byTimestream = synthesize();
const byLake = synthesize({ hotStore: 'lake' });

function telemetryResources(from: typeof byLake, type: string): readonly (readonly [string, Resource])[] {
  return ofType(from.resources, type).filter(([id]) => id.startsWith('telemetry/'));
}

/** Statements of the policy of a function's role, by the function's folder. */
function actionsOf(from: typeof byLake, idPattern: RegExp): string[] {
  return ofType(from.resources, 'AWS::IAM::Policy')
    .filter(([id]) => idPattern.test(id))
    .flatMap(([, { Properties }]) =>
      list<{ Action: string | string[]; Resource: unknown }>(Properties.PolicyDocument.Statement),
    )
    .flatMap(({ Action, Resource }) =>
      list(Action).flatMap((action) => list(Resource).map((resource) => `${action} ${flat(resource)}`)),
    );
}

describe('the hot store lake', () => {
  test('passes the AWS Solutions checks and the CloudFormation rules', () => {
    const app = newApp({ 'fleetwright:skipNag': false, hotStore: 'lake' });
    addPlatform(app);
    expect(() => app.synth()).not.toThrow();
  });

  test('has no part of Timestream, nor a permission for one', () => {
    expect([...byLake.resources.values()].filter(({ Type }) => Type.startsWith('AWS::Timestream'))).toEqual([]);
    expect(JSON.stringify([...byLake.resources.values()])).not.toContain('timestream:');
  });

  test('has a table and a delivery stream for samples, health and twins', () => {
    const tables = telemetryResources(byLake, 'AWS::Glue::Table').map(
      ([, { Properties }]) => Properties.TableInput.Name,
    );
    expect(tables.sort()).toEqual(['health', 'telemetry', 'twin']);
    expect(telemetryResources(byLake, 'AWS::KinesisFirehose::DeliveryStream')).toHaveLength(4);
  });

  test('lets the writers of samples and of twins put rows to their own stream, and nothing more of the store', () => {
    const stream = (table: string) =>
      `firehose:PutRecordBatch arn:<Partition>:firehose:<Region>:<AccountId>:deliverystream/fleetwright-dev-lake-${table}`;
    const ingest = actionsOf(byLake, /^telemetry\/IngestRole/).filter((action) => action.startsWith('firehose'));
    const twins = actionsOf(byLake, /^twin\/HistoryRecorder/).filter((action) => action.startsWith('firehose'));
    expect(ingest.map(partitioned)).toEqual([stream('telemetry')]);
    expect(twins.map(partitioned)).toEqual([stream('twin')]);
  });

  test('takes health by a rule, with its dimensions as columns', () => {
    const [, rule] = telemetryResources(byLake, 'AWS::IoT::TopicRule').find(([id]) => id.includes('HealthRule')) ?? [];
    const { Actions: actions, Sql: sql } = rule?.Properties.TopicRulePayload ?? {};
    for (const { name } of LAKE_COLUMNS.health) expect(sql).toContain(name === 'time' ? ' time' : name);
    expect(actions[0].Firehose.DeliveryStreamName.Ref).toMatch(/^Lakehealth/);
  });
});

test('an unknown hot store on the command line is refused with those that there are', () => {
  expect(() => addPlatform(newApp({ hotStore: 'influx' }))).toThrow(/hotStore: .*timestream.*lake.*got "influx"/);
});

describe('the lake', () => {
  const [[, table] = []] = telemetryResources(byTimestream, 'AWS::Glue::Table');
  const stream = telemetryResources(byTimestream, 'AWS::KinesisFirehose::DeliveryStream').find(
    ([, { Properties }]) => Properties.DeliveryStreamName === 'fleetwright-dev-lake-telemetry',
  )?.[1];

  test('is filled beside Timestream, with a column for each measure that is configured', () => {
    const columns = table?.Properties.TableInput.StorageDescriptor.Columns.map(
      ({ Name, Type }: { Name: string; Type: string }) => `${Name} ${Type}`,
    );
    expect(columns).toEqual([
      ...LAKE_COLUMNS.telemetry.map(({ name, type }) => `${name} ${type}`),
      'pressure double',
      'rpm double',
      'temperature double',
      'vibration double',
    ]);
  });

  // Athena user guide, "Set up partition projection"
  test('needs no crawler: partitions are projected by the hour of receipt, under the keys that the stream writes', () => {
    const { Parameters: parameters } = table?.Properties.TableInput ?? {};
    expect(parameters).toMatchObject({
      'projection.enabled': 'true',
      'projection.date.type': 'date',
      'projection.date.format': 'yyyy-MM-dd',
      'projection.hour.range': '0,23',
      'projection.hour.digits': '2',
    });
    const template = flat(parameters['storage.location.template']);
    expect(template).toMatch(/\/tables\/telemetry\/date=\$\{date\}\/hour=\$\{hour\}\/$/);
    expect(stream?.Properties.ExtendedS3DestinationConfiguration.Prefix).toBe(
      'tables/telemetry/date=!{timestamp:yyyy-MM-dd}/hour=!{timestamp:HH}/',
    );
  });

  // Firehose developer guide, "Convert input data format": from 64 MiB, uncompressed outside Parquet
  test('is Parquet, from buffers of at least 64 MiB', () => {
    expect(stream?.Properties.ExtendedS3DestinationConfiguration).toMatchObject({
      CompressionFormat: 'UNCOMPRESSED',
      BufferingHints: { SizeInMBs: 128 },
      DataFormatConversionConfiguration: {
        Enabled: true,
        OutputFormatConfiguration: { Serializer: { ParquetSerDe: { Compression: 'SNAPPY' } } },
        SchemaConfiguration: { TableName: { Ref: expect.stringMatching(/^Laketelemetry/) }, VersionId: 'LATEST' },
      },
    });
  });

  test('is asked through a workgroup that nobody overrides: limited reading, encrypted results', () => {
    const [[, group] = []] = telemetryResources(byTimestream, 'AWS::Athena::WorkGroup');
    expect(group?.Properties.WorkGroupConfiguration).toMatchObject({
      EnforceWorkGroupConfiguration: true,
      BytesScannedCutoffPerQuery: 10_000_000_000,
      ResultConfiguration: { EncryptionConfiguration: { EncryptionOption: 'SSE_S3' } },
    });
  });
});

describe('roll-ups', () => {
  const queries = telemetryResources(byTimestream, 'AWS::Timestream::ScheduledQuery');

  test('are made of every number that is configured, by minute and by hour', () => {
    expect(queries).toHaveLength(2);
    for (const [, { Properties }] of queries) {
      for (const measure of ['temperature', 'pressure', 'rpm', 'vibration']) {
        expect(Properties.QueryString).toContain(`avg("${measure}") AS "${measure}_avg"`);
      }
      const { TimestreamConfiguration: target } = Properties.TargetConfiguration;
      expect(target.MultiMeasureMappings.MultiMeasureAttributeMappings).toHaveLength(1 + 4 * 4);
      expect(Properties.ErrorReportConfiguration.S3Configuration.ObjectKeyPrefix).toMatch(/^rollup-errors\/1[mh]$/);
    }
  });

  // A scheduled query that names a column of an empty table cannot be made.
  test('are made after a first row is in the table of samples', () => {
    const [[seedId, seed] = []] = telemetryResources(byTimestream, 'Custom::TableSeed');
    expect(seed?.Properties.Measures).toEqual(['pressure', 'rpm', 'temperature', 'vibration']);
    for (const [, { DependsOn }] of queries) expect(DependsOn).toContain(seedId?.replace('telemetry/', ''));
  });

  test('that fail are told to a queue for people, and only those', () => {
    const [, subscription] =
      telemetryResources(byTimestream, 'AWS::SNS::Subscription').find(([id]) => id.includes('Rollups')) ?? [];
    expect(subscription?.Properties).toMatchObject({
      Protocol: 'sqs',
      FilterPolicyScope: 'MessageBody',
      FilterPolicy: { type: ['AUTO_TRIGGER_FAILURE', 'MANUAL_TRIGGER_FAILURE'] },
    });
  });

  test('can be left out, and the functions that make them anew with them', () => {
    const { resources } = synthesize(configured({ rollups: { enabled: false } }));
    expect([...resources.values()].filter(({ Type }) => Type === 'AWS::Timestream::ScheduledQuery')).toEqual([]);
    expect(JSON.stringify([...resources.values()])).not.toContain('LATE_SLOTS_QUEUE_URL');
  });
});

test('without the lake, samples go to Timestream alone', () => {
  const { resources } = synthesize(configured({ lake: { enabled: false } }));
  const types = new Set([...resources.values()].map(({ Type }) => Type));
  expect(types).not.toContain('AWS::Glue::Table');
  expect(types).not.toContain('AWS::Athena::WorkGroup');
});

function configured(settings: object): Record<string, unknown> {
  const dev = { provisioning: { sites: ['north'], deviceTypes: ['pump-station'] }, ...settings };
  return { fleetwright: { project: 'fleetwright', stages: { dev } } };
}

function partitioned(action: string): string {
  return action.replace(/arn:[^:]+:firehose:[^:]+:[^:]+:/, 'arn:<Partition>:firehose:<Region>:<AccountId>:');
}
