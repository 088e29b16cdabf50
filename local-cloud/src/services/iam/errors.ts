import { AwsError } from '../../core/errors.ts';

export function noSuchRole(roleName: string): AwsError {
  return new AwsError('NoSuchEntity', `The role with name ${roleName} cannot be found.`, 404);
}

export function noSuchPolicy(arn: string): AwsError {
  return new AwsError('NoSuchEntity', `Policy ${arn} was not found.`, 404);
}

export function noSuchInlinePolicy(policyName: string): AwsError {
  return new AwsError('NoSuchEntity', `The role policy with name ${policyName} cannot be found.`, 404);
}

export function limitExceeded(message: string): AwsError {
  return new AwsError('LimitExceeded', message, 409);
}

export function deleteConflict(message: string): AwsError {
  return new AwsError('DeleteConflict', message, 409);
}

export function validationError(message: string): AwsError {
  return new AwsError('ValidationError', message, 400);
}
