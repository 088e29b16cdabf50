import { AwsError } from '../../core/errors.ts';

/** Exceptions of the AWS IoT control plane with the statuses of its API reference. */

export function invalidRequest(message: string): AwsError {
  return new AwsError('InvalidRequestException', message, 400);
}

export function resourceNotFound(message: string): AwsError {
  return new AwsError('ResourceNotFoundException', message, 404);
}

export function resourceAlreadyExists(message: string, resourceArn: string, resourceId: string): AwsError {
  return new AwsError('ResourceAlreadyExistsException', message, 409, { fields: { resourceArn, resourceId } });
}

export function deleteConflict(message: string): AwsError {
  return new AwsError('DeleteConflictException', message, 409);
}

export function certificateState(message: string): AwsError {
  return new AwsError('CertificateStateException', message, 406);
}

export function certificateValidation(message: string): AwsError {
  return new AwsError('CertificateValidationException', message, 400);
}

export function certificateConflict(message: string): AwsError {
  return new AwsError('CertificateConflictException', message, 409);
}

export function registrationCodeValidation(message: string): AwsError {
  return new AwsError('RegistrationCodeValidationException', message, 400);
}

export function versionConflict(message: string): AwsError {
  return new AwsError('VersionConflictException', message, 409);
}

export function versionsLimitExceeded(message: string): AwsError {
  return new AwsError('VersionsLimitExceededException', message, 409);
}

export function limitExceeded(message: string): AwsError {
  return new AwsError('LimitExceededException', message, 410);
}

export function malformedPolicy(message: string): AwsError {
  return new AwsError('MalformedPolicyException', message, 400);
}
