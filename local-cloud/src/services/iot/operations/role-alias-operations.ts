import type {
  CreateRoleAliasRequest,
  CreateRoleAliasResponse,
  DeleteRoleAliasRequest,
  DescribeRoleAliasRequest,
  DescribeRoleAliasResponse,
  ListRoleAliasesRequest,
  ListRoleAliasesResponse,
  UpdateRoleAliasRequest,
  UpdateRoleAliasResponse,
} from '@aws-sdk/client-iot';
import type { Operation } from '../../../core/api.ts';
import { anywhere, changing, type IotService, reading, resource } from '../iot-service.ts';
import { pageOf } from '../registry/paging.ts';
import type { RoleAliasRecord } from '../registry/records.ts';
import { checkPageSize, readTags } from '../registry/validation.ts';
import { passingRole } from './passing-role.ts';

const CREDENTIALS_PROVIDER = 'credentials.iot.amazonaws.com';

export function roleAliasOperations(service: IotService): Operation[] {
  const { roleAliases, state, tags } = service.registry;
  const arnOf = (input: { roleAlias: string | undefined }) => resource(service, 'rolealias', input.roleAlias);
  const named = ({ name }: RoleAliasRecord) => ({ roleAlias: name, roleAliasArn: state.arn('rolealias', name) });
  const roleOf = (input: { roleArn?: string | undefined }) => input.roleArn;
  return [
    passingRole(
      changing<CreateRoleAliasRequest, CreateRoleAliasResponse>(service, 'CreateRoleAlias', arnOf, (input) => {
        readTags(input.tags);
        const made = named(roleAliases.create(input));
        tags.add(made.roleAliasArn, input.tags);
        return made;
      }),
      roleOf,
      CREDENTIALS_PROVIDER,
    ),
    reading<DescribeRoleAliasRequest, DescribeRoleAliasResponse>('DescribeRoleAlias', arnOf, (input) => {
      const alias = roleAliases.get(input.roleAlias);
      return {
        roleAliasDescription: {
          ...named(alias),
          roleArn: alias.roleArn,
          owner: service.context.account.accountId,
          credentialDurationSeconds: alias.credentialDurationSeconds,
          creationDate: new Date(alias.creationDate),
          lastModifiedDate: new Date(alias.lastModifiedDate),
        },
      };
    }),
    passingRole(
      changing<UpdateRoleAliasRequest, UpdateRoleAliasResponse>(service, 'UpdateRoleAlias', arnOf, (input) =>
        named(roleAliases.update(input)),
      ),
      roleOf,
      CREDENTIALS_PROVIDER,
    ),
    changing<DeleteRoleAliasRequest, object>(service, 'DeleteRoleAlias', arnOf, (input) => {
      roleAliases.delete(input.roleAlias);
      return {};
    }),
    reading<ListRoleAliasesRequest, ListRoleAliasesResponse>('ListRoleAliases', anywhere, (input) => {
      checkPageSize('pageSize', input.pageSize);
      const page = pageOf(state.roleAliases.sortedKeys(), {
        token: input.marker,
        size: input.pageSize,
        descending: input.ascendingOrder !== true,
      });
      return { roleAliases: [...page.keys], nextMarker: page.nextToken };
    }),
  ];
}
