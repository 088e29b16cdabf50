import { AwsError } from '../../errors.ts';

/** How a service words its refusals of signatures: by protocol, and S3 in its own way. */
export type ErrorFamily = 's3' | 'query' | 'json' | 'rest';

export type SignatureFault =
  | 'missing-authentication'
  | 'incomplete'
  | 'incomplete-query'
  | 'unknown-key'
  | 'wrong-token'
  | 'expired-token'
  | 'mismatch'
  | 'wrong-scope'
  | 'skewed'
  | 'expired-request'
  | 'payload-mismatch'
  | 'missing-payload-hash'
  | 'unsigned-headers';

const MISMATCH =
  'The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details.';
const INVALID_TOKEN = 'The security token included in the request is invalid.';
const EXPIRED_TOKEN = 'The security token included in the request is expired';

type Wording = readonly [code: string, statusCode: number, message?: string];

/**
 * Sources: "Common Errors" of the IAM, STS, SQS and DynamoDB API references; "Error responses" of the Amazon S3 API
 * reference; the SigV4 troubleshooting page of the IAM user guide.
 */
const WORDINGS: Readonly<Record<ErrorFamily, Readonly<Record<SignatureFault, Wording>>>> = {
  query: {
    'missing-authentication': ['MissingAuthenticationToken', 403, 'Request is missing Authentication Token'],
    incomplete: ['IncompleteSignature', 400],
    'incomplete-query': ['IncompleteSignature', 400],
    'unknown-key': ['InvalidClientTokenId', 403, INVALID_TOKEN],
    'wrong-token': ['InvalidClientTokenId', 403, INVALID_TOKEN],
    'expired-token': ['ExpiredToken', 403, EXPIRED_TOKEN],
    mismatch: ['SignatureDoesNotMatch', 403, MISMATCH],
    'wrong-scope': ['SignatureDoesNotMatch', 403],
    skewed: ['RequestExpired', 400],
    'expired-request': ['RequestExpired', 400],
    'payload-mismatch': ['SignatureDoesNotMatch', 403, MISMATCH],
    'missing-payload-hash': ['IncompleteSignature', 400],
    'unsigned-headers': ['SignatureDoesNotMatch', 403],
  },
  json: {
    'missing-authentication': ['MissingAuthenticationTokenException', 400, 'Request is missing Authentication Token'],
    incomplete: ['IncompleteSignatureException', 400],
    'incomplete-query': ['IncompleteSignatureException', 400],
    'unknown-key': ['UnrecognizedClientException', 400, INVALID_TOKEN],
    'wrong-token': ['UnrecognizedClientException', 400, INVALID_TOKEN],
    'expired-token': ['ExpiredTokenException', 400, EXPIRED_TOKEN],
    mismatch: ['InvalidSignatureException', 400, MISMATCH],
    'wrong-scope': ['InvalidSignatureException', 400],
    skewed: ['InvalidSignatureException', 400],
    'expired-request': ['InvalidSignatureException', 400],
    'payload-mismatch': ['InvalidSignatureException', 400, MISMATCH],
    'missing-payload-hash': ['IncompleteSignatureException', 400],
    'unsigned-headers': ['InvalidSignatureException', 400],
  },
  rest: {
    'missing-authentication': ['MissingAuthenticationTokenException', 403, 'Missing Authentication Token'],
    incomplete: ['IncompleteSignatureException', 403],
    'incomplete-query': ['IncompleteSignatureException', 403],
    'unknown-key': ['UnrecognizedClientException', 403, INVALID_TOKEN],
    'wrong-token': ['UnrecognizedClientException', 403, INVALID_TOKEN],
    'expired-token': ['ExpiredTokenException', 403, EXPIRED_TOKEN],
    mismatch: ['InvalidSignatureException', 403, MISMATCH],
    'wrong-scope': ['InvalidSignatureException', 403],
    skewed: ['InvalidSignatureException', 403],
    'expired-request': ['InvalidSignatureException', 403],
    'payload-mismatch': ['InvalidSignatureException', 403, MISMATCH],
    'missing-payload-hash': ['IncompleteSignatureException', 403],
    'unsigned-headers': ['InvalidSignatureException', 403],
  },
  s3: {
    'missing-authentication': ['AccessDenied', 403, 'Access Denied'],
    incomplete: ['AuthorizationHeaderMalformed', 400],
    'incomplete-query': ['AuthorizationQueryParametersError', 400],
    'unknown-key': ['InvalidAccessKeyId', 403, 'The AWS Access Key Id you provided does not exist in our records.'],
    'wrong-token': ['InvalidToken', 400, 'The provided token is malformed or otherwise invalid.'],
    'expired-token': ['ExpiredToken', 400, 'The provided token has expired.'],
    mismatch: [
      'SignatureDoesNotMatch',
      403,
      'The request signature we calculated does not match the signature you provided. Check your key and signing method.',
    ],
    'wrong-scope': ['AuthorizationHeaderMalformed', 400],
    skewed: ['RequestTimeTooSkewed', 403, 'The difference between the request time and the current time is too large.'],
    'expired-request': ['AccessDenied', 403, 'Request has expired'],
    'payload-mismatch': [
      'XAmzContentSHA256Mismatch',
      400,
      "The provided 'x-amz-content-sha256' header does not match what was computed.",
    ],
    'missing-payload-hash': ['InvalidRequest', 400, 'Missing required header for this request: x-amz-content-sha256'],
    'unsigned-headers': ['AccessDenied', 403],
  },
};

/** @param detail the message where the fault has no fixed one */
export function signatureError(family: ErrorFamily, fault: SignatureFault, detail = ''): AwsError {
  const [code, statusCode, message] = WORDINGS[family][fault];
  return new AwsError(code, message ?? detail, statusCode);
}
