import type {
  CreateAliasRequest,
  DeleteAliasRequest,
  ListAliasesRequest,
  ListAliasesResponse,
  UpdateAliasRequest,
} from '@aws-sdk/client-kms';
import type { Operation } from '../../../core/api.ts';
import type { Permission } from '../../../core/iam/authorizer.ts';
import { createAlias, requireAlias, updateAlias } from '../aliases.ts';
import type { Keys } from '../keys.ts';
import { DEFAULT_LISTED_ALIASES, MAX_LISTED } from '../limits.ts';
import { pageOf } from '../page.ts';
import { keyPermission } from '../permissions.ts';

/** Developer guide, "Controlling access to aliases": permission is needed on the alias and on each key. */
export function createAliasOperations(keys: Keys): Operation[] {
  const { store } = keys.context;
  const permissions = (action: string, name: string | undefined, ids: (string | undefined)[]): Permission[] => [
    { action: `kms:${action}`, resource: keys.aliasArn(name ?? '') },
    ...ids.map((id) => keyPermission(keys, action, id)),
  ];

  const create: Operation<CreateAliasRequest, object> = {
    name: 'CreateAlias',
    authorize: (input) => permissions('CreateAlias', input.AliasName, [input.TargetKeyId]),
    async handle(input) {
      createAlias(keys, input.AliasName, input.TargetKeyId);
      await store.durable();
      return {};
    },
  };

  const update: Operation<UpdateAliasRequest, object> = {
    name: 'UpdateAlias',
    authorize: (input) => {
      const current = keys.alias(input.AliasName ?? '')?.keyId;
      return permissions('UpdateAlias', input.AliasName, [
        ...(current === undefined ? [] : [current]),
        input.TargetKeyId,
      ]);
    },
    async handle(input) {
      updateAlias(keys, input.AliasName, input.TargetKeyId);
      await store.durable();
      return {};
    },
  };

  const remove: Operation<DeleteAliasRequest, object> = {
    name: 'DeleteAlias',
    authorize: (input) => {
      const current = keys.alias(input.AliasName ?? '')?.keyId;
      return permissions('DeleteAlias', input.AliasName, current === undefined ? [] : [current]);
    },
    async handle(input) {
      keys.removeAlias(requireAlias(keys, input.AliasName).name);
      await store.durable();
      return {};
    },
  };

  const list: Operation<ListAliasesRequest, ListAliasesResponse> = {
    name: 'ListAliases',
    authorize: () => [{ action: 'kms:ListAliases', resource: '*' }],
    handle(input) {
      const key = input.KeyId === undefined ? undefined : keys.require(input.KeyId);
      const found = [...keys.aliases()].filter(({ keyId }) =>
        key === undefined ? keys.find(keyId) !== undefined : keyId === key.id,
      );
      const { items, marker } = pageOf(found, ({ name }) => name, input, {
        most: MAX_LISTED,
        usual: DEFAULT_LISTED_ALIASES,
      });
      return {
        Aliases: items.map((alias) => ({
          AliasName: alias.name,
          AliasArn: alias.arn,
          TargetKeyId: alias.keyId,
          CreationDate: new Date(alias.created),
          LastUpdatedDate: new Date(alias.updated),
        })),
        ...marker,
      };
    },
  };

  return [create, update, remove, list];
}
