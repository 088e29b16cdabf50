import { Sha256 } from '@aws-crypto/sha256-js';
import { SignatureV4 } from '@smithy/signature-v4';
import type { Credentials } from '../../../core/iam/authorizer.ts';

export interface S3Object {
  readonly bucket: string;
  readonly key: string;
}

/** Where an S3 URL points (developer guide, `create-manage-jobs`); undefined for any other URL. */
export function parseS3Url(text: string): S3Object | undefined {
  const match = /^https:\/\/s3(?:[.-][a-z0-9-]+)?\.amazonaws\.com\/([^/?#]+)\/([^?#]+)$/.exec(text);
  const virtual = /^https:\/\/([^/?#]+)\.s3(?:[.-][a-z0-9-]+)?\.amazonaws\.com\/([^?#]+)$/.exec(text);
  const [, bucket, key] = match ?? virtual ?? [];
  if (bucket === undefined || key === undefined) return undefined;
  try {
    return { bucket: decodeURIComponent(bucket), key: decodeURIComponent(key) };
  } catch {
    return undefined;
  }
}

export interface PresignRequest {
  /** `https://localhost:4566` */
  readonly apiUrl: string;
  readonly region: string;
  readonly credentials: Credentials;
  readonly object: S3Object;
  /** seconds */
  readonly expiresIn: number;
  /** ms since the epoch */
  readonly now: number;
}

/** A GET of the object, signed in its query (Amazon S3 API reference, "Authenticating Requests: Using Query Parameters"). */
export async function presignGetObject(request: PresignRequest): Promise<string> {
  const { apiUrl, region, credentials, object, expiresIn, now } = request;
  const url = new URL(apiUrl);
  const signer = new SignatureV4({
    service: 's3',
    region,
    credentials: {
      accessKeyId: credentials.accessKeyId,
      secretAccessKey: credentials.secretAccessKey,
      ...(credentials.sessionToken === undefined ? {} : { sessionToken: credentials.sessionToken }),
    },
    sha256: Sha256,
    uriEscapePath: false,
    applyChecksum: false,
  });
  const path = `/${[object.bucket, ...object.key.split('/')].map(escapeSegment).join('/')}`;
  const signed = await signer.presign(
    {
      method: 'GET',
      protocol: url.protocol,
      hostname: url.hostname,
      ...(url.port === '' ? {} : { port: Number(url.port) }),
      path,
      query: {},
      headers: { host: url.host, 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD' },
    },
    { expiresIn, signingDate: new Date(now) },
  );
  const query = Object.entries(signed.query ?? {})
    .map(([name, value]) => `${escapeSegment(name)}=${escapeSegment(String(value))}`)
    .join('&');
  return `${url.origin}${path}?${query}`;
}

/** RFC 3986 as SigV4 wants it: more than `encodeURIComponent` escapes. */
function escapeSegment(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);
}
