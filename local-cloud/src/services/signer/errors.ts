import { AwsError } from '../../core/errors.ts';

export function notFound(message: string): AwsError {
  return new AwsError('ResourceNotFoundException', message, 404);
}

export function validation(message: string): AwsError {
  return new AwsError('ValidationException', message);
}
