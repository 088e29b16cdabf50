import { AwsError } from '../../core/errors.ts';

export function validation(message: string): AwsError {
  return new AwsError('ValidationException', message, 400);
}

export function notFound(resourceType: string, resourceId: string, message?: string): AwsError {
  return new AwsError('ResourceNotFoundException', message ?? `The ${resourceType} ${resourceId} does not exist`, 404, {
    fields: { resourceId, resourceType },
  });
}

export function conflict(resourceType: string, resourceId: string, message: string): AwsError {
  return new AwsError('ConflictException', message, 409, { fields: { resourceId, resourceType } });
}
