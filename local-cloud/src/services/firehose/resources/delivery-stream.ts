import type { CreateDeliveryStreamInput, ExtendedS3DestinationConfiguration, Tag } from '@aws-sdk/client-firehose';
import { NotImplementedError } from '../../../core/errors.ts';
import type { ResourceProvider } from '../../../core/resources.ts';
import { streamArn } from '../delivery-stream.ts';
import { checkTags, type DeliveryStreams } from '../delivery-streams.ts';
import { readDestination } from '../destination.ts';
import { MAX_STREAM_NAME } from '../limits.ts';
import { createStream, readEncryption } from '../operations/delivery-streams.ts';

interface StreamProperties {
  DeliveryStreamName?: string;
  DeliveryStreamType?: CreateDeliveryStreamInput['DeliveryStreamType'];
  DeliveryStreamEncryptionConfigurationInput?: CreateDeliveryStreamInput['DeliveryStreamEncryptionConfigurationInput'];
  ExtendedS3DestinationConfiguration?: Readonly<Record<string, unknown>>;
  S3DestinationConfiguration?: Readonly<Record<string, unknown>>;
  Tags?: Tag[];
}

const SWITCHES = new Set(['Enabled', 'CaseInsensitive', 'ConvertDotsInJsonKeysToUnderscores']);

const DESTINATION_MEMBERS = new Set([
  'BucketARN',
  'BufferingHints',
  'CloudWatchLoggingOptions',
  'CompressionFormat',
  'CustomTimeZone',
  'DataFormatConversionConfiguration',
  'DynamicPartitioningConfiguration',
  'EncryptionConfiguration',
  'ErrorOutputPrefix',
  'FileExtension',
  'Prefix',
  'ProcessingConfiguration',
  'RoleARN',
  'S3BackupConfiguration',
  'S3BackupMode',
]);

/** CloudFormation template reference, "AWS::KinesisFirehose::DeliveryStream". */
export function createDeliveryStreamProvider(streams: DeliveryStreams): ResourceProvider<StreamProperties> {
  const { context } = streams;
  const state = (name: string) => ({ physicalId: name, attributes: { Arn: streamArn(context, name) } });
  return {
    type: 'AWS::KinesisFirehose::DeliveryStream',
    replaceOn: ['DeliveryStreamName', 'DeliveryStreamType'],
    properties: [
      'DeliveryStreamName',
      'DeliveryStreamType',
      'DeliveryStreamEncryptionConfigurationInput',
      'ExtendedS3DestinationConfiguration',
      'S3DestinationConfiguration',
      'Tags',
    ],
    async create(properties, scope) {
      const name = properties.DeliveryStreamName ?? scope.generateName(MAX_STREAM_NAME);
      const { ExtendedS3DestinationConfiguration: extended, S3DestinationConfiguration: plain } = properties;
      await createStream(streams, {
        DeliveryStreamName: name,
        DeliveryStreamType: properties.DeliveryStreamType,
        DeliveryStreamEncryptionConfigurationInput: properties.DeliveryStreamEncryptionConfigurationInput,
        ExtendedS3DestinationConfiguration: extended === undefined ? undefined : destinationOf(extended),
        S3DestinationConfiguration: plain === undefined ? undefined : destinationOf(plain),
        Tags: properties.Tags,
      });
      return state(name);
    },
    async update(properties, _previous, { physicalId }) {
      const stream = streams.require(physicalId);
      const configuration =
        properties.ExtendedS3DestinationConfiguration ?? properties.S3DestinationConfiguration ?? {};
      const destination = readDestination(destinationOf(configuration));
      stream.record.tags = checkTags(properties.Tags ?? []);
      stream.record.encrypted = readEncryption(properties.DeliveryStreamEncryptionConfigurationInput);
      if (JSON.stringify(destination) !== JSON.stringify(stream.record.destination)) {
        await streams.update(stream, destination);
      } else {
        await streams.save(stream.record);
      }
      return state(physicalId);
    },
    async delete({ physicalId }) {
      const stream = streams.find(physicalId);
      if (stream !== undefined) await streams.delete(stream);
    },
  };
}

/** A destination of a template: numbers and switches may be text. Members that are unknown are refused by name. */
function destinationOf(configuration: Readonly<Record<string, unknown>>): ExtendedS3DestinationConfiguration {
  const unknown = Object.keys(configuration).find((member) => !DESTINATION_MEMBERS.has(member));
  if (unknown !== undefined) throw new NotImplementedError(`Firehose destination ${unknown}`);
  return typed(configuration) as ExtendedS3DestinationConfiguration;
}

function typed(value: unknown, name = ''): unknown {
  if (Array.isArray(value)) return value.map((member) => typed(member));
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, typed(member, key)]));
  }
  if (name === 'SizeInMBs' || name === 'IntervalInSeconds') return Number(value);
  if (SWITCHES.has(name)) return value === true || value === 'true';
  return value;
}
