import { AwsError } from '../../core/errors.ts';

export const invalidArgument = (message: string): AwsError => new AwsError('InvalidArgumentException', message, 400);

export const notFound = (message: string): AwsError => new AwsError('ResourceNotFoundException', message, 400);

export const throughputExceeded = (message: string): AwsError =>
  new AwsError('ProvisionedThroughputExceededException', message, 400);
