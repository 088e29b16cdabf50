import { timingSafeEqual } from 'node:crypto';
import type { Account } from '../../account.ts';
import type { Clock } from '../../clock.ts';
import type { CredentialDirectory } from '../../iam/authorizer.ts';
import type { Principal } from '../../iam/principal.ts';
import type { RequestHead } from '../wire.ts';
import { canonicalRequest, hmacHex, scopeText, signingKey, stringToSign } from './canonical-request.ts';
import { type ErrorFamily, signatureError } from './signature-error.ts';
import { type CredentialScope, readSignature, type SignedRequest } from './signed-request.ts';

/** A caller, proven by the signature. */
export interface Authentication {
  readonly principal: Principal;
  readonly request: SignedRequest;
  /** For the signatures of the chunks of a streamed upload. */
  readonly signingKey: Buffer;
}

export interface VerifiedService {
  readonly signingName: string;
  readonly family: ErrorFamily;
  /** Global services are signed for `us-east-1` as well. */
  readonly global: boolean;
  /**
   * AWS IoT's device gateway: a session token in the query is appended after signing, so that the signature does not
   * cover it, and `X-Amz-Expires` may be missing (developer guide, `protocols`; so do the device SDKs and Amplify).
   */
  readonly deviceGateway?: boolean;
}

/** Signature Version 4, "Date validity": ms either way. */
const MAX_SKEW = 15 * 60_000;
const CACHED_KEYS = 512;

/** Verifies AWS Signature Version 4, in the header and presigned. Signing keys are derived once per day and scope. */
export class SignatureVerifier {
  readonly #account: Account;
  readonly #clock: Clock;
  readonly #credentials: Pick<CredentialDirectory, 'find'>;
  readonly #keys = new Map<string, { secret: string; key: Buffer }>();

  constructor(account: Account, clock: Clock, credentials: Pick<CredentialDirectory, 'find'>) {
    this.#account = account;
    this.#clock = clock;
    this.#credentials = credentials;
  }

  /**
   * @param payloadHash what stands for the body in the canonical request; asked for once the head is in order
   * @returns undefined for a request without a signature
   * @throws AwsError in the words of the service's family
   */
  verify(head: RequestHead, service: VerifiedService, payloadHash: () => string): Authentication | undefined {
    const { family } = service;
    const { deviceGateway = false } = service;
    const request = readSignature(head, family, deviceGateway);
    if (request === undefined) return undefined;
    this.#checkScope(request, service);
    this.#checkTime(request, family);
    checkSignedHeaders(head, request, family);
    const found = this.#credentials.find(request.accessKeyId);
    if (found === undefined) throw signatureError(family, 'unknown-key');
    const { credentials, principal } = found;
    if (!equal(request.sessionToken ?? '', credentials.sessionToken ?? '')) {
      throw signatureError(family, 'wrong-token');
    }
    const key = this.#signingKey(request.accessKeyId, credentials.secretAccessKey, request.scope);
    const signed = deviceGateway ? withoutToken(head) : head;
    const canonical = canonicalRequest(signed, request.signedHeaders, payloadHash(), family === 's3');
    const expected = hmacHex(key, stringToSign(request.timestamp, request.scope, canonical));
    if (!equal(request.signature, expected)) throw signatureError(family, 'mismatch');
    // Only the holder of the secret is told that a session has ended.
    if (credentials.expiration !== undefined && credentials.expiration <= this.#clock.now()) {
      throw signatureError(family, 'expired-token');
    }
    return { principal, request, signingKey: key };
  }

  #checkScope({ scope, timestamp }: SignedRequest, { signingName, family, global }: VerifiedService): void {
    const { region } = this.#account;
    if (scope.service !== signingName) {
      throw signatureError(family, 'wrong-scope', `Credential should be scoped to correct service: '${signingName}'. `);
    }
    if (scope.region !== region && !(global && scope.region === 'us-east-1')) {
      const detail =
        family === 's3'
          ? `The authorization header is malformed; the region '${scope.region}' is wrong; expecting '${region}'`
          : 'Credential should be scoped to a valid region. ';
      throw signatureError(family, 'wrong-scope', detail);
    }
    if (!timestamp.startsWith(scope.date)) {
      throw signatureError(
        family,
        'wrong-scope',
        `Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '${scope.date}' != '${timestamp.slice(0, 8)}', from '${timestamp}'.`,
      );
    }
  }

  #checkTime(request: SignedRequest, family: ErrorFamily): void {
    const now = this.#clock.now();
    const { signedAt, timestamp, expires } = request;
    if (signedAt - now > MAX_SKEW) {
      const limit = `${basic(now + MAX_SKEW)} (${basic(now)} + 15 min.)`;
      throw signatureError(family, 'skewed', `Signature not yet current: ${timestamp} is still later than ${limit}`);
    }
    if (expires !== undefined) {
      if (signedAt + expires * 1000 < now) throw signatureError(family, 'expired-request', 'Request has expired');
    } else if (now - signedAt > MAX_SKEW) {
      const limit = `${basic(now - MAX_SKEW)} (${basic(now)} - 15 min.)`;
      throw signatureError(family, 'skewed', `Signature expired: ${timestamp} is now earlier than ${limit}`);
    }
  }

  #signingKey(accessKeyId: string, secret: string, scope: CredentialScope): Buffer {
    const name = `${accessKeyId}/${scopeText(scope)}`;
    const known = this.#keys.get(name);
    if (known?.secret === secret) return known.key;
    const key = signingKey(secret, scope);
    if (this.#keys.size >= CACHED_KEYS) this.#keys.clear();
    this.#keys.set(name, { secret, key });
    return key;
  }
}

/** The host must be signed, and for S3 every `x-amz-` header that is there. */
function checkSignedHeaders(head: RequestHead, { signedHeaders }: SignedRequest, family: ErrorFamily): void {
  if (!signedHeaders.includes('host')) {
    throw signatureError(
      family,
      'incomplete',
      "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.",
    );
  }
  if (family !== 's3') return;
  for (const name in head.headers) {
    if (name.startsWith('x-amz-') && !signedHeaders.includes(name)) {
      throw signatureError(
        family,
        'unsigned-headers',
        'There were headers present in the request which were not signed',
      );
    }
  }
}

function withoutToken(head: RequestHead): RequestHead {
  return { ...head, query: head.query.filter(([name]) => name !== 'X-Amz-Security-Token') };
}

function equal(given: string, expected: string): boolean {
  const a = Buffer.from(given);
  const b = Buffer.from(expected);
  return a.length === b.length && timingSafeEqual(a, b);
}

function basic(time: number): string {
  return new Date(time).toISOString().replace(/[-:]|\.\d{3}/g, '');
}
