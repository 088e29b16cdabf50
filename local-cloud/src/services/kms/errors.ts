import { AwsError } from '../../core/errors.ts';

export function notFound(message: string): AwsError {
  return new AwsError('NotFoundException', message);
}

export function validation(message: string): AwsError {
  return new AwsError('ValidationException', message);
}

export function invalidCiphertext(cause?: unknown): AwsError {
  return new AwsError('InvalidCiphertextException', '', 400, { cause });
}

export function invalidState(message: string): AwsError {
  return new AwsError('KMSInvalidStateException', message);
}

export function unsupported(message: string): AwsError {
  return new AwsError('UnsupportedOperationException', message);
}
