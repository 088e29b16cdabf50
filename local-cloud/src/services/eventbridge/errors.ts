import { AwsError } from '../../core/errors.ts';

export function notFound(what: string): AwsError {
  return new AwsError('ResourceNotFoundException', `${what} does not exist.`);
}

export function validation(message: string): AwsError {
  return new AwsError('ValidationException', message);
}
