import type {
  ExtendedS3DestinationConfiguration,
  ExtendedS3DestinationDescription,
  S3DestinationDescription,
} from '@aws-sdk/client-firehose';
import { ConstraintViolations } from '../../core/constraint-violations.ts';
import { AwsError, NotImplementedError } from '../../core/errors.ts';
import { isTimeZone } from '../../core/schedule/time-zone.ts';
import {
  BUCKET_ARN_PATTERN,
  DEFAULT_BUFFER_MIB,
  DEFAULT_BUFFER_SECONDS,
  DEFAULT_STRUCTURED_BUFFER_MIB,
  FILE_EXTENSION_PATTERN,
  MAX_ARN,
  MAX_BUFFER_MIB,
  MAX_BUFFER_SECONDS,
  MAX_FILE_EXTENSION,
  MAX_PREFIX,
  MIN_STRUCTURED_BUFFER_MIB,
  ROLE_ARN_PATTERN,
} from './limits.ts';
import { compileKeyQueries } from './metadata-extraction.ts';
import { checkPrefixes } from './object-prefix.ts';
import { describeProcessing, NO_PROCESSING, type Processing, readProcessing } from './processing.ts';
import { type Conversion, describeConversion, readConversion } from './record-format.ts';

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
  readonly processing?: Processing | undefined;
  /** Records are converted to Parquet. */
  readonly conversion?: Conversion | undefined;
  /** Records are grouped by the keys that the processing extracts. */
  readonly partitioned?: boolean | undefined;
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
  const roleArn = input.RoleARN ?? (current?.roleArn as string);
  const conversion =
    input.DataFormatConversionConfiguration === undefined
      ? current?.conversion
      : readConversion(input.DataFormatConversionConfiguration, roleArn);
  const partitioned = input.DynamicPartitioningConfiguration?.Enabled ?? current?.partitioned ?? false;
  const structured = conversion !== undefined || partitioned;
  const defaultSize = structured ? DEFAULT_STRUCTURED_BUFFER_MIB : DEFAULT_BUFFER_MIB;
  const destination: Destination = {
    roleArn,
    bucketArn: input.BucketARN ?? (current?.bucketArn as string),
    prefix: input.Prefix ?? current?.prefix ?? '',
    errorOutputPrefix: input.ErrorOutputPrefix ?? current?.errorOutputPrefix,
    bufferMebibytes: hints?.size ?? current?.bufferMebibytes ?? defaultSize,
    bufferSeconds: hints?.seconds ?? current?.bufferSeconds ?? DEFAULT_BUFFER_SECONDS,
    compression: compression as Destination['compression'],
    fileExtension: input.FileExtension ?? current?.fileExtension,
    timeZone: input.CustomTimeZone ?? current?.timeZone ?? 'UTC',
    processing:
      input.ProcessingConfiguration === undefined ? current?.processing : readProcessing(input.ProcessingConfiguration),
    conversion,
    partitioned,
    logging: logging === undefined ? current?.logging : readLogging(logging),
  };
  if (!isTimeZone(destination.timeZone)) {
    throw invalid(`CustomTimeZone '${destination.timeZone}' is not a supported time zone`);
  }
  checkStructure(destination, current);
  const { keyQuery } = destination.processing ?? NO_PROCESSING;
  const keys = partitioned && keyQuery !== undefined ? compileKeyQueries(keyQuery).map(({ key }) => key) : undefined;
  checkPrefixes(destination.prefix, destination.errorOutputPrefix, keys);
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
  return {
    S3DestinationDescription: common,
    ExtendedS3DestinationDescription: {
      ...common,
      ProcessingConfiguration: describeProcessing(destination.processing ?? NO_PROCESSING),
      ...(destination.conversion === undefined
        ? {}
        : { DataFormatConversionConfiguration: describeConversion(destination.conversion) }),
      ...(destination.partitioned === true ? { DynamicPartitioningConfiguration: { Enabled: true } } : {}),
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
  if (input.DynamicPartitioningConfiguration?.RetryOptions !== undefined) {
    throw new NotImplementedError('Firehose DynamicPartitioningConfiguration RetryOptions');
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

/** What conversion to Parquet and dynamic partitioning ask of the other members. */
function checkStructure(destination: Destination, current: Destination | undefined): void {
  const { conversion, partitioned, processing = NO_PROCESSING } = destination;
  if (conversion !== undefined && destination.compression !== 'UNCOMPRESSED') {
    throw invalid('CompressionFormat must be UNCOMPRESSED when data format conversion is enabled');
  }
  if (conversion !== undefined && processing.delimiter !== undefined) {
    throw invalid('AppendDelimiterToRecord cannot be combined with data format conversion');
  }
  if (current !== undefined && (current.partitioned ?? false) !== (partitioned ?? false)) {
    throw invalid('Dynamic partitioning can only be configured when a Firehose stream is created');
  }
  if (partitioned === true && processing.keyQuery === undefined) {
    throw invalid('Processor MetadataExtraction must be enabled when dynamic partitioning is');
  }
  if (partitioned !== true && (processing.keyQuery !== undefined || processing.splitsJson)) {
    throw invalid('MetadataExtraction and RecordDeAggregation need dynamic partitioning to be enabled');
  }
  if ((conversion !== undefined || partitioned === true) && destination.bufferMebibytes < MIN_STRUCTURED_BUFFER_MIB) {
    throw invalid(
      `BufferingHints.SizeInMBs must be at least ${MIN_STRUCTURED_BUFFER_MIB} when data format conversion or dynamic partitioning is enabled`,
    );
  }
}

function invalid(message: string): AwsError {
  return new AwsError('InvalidArgumentException', message);
}
