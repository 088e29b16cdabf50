import type { TestInvokeAuthorizerRequest, TestInvokeAuthorizerResponse } from '@aws-sdk/client-iot';
import type { Operation } from '../../../core/api.ts';
import { AwsError, messageOf } from '../../../core/errors.ts';
import type { CustomAuthenticationRequest } from '../../../core/mqtt.ts';
import { askAuthorizer, TokenRefusal } from '../custom-authentication/ask-authorizer.ts';
import { InvalidAuthorizerResult } from '../custom-authentication/authorizer-result.ts';
import { invalidRequest } from '../errors.ts';
import { FunctionFailure } from '../invoke-function.ts';
import { type IotService, reading, resource } from '../iot-service.ts';

/** "Tests a custom authorization behavior by invoking a specified custom authorizer" (API TestInvokeAuthorizer). */
export function testInvokeAuthorizer(service: IotService): Operation {
  return reading<TestInvokeAuthorizerRequest, Promise<TestInvokeAuthorizerResponse>>(
    'TestInvokeAuthorizer',
    (input) => resource(service, 'authorizer', input.authorizerName),
    async (input) => {
      const authorizer = service.registry.authorizers.get(input.authorizerName);
      try {
        const result = await askAuthorizer(service.context, authorizer, requestOf(input));
        return {
          isAuthenticated: result.isAuthenticated,
          principalId: result.principalId,
          policyDocuments: [...result.policyDocuments],
          refreshAfterInSeconds: result.refreshAfterInSeconds,
          disconnectAfterInSeconds: result.disconnectAfterInSeconds,
        };
      } catch (error) {
        if (error instanceof TokenRefusal) throw invalidRequest(`The request is refused: ${error.message}`);
        if (!(error instanceof FunctionFailure) && !(error instanceof InvalidAuthorizerResult)) throw error;
        throw new AwsError('InvalidResponseException', `Invalid response of the authorizer: ${messageOf(error)}`, 400);
      }
    },
  );
}

function requestOf(input: TestInvokeAuthorizerRequest): CustomAuthenticationRequest {
  const { httpContext: http, mqttContext: mqtt, tlsContext: tls } = input;
  return {
    ...(input.token === undefined ? {} : { token: input.token }),
    ...(input.tokenSignature === undefined ? {} : { signature: input.tokenSignature }),
    protocols: [
      ...(tls === undefined ? [] : (['tls'] as const)),
      ...(http === undefined ? [] : (['http'] as const)),
      ...(mqtt === undefined ? [] : (['mqtt'] as const)),
    ],
    ...(tls?.serverName === undefined ? {} : { serverName: tls.serverName }),
    ...(http === undefined
      ? {}
      : { http: { headers: lowerCase(http.headers ?? {}), queryString: http.queryString ?? '' } }),
    ...(mqtt === undefined
      ? {}
      : {
          mqtt: {
            clientId: mqtt.clientId ?? '',
            ...(mqtt.username === undefined ? {} : { username: mqtt.username }),
            ...(mqtt.password === undefined ? {} : { password: Buffer.from(mqtt.password) }),
          },
        }),
  };
}

function lowerCase(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
}
