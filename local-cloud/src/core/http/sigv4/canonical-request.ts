import { createHmac } from 'node:crypto';
import { hashOf } from '../../hash-of.ts';
import type { QueryParameters, RequestHead } from '../wire.ts';
import type { CredentialScope } from './signed-request.ts';

/** IAM user guide, "Create a signed AWS API request", steps 1 to 3. */
export function canonicalRequest(
  head: RequestHead,
  signedHeaders: readonly string[],
  payloadHash: string,
  isS3: boolean,
): string {
  let headers = '';
  for (const name of signedHeaders) headers += `${name}:${canonicalValue(head.headers[name] ?? '')}\n`;
  return `${head.method}\n${canonicalPath(head.path, isS3)}\n${canonicalQuery(head.query)}\n${headers}\n${signedHeaders.join(';')}\n${payloadHash}`;
}

export function stringToSign(timestamp: string, scope: CredentialScope, request: string): string {
  return `AWS4-HMAC-SHA256\n${timestamp}\n${scopeText(scope)}\n${sha256Hex(request)}`;
}

export function scopeText({ date, region, service }: CredentialScope): string {
  return `${date}/${region}/${service}/aws4_request`;
}

export function signingKey(secretAccessKey: string, { date, region, service }: CredentialScope): Buffer {
  return [date, region, service, 'aws4_request'].reduce<Buffer>(
    (key, part) => createHmac('sha256', key).update(part).digest(),
    Buffer.from(`AWS4${secretAccessKey}`),
  );
}

export function hmacHex(key: Buffer, text: string): string {
  return createHmac('sha256', key).update(text).digest('hex');
}

export function sha256Hex(data: string | Uint8Array): string {
  return hashOf('sha256', data, 'hex');
}

/** S3 signs the path as it is; every other service normalizes it and encodes it once more. */
function canonicalPath(path: string, isS3: boolean): string {
  if (isS3) return path.split('/').map(reencode).join('/');
  if (path === '/' || path === '') return '/';
  const segments: string[] = [];
  for (const segment of path.split('/')) {
    if (segment === '..') segments.pop();
    else if (segment !== '' && segment !== '.') segments.push(segment);
  }
  const slash = segments.length > 0 && path.endsWith('/') ? '/' : '';
  return `/${segments.map(encode).join('/')}${slash}`;
}

function canonicalQuery(query: QueryParameters): string {
  if (query.length === 0) return '';
  return query
    .filter(([name]) => name !== 'X-Amz-Signature')
    .map(([name, value]) => [encode(name), encode(value)] as const)
    .sort(([a, x], [b, y]) => (a < b ? -1 : a > b ? 1 : x < y ? -1 : x > y ? 1 : 0))
    .map(([name, value]) => `${name}=${value}`)
    .join('&');
}

function canonicalValue(value: string): string {
  return value.trim().replace(/ {2,}/g, ' ');
}

const UNRESERVED = /^[A-Za-z0-9_.~-]*$/;

/** Percent-encodes everything but the unreserved characters of RFC 3986. */
function encode(text: string): string {
  if (UNRESERVED.test(text)) return text;
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

function reencode(segment: string): string {
  return UNRESERVED.test(segment) ? segment : encode(decodeURIComponent(segment));
}
