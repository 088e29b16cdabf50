import type { QueryParameters, RequestHead } from '../wire.ts';
import { type ErrorFamily, type SignatureFault, signatureError } from './signature-error.ts';

/** What a request says of its signature (IAM user guide, "Create a signed AWS API request"). */
export interface SignedRequest {
  readonly place: 'header' | 'query';
  readonly accessKeyId: string;
  readonly scope: CredentialScope;
  /** Lower case. */
  readonly signedHeaders: readonly string[];
  readonly signature: string;
  /** `20260101T000000Z` */
  readonly timestamp: string;
  /** ms since the epoch */
  readonly signedAt: number;
  readonly sessionToken: string | undefined;
  /** Presigned requests: seconds of validity. */
  readonly expires: number | undefined;
}

export interface CredentialScope {
  /** `20260101` */
  readonly date: string;
  readonly region: string;
  readonly service: string;
}

export const ALGORITHM = 'AWS4-HMAC-SHA256';
const MAX_EXPIRES = 604_800;

/** The signing name that a request claims, for choosing the words of a refusal. Undefined for an unsigned request. */
export function claimedService(head: RequestHead): string | undefined {
  const credential =
    /Credential=[^/,\s]+\/\d{8}\/[^/,\s]*\/([^/,\s]*)\//.exec(head.headers.authorization ?? '')?.[1] ??
    parameter(head.query, 'X-Amz-Credential')?.split('/')[3];
  return credential === '' ? undefined : credential;
}

/**
 * Reads the signature out of the `Authorization` header or the query.
 *
 * @returns undefined for a request without a signature
 * @throws AwsError for an incomplete one, in the family's words
 */
export function readSignature(
  head: RequestHead,
  family: ErrorFamily,
  expiryOptional = false,
): SignedRequest | undefined {
  const { authorization } = head.headers;
  const inQuery = parameter(head.query, 'X-Amz-Algorithm') !== undefined;
  if (authorization !== undefined && inQuery) {
    throw signatureError(
      family,
      'incomplete',
      'Only one auth mechanism allowed; only the X-Amz-Algorithm query parameter or the Authorization header should be specified',
    );
  }
  if (authorization !== undefined) return readHeader(head, authorization, family);
  return inQuery ? readQueryParameters(head, family, expiryOptional) : undefined;
}

function readHeader(head: RequestHead, authorization: string, family: ErrorFamily): SignedRequest {
  const refuse = (detail: string) => signatureError(family, 'incomplete', detail);
  const space = authorization.indexOf(' ');
  if (authorization.slice(0, space) !== ALGORITHM) {
    throw refuse(`Unsupported AWS 'algorithm': '${authorization.slice(0, Math.max(space, 0))}'. Must be ${ALGORITHM}.`);
  }
  const parts = new Map(
    authorization
      .slice(space + 1)
      .split(',')
      .map((part) => {
        const cut = part.indexOf('=');
        return [part.slice(0, cut).trim(), part.slice(cut + 1).trim()] as const;
      }),
  );
  const need = (name: string): string => {
    const value = parts.get(name);
    if (value === undefined || value === '') throw refuse(`Authorization header requires '${name}' parameter.`);
    return value;
  };
  const timestamp = head.headers['x-amz-date'] ?? timestampOf(head.headers.date);
  if (timestamp === undefined) {
    throw refuse("Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header.");
  }
  return {
    place: 'header',
    ...readCredential(need('Credential'), family, 'incomplete'),
    signedHeaders: need('SignedHeaders').toLowerCase().split(';'),
    signature: need('Signature'),
    timestamp,
    signedAt: readTimestamp(timestamp, family),
    sessionToken: head.headers['x-amz-security-token'],
    expires: undefined,
  };
}

function readQueryParameters(head: RequestHead, family: ErrorFamily, expiryOptional: boolean): SignedRequest {
  const need = (name: string): string => {
    const value = parameter(head.query, name);
    if (value === undefined || value === '') {
      throw signatureError(family, 'incomplete-query', `Query-string authentication requires the ${name} parameter.`);
    }
    return value;
  };
  if (need('X-Amz-Algorithm') !== ALGORITHM) {
    throw signatureError(family, 'incomplete-query', `X-Amz-Algorithm only supports "${ALGORITHM}"`);
  }
  const timestamp = need('X-Amz-Date');
  const unbounded = expiryOptional && parameter(head.query, 'X-Amz-Expires') === undefined;
  const expires = unbounded ? undefined : Number(need('X-Amz-Expires'));
  if (expires !== undefined && (!Number.isInteger(expires) || expires < 1 || expires > MAX_EXPIRES)) {
    throw signatureError(family, 'incomplete-query', `X-Amz-Expires must be between 1 and ${MAX_EXPIRES} seconds`);
  }
  return {
    place: 'query',
    ...readCredential(need('X-Amz-Credential'), family, 'incomplete-query'),
    signedHeaders: need('X-Amz-SignedHeaders').toLowerCase().split(';'),
    signature: need('X-Amz-Signature'),
    timestamp,
    signedAt: readTimestamp(timestamp, family),
    sessionToken: parameter(head.query, 'X-Amz-Security-Token'),
    expires,
  };
}

function readCredential(
  text: string,
  family: ErrorFamily,
  fault: SignatureFault,
): { accessKeyId: string; scope: CredentialScope } {
  const [accessKeyId, date, region, service, terminator, ...rest] = text.split('/');
  if (
    accessKeyId === undefined ||
    date === undefined ||
    region === undefined ||
    service === undefined ||
    terminator !== 'aws4_request' ||
    rest.length > 0
  ) {
    throw signatureError(
      family,
      fault,
      'Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/aws4_request.',
    );
  }
  return { accessKeyId, scope: { date, region, service } };
}

function readTimestamp(text: string, family: ErrorFamily): number {
  const time = Date.parse(text.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z'));
  if (!/^\d{8}T\d{6}Z$/.test(text) || Number.isNaN(time)) {
    const shown = `Date must be in ISO-8601 'basic format'. Got '${text.slice(0, 40)}'.`;
    throw signatureError(family, 'incomplete', `${shown} See http://en.wikipedia.org/wiki/ISO_8601`);
  }
  return time;
}

/** The `Date` header stands in where `X-Amz-Date` is missing. */
function timestampOf(date: string | undefined): string | undefined {
  const time = date === undefined ? Number.NaN : Date.parse(date);
  if (Number.isNaN(time)) return undefined;
  return new Date(time).toISOString().replace(/[-:]|\.\d{3}/g, '');
}

function parameter(query: QueryParameters, name: string): string | undefined {
  return query.find(([key]) => key === name)?.[1];
}
