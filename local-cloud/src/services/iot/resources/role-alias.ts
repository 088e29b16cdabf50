import type { Tag } from '@aws-sdk/client-iot';
import type { ResourceProvider, ResourceState } from '../../../core/resources.ts';
import type { IotService } from '../iot-service.ts';
import { DEFAULT_CREDENTIAL_DURATION, MAX_NAME_LENGTH } from '../limits.ts';
import { durableProvider } from './durable-provider.ts';

interface RoleAliasProperties {
  CredentialDurationSeconds?: number | string;
  RoleAlias?: string;
  RoleArn: string;
  Tags?: Tag[];
}

/** AWS::IoT::RoleAlias */
export function roleAliasResource(service: IotService): ResourceProvider<RoleAliasProperties> {
  const { roleAliases, state, tags } = service.registry;
  const stateOf = (name: string): ResourceState => ({
    physicalId: name,
    attributes: { RoleAliasArn: state.arn('rolealias', name) },
  });
  const settingsOf = ({ CredentialDurationSeconds: seconds, RoleArn: roleArn }: RoleAliasProperties) => ({
    roleArn,
    credentialDurationSeconds: seconds === undefined ? DEFAULT_CREDENTIAL_DURATION : Number(seconds),
  });
  return durableProvider(service, {
    type: 'AWS::IoT::RoleAlias',
    replaceOn: ['RoleAlias'],
    properties: ['CredentialDurationSeconds', 'RoleAlias', 'RoleArn', 'Tags'],
    async create(properties, scope) {
      const roleAlias = properties.RoleAlias ?? scope.generateName(MAX_NAME_LENGTH);
      roleAliases.create({ roleAlias, ...settingsOf(properties) });
      tags.replace(state.arn('rolealias', roleAlias), properties.Tags);
      return stateOf(roleAlias);
    },
    async update(properties, _previous, { physicalId: roleAlias }) {
      roleAliases.update({ roleAlias, ...settingsOf(properties) });
      tags.replace(state.arn('rolealias', roleAlias), properties.Tags);
      return stateOf(roleAlias);
    },
    async delete({ physicalId: roleAlias }) {
      roleAliases.delete(roleAlias);
    },
  });
}
