import { AwsError } from '../../core/errors.ts';

/** Errors of the CloudWatch API, by the names of the SDK. */
export const invalidValue = (message: string): AwsError => new AwsError('InvalidParameterValueException', message, 400);

export const invalidCombination = (message: string): AwsError =>
  new AwsError('InvalidParameterCombinationException', message, 400);

export const missingParameter = (name: string): AwsError =>
  new AwsError('MissingRequiredParameterException', `The parameter ${name} is required.`, 400);

export const validationError = (message: string): AwsError => new AwsError('ValidationError', message, 400);
