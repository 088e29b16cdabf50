import { AwsError } from '../../core/errors.ts';

/** Errors of the Timestream APIs (developer guide, "Timestream for LiveAnalytics specific error codes"). */

export function validationError(message: string): AwsError {
  return new AwsError('ValidationException', message, 400);
}

export function resourceNotFound(what: string): AwsError {
  return new AwsError('ResourceNotFoundException', `${what} does not exist.`, 404);
}

export function conflict(message: string): AwsError {
  return new AwsError('ConflictException', message, 409);
}

export function quotaExceeded(message: string): AwsError {
  return new AwsError('ServiceQuotaExceededException', message, 402);
}

export function throttled(message: string): AwsError {
  return new AwsError('ThrottlingException', message, 429);
}

export function internalError(message: string, cause: unknown): AwsError {
  return new AwsError('InternalServerException', message, 500, { cause });
}

export function queryExecutionError(message: string, cause?: unknown): AwsError {
  return new AwsError('QueryExecutionException', message, 400, { cause });
}

/** One record that a WriteRecords call did not store (API reference, RejectedRecord). */
export interface RejectedRecord {
  RecordIndex: number;
  Reason: string;
  ExistingVersion?: number;
}

export function rejectedRecords(rejected: readonly RejectedRecord[]): AwsError {
  return new AwsError(
    'RejectedRecordsException',
    'One or more records have been rejected. See RejectedRecords for details.',
    419,
    { fields: { RejectedRecords: [...rejected] } },
  );
}
