import { AwsError } from '../../../core/errors.ts';

/** A refusal of the Device Shadow service: HTTP status and AWS's message (developer guide, `device-shadow-error-messages`). */
export class ShadowError extends Error {
  override readonly name = 'ShadowError';
  readonly code: ShadowErrorCode;

  constructor(code: ShadowErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}

export type ShadowErrorCode = 400 | 404 | 409 | 413 | 415 | 429 | 500 | 501;

/** Exceptions of the AWS IoT data API with the same statuses (API reference, UpdateThingShadow, "Errors"). */
const EXCEPTIONS: Readonly<Record<ShadowErrorCode, string>> = {
  400: 'InvalidRequestException',
  404: 'ResourceNotFoundException',
  409: 'ConflictException',
  413: 'RequestEntityTooLargeException',
  415: 'UnsupportedDocumentEncodingException',
  429: 'ThrottlingException',
  500: 'InternalFailureException',
  501: 'NotImplemented',
};

/** The refusal as the HTTP API answers it; any other error as it is. */
export function asAwsError(error: unknown): unknown {
  if (!(error instanceof ShadowError)) return error;
  return new AwsError(EXCEPTIONS[error.code], error.message, error.code);
}

export const invalidJson = (): ShadowError => new ShadowError(400, 'Invalid JSON');
export const versionConflict = (): ShadowError => new ShadowError(409, 'Version conflict');
export const payloadTooLarge = (): ShadowError => new ShadowError(413, 'The payload exceeds the maximum size allowed');
export const tooManyRequests = (): ShadowError => new ShadowError(429, 'Too many requests');
export const internalFailure = (): ShadowError => new ShadowError(500, 'Internal service failure');

/** The classic shadow goes by the thing's name, as AWS's own answers show it. */
export function noSuchShadow(thingName: string, shadowName: string | undefined): ShadowError {
  return new ShadowError(404, `No shadow exists with name: '${shadowName ?? thingName}'`);
}
