import { AwsError } from '../../core/errors.ts';

export const invalidParameter = (message: string): AwsError =>
  new AwsError('InvalidParameterValueException', message, 400, { fields: { Type: 'User' } });

export const resourceNotFound = (message: string): AwsError =>
  new AwsError('ResourceNotFoundException', message, 404, { fields: { Type: 'User' } });

export const resourceConflict = (message: string): AwsError =>
  new AwsError('ResourceConflictException', message, 409, { fields: { Type: 'User' } });

export const functionNotFound = (arn: string): AwsError => resourceNotFound(`Function not found: ${arn}`);

export const validationError = (value: unknown, field: string, constraint: string): AwsError =>
  new AwsError(
    'ValidationException',
    `1 validation error detected: Value '${String(value)}' at '${field}' failed to satisfy constraint: ${constraint}`,
    400,
  );

export const throttled = (): AwsError =>
  new AwsError('TooManyRequestsException', 'Rate Exceeded.', 429, {
    fields: { Type: 'User', Reason: 'ReservedFunctionConcurrentInvocationLimitExceeded' },
  });
