import { AwsError } from '../../core/errors.ts';

/**
 * Errors of the SQS API. Names are the JSON protocol's; the older query names (`InvalidParameterValue`,
 * `MissingParameter`) are the same words without `Exception` (API reference, "Common Error Types").
 */
export const queueDoesNotExist = (): AwsError =>
  new AwsError('QueueDoesNotExist', 'The specified queue does not exist.', 400);

export const invalidParameter = (message: string): AwsError =>
  new AwsError('InvalidParameterValueException', message, 400);

export const invalidValue = (value: unknown, parameter: string, reason: string): AwsError =>
  invalidParameter(`Value ${String(value)} for parameter ${parameter} is invalid. Reason: ${reason}`);

export const missingParameter = (name: string): AwsError =>
  new AwsError('MissingRequiredParameterException', `The request must contain the parameter ${name}.`, 400);

export const unknownAttribute = (name: string): AwsError =>
  new AwsError('InvalidAttributeName', `Unknown Attribute ${name}.`, 400);

export const invalidAttributeValue = (name: string, reason = ''): AwsError =>
  new AwsError(
    'InvalidAttributeValue',
    `Invalid value for the parameter ${name}.${reason === '' ? '' : ` Reason: ${reason}`}`,
    400,
  );

export const receiptHandleIsInvalid = (handle: string): AwsError =>
  new AwsError('ReceiptHandleIsInvalid', `The input receipt handle "${handle}" is not a valid receipt handle.`, 404);

/** `Failed` entry of a batch result. Its code is the query protocol's, as AWS answers it. */
export interface BatchFailure {
  Id: string;
  SenderFault: boolean;
  Code: string;
  Message: string;
}

export function batchFailure(id: string, error: unknown): BatchFailure {
  if (!(error instanceof AwsError)) throw error;
  return {
    Id: id,
    SenderFault: error.statusCode < 500,
    Code: error.code.replace(/^(InvalidParameterValue)Exception$/, '$1'),
    Message: error.message,
  };
}
