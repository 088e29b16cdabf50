import type { CustomAuthenticationRequest } from '../mqtt.ts';
import type { RequestHead } from './wire.ts';

const AUTHORIZER_NAME = 'x-amz-customauthorizer-name';
const AUTHORIZER_SIGNATURE = 'x-amz-customauthorizer-signature';

export type NamedAuthorizer = Pick<CustomAuthenticationRequest, 'authorizerName' | 'signature'>;
export type HttpAuthentication = NonNullable<CustomAuthenticationRequest['http']>;

/**
 * Name of the authorizer and signature of the token, in headers or query string (developer guide, `custom-auth`). The
 * token itself stands under a name that only its authorizer knows.
 */
export function authorizerIn({ headers, queryString }: HttpAuthentication): NamedAuthorizer {
  const query = new URLSearchParams(queryString);
  const authorizerName = headers[AUTHORIZER_NAME] ?? query.get(AUTHORIZER_NAME) ?? undefined;
  // Base64 that was not percent-encoded has lost its plus signs.
  const signature = headers[AUTHORIZER_SIGNATURE] ?? query.get(AUTHORIZER_SIGNATURE)?.replaceAll(' ', '+');
  return {
    ...(authorizerName !== undefined && { authorizerName }),
    ...(signature !== undefined && { signature }),
  };
}

/** What an authorizer's function sees of a request: its headers, and its query with the question mark. */
export function httpAuthentication(head: RequestHead): HttpAuthentication {
  const cut = head.url.indexOf('?');
  return { headers: head.headers, queryString: cut < 0 ? '' : head.url.slice(cut) };
}

/** The request names a custom authorizer or carries a token's signature. */
export function namesAuthorizer(head: RequestHead): boolean {
  const named = authorizerIn(httpAuthentication(head));
  return named.authorizerName !== undefined || named.signature !== undefined;
}
