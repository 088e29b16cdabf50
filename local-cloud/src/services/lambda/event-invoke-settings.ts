import type { DestinationConfig, FunctionEventInvokeConfig } from '@aws-sdk/client-lambda';
import { parseArn } from '../../core/account.ts';
import { NotImplementedError } from '../../core/errors.ts';
import { invalidParameter, validationError } from './errors.ts';
import type { EventInvokeSettings, FunctionRecord } from './function-record.ts';
import { MAX_EVENT_AGE, MAX_RETRY_ATTEMPTS, MIN_EVENT_AGE } from './limits.ts';

export interface EventInvokeInput {
  readonly MaximumRetryAttempts?: number | undefined;
  readonly MaximumEventAgeInSeconds?: number | undefined;
  readonly DestinationConfig?: DestinationConfig | undefined;
}

/**
 * What PutFunctionEventInvokeConfig sets.
 * @throws AwsError for values out of range and for destinations that are not queues or functions
 */
export function eventInvokeSettings(input: EventInvokeInput, record: FunctionRecord, now: number): EventInvokeSettings {
  const { MaximumRetryAttempts, MaximumEventAgeInSeconds, DestinationConfig } = input;
  if (MaximumRetryAttempts === undefined && MaximumEventAgeInSeconds === undefined && DestinationConfig === undefined) {
    throw invalidParameter('You must specify at least one of error handling or destination setting.');
  }
  return {
    maximumRetryAttempts: within(MaximumRetryAttempts, 'maximumRetryAttempts', 0, MAX_RETRY_ATTEMPTS),
    maximumEventAge: within(MaximumEventAgeInSeconds, 'maximumEventAgeInSeconds', MIN_EVENT_AGE, MAX_EVENT_AGE),
    onSuccess: destination(DestinationConfig?.OnSuccess?.Destination, record),
    onFailure: destination(DestinationConfig?.OnFailure?.Destination, record),
    lastModified: now,
  };
}

function within(value: number | undefined, field: string, least: number, most: number): number | undefined {
  if (value === undefined) return undefined;
  if (!Number.isInteger(value) || value < least) {
    throw validationError(value, field, `Member must have value greater than or equal to ${least}`);
  }
  if (value > most) throw validationError(value, field, `Member must have value less than or equal to ${most}`);
  return value;
}

function destination(arn: string | undefined, record: FunctionRecord): string | undefined {
  if (arn === undefined || arn === '') return undefined;
  const target = parseArn(arn);
  if (target === undefined) throw invalidParameter(`The destination ARN ${arn} is invalid.`);
  if (target.service !== 'sqs' && target.service !== 'lambda') {
    throw new NotImplementedError(`Lambda destination ${target.service}`);
  }
  if (arn === record.arn) throw invalidParameter("You can't specify the function as a destination for itself.");
  return arn;
}

/** Settings as the API shows them. */
export function eventInvokeConfig(record: FunctionRecord, settings: EventInvokeSettings): FunctionEventInvokeConfig {
  return {
    FunctionArn: `${record.arn}:$LATEST`,
    LastModified: new Date(settings.lastModified),
    MaximumRetryAttempts: settings.maximumRetryAttempts,
    MaximumEventAgeInSeconds: settings.maximumEventAge,
    DestinationConfig: {
      OnSuccess: settings.onSuccess === undefined ? {} : { Destination: settings.onSuccess },
      OnFailure: settings.onFailure === undefined ? {} : { Destination: settings.onFailure },
    },
  };
}
