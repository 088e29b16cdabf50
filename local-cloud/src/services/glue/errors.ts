import { AwsError } from '../../core/errors.ts';

/** Errors of the Data Catalog (Glue API reference, "AWS Glue exceptions"). */

export function entityNotFound(message: string): AwsError {
  return new AwsError('EntityNotFoundException', message);
}

export function alreadyExists(what: string): AwsError {
  return new AwsError('AlreadyExistsException', `${what} already exists.`);
}

export function invalidInput(message: string): AwsError {
  return new AwsError('InvalidInputException', message);
}
