import { uuid } from '../../../core/entropy.ts';
import type { CustomAuthenticationRequest } from '../../../core/mqtt.ts';
import type { CloudContext } from '../../../core/plugin.ts';
import { iotArn } from '../arns.ts';
import { invokeFunction } from '../invoke-function.ts';
import { AUTHORIZER_TIMEOUT } from '../limits.ts';
import type { AuthorizerRecord } from '../registry/records.ts';
import { signatureOf, tokenOf } from './authorizer-request.ts';
import { type AuthorizerResult, readAuthorizerResult } from './authorizer-result.ts';
import { isSignedBy } from './token-signature.ts';

/** The token is missing or its signature is not by one of the authorizer's keys: the function is not invoked. */
export class TokenRefusal extends Error {
  override readonly name = 'TokenRefusal';
}

/**
 * Checks the token's signature and asks the authorizer's function (developer guide, `custom-authorizer`).
 * @throws TokenRefusal, FunctionFailure, InvalidAuthorizerResult
 */
export async function askAuthorizer(
  context: CloudContext,
  authorizer: AuthorizerRecord,
  request: CustomAuthenticationRequest,
): Promise<AuthorizerResult> {
  const token = tokenOf(request, authorizer.tokenKeyName);
  if (!authorizer.signingDisabled) requireSignature(authorizer, token, signatureOf(request));
  const event = {
    ...(token === undefined ? {} : { token }),
    signatureVerified: !authorizer.signingDisabled,
    protocols: request.protocols,
    protocolData: protocolData(request),
    connectionMetadata: { id: uuid(context.entropy) },
  };
  const authorizerArn = iotArn(context.account, 'authorizer', authorizer.name);
  const result = await invokeFunction(context, authorizer.functionArn, authorizerArn, event, AUTHORIZER_TIMEOUT);
  return readAuthorizerResult(result);
}

function requireSignature({ signingKeys }: AuthorizerRecord, token?: string, signature?: string): void {
  if (token === undefined || token === '') throw new TokenRefusal('the request carries no token');
  if (signature === undefined || signature === '') throw new TokenRefusal('the request carries no token signature');
  if (!isSignedBy(Object.values(signingKeys), token, signature)) {
    throw new TokenRefusal('the token signature does not verify');
  }
}

/** "Any fields that aren't relevant to the connection request aren't included." */
function protocolData({ serverName, http, mqtt }: CustomAuthenticationRequest): object {
  return {
    ...(serverName === undefined ? {} : { tls: { serverName } }),
    ...(http === undefined ? {} : { http: { headers: http.headers, queryString: http.queryString } }),
    ...(mqtt === undefined
      ? {}
      : {
          mqtt: {
            ...(mqtt.username === undefined ? {} : { username: mqtt.username }),
            ...(mqtt.password === undefined ? {} : { password: mqtt.password.toString('base64') }),
            ...(mqtt.clientId === '' ? {} : { clientId: mqtt.clientId }),
          },
        }),
  };
}
