import type { CreateEventSourceMappingRequest, UpdateEventSourceMappingRequest } from '@aws-sdk/client-lambda';
import { NotImplementedError } from '../../core/errors.ts';
import { invalidParameter, validationError } from './errors.ts';
import type { EventSourceSettings } from './event-source-mappings.ts';
import {
  DEFAULT_QUEUE_BATCH_SIZE,
  MAX_BATCH_SIZE_WITHOUT_WINDOW,
  MAX_BATCHING_WINDOW,
  MAX_MAXIMUM_CONCURRENCY,
  MAX_QUEUE_BATCH_SIZE,
  MIN_MAXIMUM_CONCURRENCY,
} from './limits.ts';

export const DEFAULT_EVENT_SOURCE_SETTINGS: EventSourceSettings = {
  enabled: true,
  batchSize: DEFAULT_QUEUE_BATCH_SIZE,
  window: 0,
  maximumConcurrency: undefined,
  reportBatchItemFailures: false,
};

type Input =
  | Partial<Omit<CreateEventSourceMappingRequest, 'FunctionName'>>
  | Omit<UpdateEventSourceMappingRequest, 'UUID'>;

/** Members of the API that belong to streams, brokers and databases, or that are not built. */
const REFUSED = [
  'KMSKeyArn',
  'MetricsConfig',
  'LoggingConfig',
  'ParallelizationFactor',
  'StartingPosition',
  'StartingPositionTimestamp',
  'DestinationConfig',
  'MaximumRecordAgeInSeconds',
  'BisectBatchOnFunctionError',
  'MaximumRetryAttempts',
  'TumblingWindowInSeconds',
  'Topics',
  'Queues',
  'SourceAccessConfigurations',
  'SelfManagedEventSource',
  'AmazonManagedKafkaEventSourceConfig',
  'SelfManagedKafkaEventSourceConfig',
  'DocumentDBEventSourceConfig',
  'ProvisionedPollerConfig',
];

/**
 * Changes what the input names and keeps the rest.
 * @throws AwsError for values that AWS refuses, `NotImplemented` for filters and for sources other than SQS
 */
export function eventSourceSettings(current: EventSourceSettings, input: Input): EventSourceSettings {
  if ((input.FilterCriteria?.Filters?.length ?? 0) > 0) {
    throw new NotImplementedError('Lambda event source mapping FilterCriteria');
  }
  const values = input as Record<string, unknown>;
  const refused = REFUSED.find((name) => values[name] !== undefined);
  if (refused !== undefined) throw new NotImplementedError(`Lambda event source mapping ${refused}`);
  const settings = {
    enabled: input.Enabled ?? current.enabled,
    batchSize: within(input.BatchSize ?? current.batchSize, 'batchSize', 1, MAX_QUEUE_BATCH_SIZE),
    window: within(
      input.MaximumBatchingWindowInSeconds ?? current.window,
      'maximumBatchingWindowInSeconds',
      0,
      MAX_BATCHING_WINDOW,
    ),
    maximumConcurrency: maximumConcurrency(input, current),
    reportBatchItemFailures: reports(input.FunctionResponseTypes) ?? current.reportBatchItemFailures,
  };
  if (settings.batchSize > MAX_BATCH_SIZE_WITHOUT_WINDOW && settings.window === 0) {
    throw invalidParameter(
      'Maximum batch window in seconds must be greater than 0 if maximum batch size is greater than 10',
    );
  }
  return settings;
}

/** An empty ScalingConfig takes the bound away. */
function maximumConcurrency(input: Input, current: EventSourceSettings): number | undefined {
  if (input.ScalingConfig === undefined) return current.maximumConcurrency;
  const { MaximumConcurrency } = input.ScalingConfig;
  if (MaximumConcurrency === undefined) return undefined;
  return within(
    MaximumConcurrency,
    'scalingConfig.maximumConcurrency',
    MIN_MAXIMUM_CONCURRENCY,
    MAX_MAXIMUM_CONCURRENCY,
  );
}

function reports(types: readonly string[] | undefined): boolean | undefined {
  const unknown = types?.find((type) => type !== 'ReportBatchItemFailures');
  if (unknown !== undefined) {
    throw validationError(
      unknown,
      'functionResponseTypes',
      'Member must satisfy enum value set: [ReportBatchItemFailures]',
    );
  }
  return types === undefined ? undefined : types.length > 0;
}

function within(value: number, field: string, least: number, most: number): number {
  if (!Number.isInteger(value) || value < least) {
    throw validationError(value, field, `Member must have value greater than or equal to ${least}`);
  }
  if (value > most) throw validationError(value, field, `Member must have value less than or equal to ${most}`);
  return value;
}
