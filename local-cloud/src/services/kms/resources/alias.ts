import type { ResourceProvider } from '../../../core/resources.ts';
import { createAlias, updateAlias } from '../aliases.ts';
import type { Keys } from '../keys.ts';

interface AliasProperties {
  AliasName: string;
  TargetKeyId: string;
}

/** CloudFormation template reference, "AWS::KMS::Alias": `Ref` answers the alias name. */
export function createAliasProvider(keys: Keys): ResourceProvider<AliasProperties> {
  const { store } = keys.context;
  return {
    type: 'AWS::KMS::Alias',
    replaceOn: ['AliasName'],
    properties: ['AliasName', 'TargetKeyId'],
    async create(properties) {
      createAlias(keys, properties.AliasName, properties.TargetKeyId);
      await store.durable();
      return { physicalId: properties.AliasName, attributes: {} };
    },
    async update(properties, _previous, state) {
      updateAlias(keys, properties.AliasName, properties.TargetKeyId);
      await store.durable();
      return state;
    },
    async delete(state) {
      keys.removeAlias(state.physicalId);
      await store.durable();
    },
  };
}
