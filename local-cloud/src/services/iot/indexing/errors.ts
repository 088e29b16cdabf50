import { AwsError } from '../../../core/errors.ts';

/** Exceptions of fleet indexing with the statuses of the API reference. */

export function invalidQuery(message: string): AwsError {
  return new AwsError('InvalidQueryException', message, 400);
}

export function invalidAggregation(message: string): AwsError {
  return new AwsError('InvalidAggregationException', message, 400);
}
