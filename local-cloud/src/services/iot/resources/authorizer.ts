import type { AuthorizerStatus, Tag } from '@aws-sdk/client-iot';
import type { ResourceProvider, ResourceState } from '../../../core/resources.ts';
import type { IotService } from '../iot-service.ts';
import { MAX_NAME_LENGTH } from '../limits.ts';
import { durableProvider } from './durable-provider.ts';
import { isTrue } from './template-boolean.ts';

interface AuthorizerProperties {
  AuthorizerFunctionArn: string;
  AuthorizerName?: string;
  EnableCachingForHttp?: boolean | string;
  SigningDisabled?: boolean | string;
  Status?: AuthorizerStatus;
  Tags?: Tag[];
  TokenKeyName?: string;
  TokenSigningPublicKeys?: Record<string, string>;
}

/** AWS::IoT::Authorizer. It is deactivated before it is deleted. */
export function authorizerResource(service: IotService): ResourceProvider<AuthorizerProperties> {
  const { authorizers, state, tags } = service.registry;
  const stateOf = (name: string): ResourceState => ({
    physicalId: name,
    attributes: { Arn: state.arn('authorizer', name) },
  });
  const settingsOf = (properties: AuthorizerProperties) => ({
    authorizerFunctionArn: properties.AuthorizerFunctionArn,
    tokenKeyName: properties.TokenKeyName,
    tokenSigningPublicKeys: properties.TokenSigningPublicKeys,
    status: properties.Status,
    enableCachingForHttp: isTrue(properties.EnableCachingForHttp),
  });
  return durableProvider(service, {
    type: 'AWS::IoT::Authorizer',
    replaceOn: ['AuthorizerName', 'SigningDisabled'],
    properties: [
      'AuthorizerFunctionArn',
      'AuthorizerName',
      'EnableCachingForHttp',
      'SigningDisabled',
      'Status',
      'Tags',
      'TokenKeyName',
      'TokenSigningPublicKeys',
    ],
    async create(properties, scope) {
      const { name } = authorizers.create({
        authorizerName: properties.AuthorizerName ?? scope.generateName(MAX_NAME_LENGTH),
        signingDisabled: isTrue(properties.SigningDisabled),
        ...settingsOf(properties),
      });
      tags.replace(state.arn('authorizer', name), properties.Tags);
      return stateOf(name);
    },
    async update(properties, _previous, { physicalId: name }) {
      authorizers.update({ authorizerName: name, ...settingsOf(properties) });
      tags.replace(state.arn('authorizer', name), properties.Tags);
      return stateOf(name);
    },
    async delete({ physicalId: name }) {
      if (authorizers.get(name).status === 'ACTIVE') authorizers.update({ authorizerName: name, status: 'INACTIVE' });
      authorizers.delete(name);
    },
  });
}
