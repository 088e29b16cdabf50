import { AwsError, messageOf } from '../errors.ts';
import type { Log } from '../log.ts';
import { ShapeError } from './codec/shape-error.ts';
import { textElement } from './codec/xml-writer.ts';
import { BodyTooLargeError } from './request-body.ts';
import type { ServedApi } from './service-catalog.ts';
import type { ErrorFamily } from './sigv4/signature-error.ts';
import type { RequestHead, WireResponse } from './wire.ts';

/** Any failure as an error that AWS's clients know. What is no AwsError is a fault of the cloud, logged and hidden. */
export function toAwsError(error: unknown, family: ErrorFamily, log: Log, requestId: string): AwsError {
  if (error instanceof AwsError) return error;
  if (error instanceof BodyTooLargeError) return tooLarge(family, error.limit);
  if (error instanceof URIError) {
    return family === 's3'
      ? new AwsError('InvalidURI', "Couldn't parse the specified URI.", 400)
      : new AwsError('MalformedQueryString', 'The query string contains a syntax error.', 404);
  }
  log('error', 'a request failed inside the cloud', {
    requestId,
    error: error instanceof ShapeError ? `answer of the handler: ${error.describe()}` : messageOf(error),
    stack: error instanceof Error ? error.stack : undefined,
  });
  const message = 'The request processing has failed because of an unknown error, exception or failure.';
  switch (family) {
    case 's3':
      return new AwsError('InternalError', 'We encountered an internal error. Please try again.', 500, {
        cause: error,
      });
    case 'json':
    case 'rest':
      return new AwsError('InternalServerError', message, 500, { cause: error });
    case 'query':
      return new AwsError('InternalFailure', message, 500, { cause: error });
  }
}

function tooLarge(family: ErrorFamily, limit: number): AwsError {
  return family === 's3'
    ? new AwsError('MaxMessageLengthExceeded', 'Your request was too large.', 400)
    : new AwsError('RequestEntityTooLargeException', `Request size exceeded ${limit} bytes`, 413);
}

export function writeRefusal(served: ServedApi, refusal: AwsError, head: RequestHead, requestId: string): WireResponse {
  const { deniedCode, deniedMessage = refusal.message } = served.traits;
  const renamed = deniedCode !== undefined && refusal.code === 'AccessDeniedException';
  const error = renamed ? new AwsError(deniedCode, deniedMessage, refusal.statusCode) : refusal;
  return served.protocol.writeError(error, {
    model: served.errors.get(error.code),
    requestId,
    method: head.method,
    queryMode: head.headers['x-amzn-query-mode'] === 'true',
  });
}

/** For a request that no service takes: JSON for those who speak it, XML for the rest. */
export function writeHomelessRefusal(error: AwsError, head: RequestHead, requestId: string): WireResponse {
  const json = head.headers['x-amz-target'] !== undefined || head.headers['content-type']?.includes('json') === true;
  return json
    ? {
        statusCode: error.statusCode,
        headers: {
          'content-type': 'application/json',
          'x-amzn-requestid': requestId,
          'x-amzn-errortype': error.code,
        },
        body: JSON.stringify({ __type: error.code, message: error.message }),
      }
    : {
        statusCode: error.statusCode,
        headers: { 'content-type': 'application/xml', 'x-amzn-requestid': requestId },
        body: `<ErrorResponse><Error><Type>Sender</Type>${textElement('Code', error.code)}${textElement('Message', error.message)}</Error>${textElement('RequestId', requestId)}</ErrorResponse>`,
      };
}
