import { ManualClock, systemClock } from '../../local-cloud/src/core/clock.ts';
import { systemEntropy } from '../../local-cloud/src/core/entropy.ts';
import { createCloudwatchLogsPlugin } from '../../local-cloud/src/services/cloudwatch-logs/plugin.ts';
import { createDynamodbPlugin } from '../../local-cloud/src/services/dynamodb/plugin.ts';
import { createFirehosePlugin } from '../../local-cloud/src/services/firehose/plugin.ts';
import { createS3Plugin } from '../../local-cloud/src/services/s3/plugin.ts';
import { createSecretsManagerPlugin } from '../../local-cloud/src/services/secrets-manager/plugin.ts';
import { ADMINISTRATOR, createTestCloud, type TestCloud } from '../../local-cloud/src/testing/context.ts';

/** The five storage services on one data directory, opened as a process of its own to be killed, and again to look. */

export async function openStorage(directory: string): Promise<TestCloud<ManualClock>> {
  const clock = new ManualClock(systemClock.now());
  const cloud = createTestCloud<ManualClock>({ directory, entropy: systemEntropy, clock });
  const factories = [
    createCloudwatchLogsPlugin,
    createSecretsManagerPlugin,
    createDynamodbPlugin,
    createS3Plugin,
    createFirehosePlugin,
  ];
  for (const factory of factories) await cloud.use(factory).start?.();
  return cloud;
}

export async function makeResources({ api }: TestCloud<ManualClock>): Promise<void> {
  await api.call(ADMINISTRATOR, 's3', 'CreateBucket', { Bucket: 'lake' });
  await api.call(ADMINISTRATOR, 'dynamodb', 'CreateTable', {
    TableName: 'items',
    BillingMode: 'PAY_PER_REQUEST',
    AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }],
    KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
  });
  await api.call(ADMINISTRATOR, 'cloudwatch-logs', 'CreateLogGroup', { logGroupName: 'g' });
  await api.call(ADMINISTRATOR, 'cloudwatch-logs', 'CreateLogStream', { logGroupName: 'g', logStreamName: 's' });
  await api.call(ADMINISTRATOR, 'secrets-manager', 'CreateSecret', { Name: 'secret' });
  await api.call(ADMINISTRATOR, 'firehose', 'CreateDeliveryStream', {
    DeliveryStreamName: 'stream',
    ExtendedS3DestinationConfiguration: {
      RoleARN: 'arn:aws:iam::123456789012:role/delivery',
      BucketARN: 'arn:aws:s3:::lake',
      Prefix: 'delivered/',
    },
  });
}

/** Writes `n` to every service; each resolves when it is acknowledged. */
export function writersOf({ api, clock }: TestCloud<ManualClock>): Record<string, (n: number) => Promise<unknown>> {
  return {
    s3: (n) => api.call(ADMINISTRATOR, 's3', 'PutObject', { Bucket: 'lake', Key: `put/${n}`, Body: String(n) }),
    dynamodb: (n) =>
      api.call(ADMINISTRATOR, 'dynamodb', 'PutItem', { TableName: 'items', Item: { id: { S: String(n) } } }),
    logs: (n) =>
      api.call(ADMINISTRATOR, 'cloudwatch-logs', 'PutLogEvents', {
        logGroupName: 'g',
        logStreamName: 's',
        logEvents: [{ timestamp: clock.now(), message: String(n) }],
      }),
    secrets: (n) =>
      api.call(ADMINISTRATOR, 'secrets-manager', 'PutSecretValue', { SecretId: 'secret', SecretString: String(n) }),
    firehose: (n) =>
      api.call(ADMINISTRATOR, 'firehose', 'PutRecord', {
        DeliveryStreamName: 'stream',
        Record: { Data: Buffer.from(`${n}\n`) },
      }),
  };
}

/** As a program: writes without end, and prints each acknowledgement as `<service> <n>`. */
async function writeUntilKilled(directory: string): Promise<void> {
  const cloud = await openStorage(directory);
  await makeResources(cloud);
  for (const [service, write] of Object.entries(writersOf(cloud))) {
    void (async () => {
      for (let n = 0; ; n++) {
        await write(n);
        process.stdout.write(`${service} ${n}\n`);
      }
    })();
  }
}

const [, program, directory] = process.argv;
if (program?.endsWith('storage-process.ts') && directory !== undefined) void writeUntilKilled(directory);
