import type { CustomAuthenticationRequest } from '../../../core/mqtt.ts';

const NAME = 'x-amz-customauthorizer-name';
const SIGNATURE = 'x-amz-customauthorizer-signature';

/** Where a value may stand: headers, query string of the request, query string after the MQTT user name. */
function* placesOf(request: CustomAuthenticationRequest, key: string): Generator<string | undefined> {
  if (request.http !== undefined) {
    yield request.http.headers[key.toLowerCase()];
    yield queryValue(request.http.queryString, key);
  }
  const { username = '' } = request.mqtt ?? {};
  const cut = username.indexOf('?');
  if (cut >= 0) yield queryValue(username.slice(cut), key);
}

function valueIn(request: CustomAuthenticationRequest, key: string): string | undefined {
  for (const value of placesOf(request, key)) if (value !== undefined) return value;
  return undefined;
}

/** Undefined: the request names none, and the default authorizer is meant. */
export function authorizerNameOf(request: CustomAuthenticationRequest): string | undefined {
  return request.authorizerName ?? valueIn(request, NAME);
}

export function signatureOf(request: CustomAuthenticationRequest): string | undefined {
  return request.signature ?? valueIn(request, SIGNATURE);
}

/** The token stands under the authorizer's token key name (developer guide, `config-custom-auth`). */
export function tokenOf(request: CustomAuthenticationRequest, tokenKeyName: string | undefined): string | undefined {
  return request.token ?? (tokenKeyName === undefined ? undefined : valueIn(request, tokenKeyName));
}

/** Plus signs stay: Base64 is often sent unencoded. */
function queryValue(query: string, key: string): string | undefined {
  for (const part of query.replace(/^\?/, '').split('&')) {
    const cut = part.indexOf('=');
    if (cut >= 0 && decoded(part.slice(0, cut)) === key) return decoded(part.slice(cut + 1));
  }
  return undefined;
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
