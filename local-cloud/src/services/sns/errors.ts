import { AwsError } from '../../core/errors.ts';

/** Errors of the SNS API, by the names of the SDK; the wire carries the query protocol's (`InvalidParameter`). */
export const invalidParameter = (message: string): AwsError =>
  new AwsError('InvalidParameterException', `Invalid parameter: ${message}`, 400);

export const topicNotFound = (): AwsError => new AwsError('NotFoundException', 'Topic does not exist', 404);

export const subscriptionNotFound = (): AwsError =>
  new AwsError('NotFoundException', 'Subscription does not exist', 404);
