import type {
  ExtendedS3DestinationConfiguration,
  ExtendedS3DestinationDescription,
  S3DestinationDescription,
} from '@aws-sdk/client-firehose';
import { ConstraintViolations } from '../../core/constraint-violations.ts';
import { AwsError, NotImplementedError } from '../../core/errors.ts';
import { isTimeZone } from './date-pattern.ts';
import {
  BUCKET_ARN_PATTERN,
  DEFAULT_BUFFER_MIB,
  DEFAULT_BUFFER_SECONDS,
  FILE_EXTENSION_PATTERN,
  MAX_ARN,
  MAX_BUFFER_MIB,
  MAX_BUFFER_SECONDS,
  MAX_FILE_EXTENSION,
  MAX_PREFIX,
  ROLE_ARN_PATTERN,
} from './limits.ts';
import { checkPrefixes } from './object-prefix.ts';

/** An Amazon S3 destination as it is kept. */
export interface Destination {
  readonly roleArn: string;
  readonly bucketArn: string;
  readonly prefix: string;
  readonly errorOutputPrefix?: string | undefined;
  readonly bufferMebibytes: number;
  readonly bufferSeconds: number;
  readonly compression: 'UNCOMPRESSED' | 'GZIP';
  readonly fileExtension?: string | undefined;
  readonly timeZone: string;
  /** Put behind each record; undefined for nothing. */
  readonly delimiter?: string | undefined;
  readonly logging?: { readonly group: string; readonly stream: string } | undefined;
}

type Configuration = Partial<ExtendedS3DestinationConfiguration>;

/**
 * Reads an S3 destination; members not given come from `current` in an update.
 * @throws AwsError `ValidationException`, `InvalidArgumentException`, `NotImplemented` for what is not built
 */
export function readDestination(input: Configuration, current?: Destination): Destination {
  validate(input, current === undefined);
  refuse(input);
  const hints = readBuffering(input.BufferingHints);
  const logging = input.CloudWatchLoggingOptions;
  const compression = input.CompressionFormat ?? current?.compression ?? 'UNCOMPRESSED';
  const destination: Destination = {
    roleArn: input.RoleARN ?? (current?.roleArn as string),
    bucketArn: input.BucketARN ?? (current?.bucketArn as string),
    prefix: input.Prefix ?? current?.prefix ?? '',
    errorOutputPrefix: input.ErrorOutputPrefix ?? current?.errorOutputPrefix,
    bufferMebibytes: hints?.size ?? current?.bufferMebibytes ?? DEFAULT_BUFFER_MIB,
    bufferSeconds: hints?.seconds ?? current?.bufferSeconds ?? DEFAULT_BUFFER_SECONDS,
    compression: compression as Destination['compression'],
    fileExtension: input.FileExtension ?? current?.fileExtension,
    timeZone: input.CustomTimeZone ?? current?.timeZone ?? 'UTC',
    delimiter:
      input.ProcessingConfiguration === undefined ? current?.delimiter : readDelimiter(input.ProcessingConfiguration),
    logging: logging === undefined ? current?.logging : readLogging(logging),
  };
  if (!isTimeZone(destination.timeZone)) {
    throw invalid(`CustomTimeZone '${destination.timeZone}' is not a supported time zone`);
  }
  checkPrefixes(destination.prefix, destination.errorOutputPrefix);
  return destination;
}

/** As DescribeDeliveryStream answers it, in both forms. */
export function describeDestination(destination: Destination): {
  ExtendedS3DestinationDescription: ExtendedS3DestinationDescription;
  S3DestinationDescription: S3DestinationDescription;
} {
  const common: S3DestinationDescription = {
    RoleARN: destination.roleArn,
    BucketARN: destination.bucketArn,
    Prefix: destination.prefix,
    ...(destination.errorOutputPrefix === undefined ? {} : { ErrorOutputPrefix: destination.errorOutputPrefix }),
    BufferingHints: { SizeInMBs: destination.bufferMebibytes, IntervalInSeconds: destination.bufferSeconds },
    CompressionFormat: destination.compression,
    EncryptionConfiguration: { NoEncryptionConfig: 'NoEncryption' },
    CloudWatchLoggingOptions:
      destination.logging === undefined
        ? { Enabled: false }
        : { Enabled: true, LogGroupName: destination.logging.group, LogStreamName: destination.logging.stream },
  };
  const delimiter = destination.delimiter;
  return {
    S3DestinationDescription: common,
    ExtendedS3DestinationDescription: {
      ...common,
      ProcessingConfiguration:
        delimiter === undefined
          ? { Enabled: false, Processors: [] }
          : {
              Enabled: true,
              Processors: [
                {
                  Type: 'AppendDelimiterToRecord',
                  Parameters: [{ ParameterName: 'Delimiter', ParameterValue: delimiter.replaceAll('\n', '\\n') }],
                },
              ],
            },
      S3BackupMode: 'Disabled',
      CustomTimeZone: destination.timeZone,
      ...(destination.fileExtension === undefined ? {} : { FileExtension: destination.fileExtension }),
    },
  };
}

function validate(input: Configuration, whole: boolean): void {
  const path = (member: string) => `extendedS3DestinationConfiguration.${member}`;
  const violations = new ConstraintViolations();
  if (whole) violations.required(path('roleARN'), input.RoleARN).required(path('bucketARN'), input.BucketARN);
  violations
    .length(path('roleARN'), input.RoleARN, 1, 512)
    .pattern(path('roleARN'), input.RoleARN, ROLE_ARN_PATTERN)
    .length(path('bucketARN'), input.BucketARN, 1, MAX_ARN)
    .pattern(path('bucketARN'), input.BucketARN, BUCKET_ARN_PATTERN)
    .length(path('prefix'), input.Prefix, 0, MAX_PREFIX)
    .length(path('errorOutputPrefix'), input.ErrorOutputPrefix, 0, MAX_PREFIX)
    .length(path('fileExtension'), input.FileExtension, 0, MAX_FILE_EXTENSION)
    .pattern(path('fileExtension'), input.FileExtension, FILE_EXTENSION_PATTERN)
    .oneOf(path('compressionFormat'), input.CompressionFormat, [
      'UNCOMPRESSED',
      'GZIP',
      'ZIP',
      'Snappy',
      'HADOOP_SNAPPY',
    ])
    .range(path('bufferingHints.sizeInMBs'), input.BufferingHints?.SizeInMBs, 1, MAX_BUFFER_MIB)
    .range(path('bufferingHints.intervalInSeconds'), input.BufferingHints?.IntervalInSeconds, 0, MAX_BUFFER_SECONDS)
    .throwIfAny();
}

function refuse(input: Configuration): void {
  const { CompressionFormat: compression } = input;
  if (compression !== undefined && compression !== 'UNCOMPRESSED' && compression !== 'GZIP') {
    throw new NotImplementedError(`Firehose CompressionFormat '${compression}'`);
  }
  if (input.DynamicPartitioningConfiguration?.Enabled === true) {
    throw new NotImplementedError('Firehose DynamicPartitioningConfiguration');
  }
  const conversion = input.DataFormatConversionConfiguration;
  if (conversion !== undefined && conversion.Enabled !== false) {
    throw new NotImplementedError('Firehose DataFormatConversionConfiguration (Parquet, ORC)');
  }
  if (input.EncryptionConfiguration?.KMSEncryptionConfig !== undefined) {
    throw new NotImplementedError('Firehose EncryptionConfiguration KMSEncryptionConfig');
  }
  if (input.S3BackupMode === 'Enabled') throw new NotImplementedError("Firehose S3BackupMode 'Enabled'");
}

function readBuffering(hints: Configuration['BufferingHints']): { size: number; seconds: number } | undefined {
  if (hints === undefined) return undefined;
  const { SizeInMBs: size, IntervalInSeconds: seconds } = hints;
  if (size === undefined && seconds === undefined) return undefined;
  // "If you specify a value for it, you must also specify a value for IntervalInSeconds, and vice versa."
  if (size === undefined || seconds === undefined) {
    throw invalid('BufferingHints must specify both SizeInMBs and IntervalInSeconds');
  }
  return { size, seconds };
}

function readLogging(options: NonNullable<Configuration['CloudWatchLoggingOptions']>): Destination['logging'] {
  if (options.Enabled !== true) return undefined;
  if (options.LogGroupName === undefined || options.LogStreamName === undefined) {
    throw invalid('CloudWatchLoggingOptions must specify LogGroupName and LogStreamName when it is enabled');
  }
  return { group: options.LogGroupName, stream: options.LogStreamName };
}

/** The one processor that is built: a delimiter behind each record. */
function readDelimiter(configuration: NonNullable<Configuration['ProcessingConfiguration']>): string | undefined {
  if (configuration.Enabled !== true) return undefined;
  let delimiter: string | undefined;
  for (const processor of configuration.Processors ?? []) {
    if (processor.Type !== 'AppendDelimiterToRecord') {
      throw new NotImplementedError(`Firehose processor '${processor.Type}'`);
    }
    for (const { ParameterName: name } of processor.Parameters ?? []) {
      if (name !== 'Delimiter')
        throw invalid(`Parameter '${name}' does not belong to the processor AppendDelimiterToRecord`);
    }
    // The parameter spells the newline as a backslash and an n.
    delimiter = (processor.Parameters?.[0]?.ParameterValue ?? '\\n').replaceAll('\\n', '\n');
  }
  return delimiter;
}

function invalid(message: string): AwsError {
  return new AwsError('InvalidArgumentException', message);
}
