import type {
  CreateWorkGroupInput,
  DeleteWorkGroupInput,
  GetWorkGroupInput,
  GetWorkGroupOutput,
  ListWorkGroupsInput,
  ListWorkGroupsOutput,
  UpdateWorkGroupInput,
} from '@aws-sdk/client-athena';
import type { Operation } from '../../../core/api.ts';
import { invalidRequest } from '../errors.ts';
import type { Executions } from '../executions.ts';
import { MAX_LISTED } from '../limits.ts';
import type { NamedQueries } from '../named-queries.ts';
import { page } from '../page.ts';
import { ENGINE_VERSION, type WorkGroups, wireWorkGroup } from '../workgroups.ts';

export function workGroupOperations(groups: WorkGroups, executions: Executions, queries: NamedQueries): Operation[] {
  const on = (action: string, name: string | undefined) => [{ action: `athena:${action}`, resource: groups.arn(name) }];

  const create: Operation<CreateWorkGroupInput, object> = {
    name: 'CreateWorkGroup',
    authorize: ({ Name }) => on('CreateWorkGroup', Name),
    async handle(input) {
      await groups.create(input);
      return {};
    },
  };

  const get: Operation<GetWorkGroupInput, GetWorkGroupOutput> = {
    name: 'GetWorkGroup',
    authorize: ({ WorkGroup }) => on('GetWorkGroup', WorkGroup),
    handle: ({ WorkGroup }) => ({ WorkGroup: wireWorkGroup(groups.require(WorkGroup)) }),
  };

  const list: Operation<ListWorkGroupsInput, ListWorkGroupsOutput> = {
    name: 'ListWorkGroups',
    authorize: () => [{ action: 'athena:ListWorkGroups', resource: '*' }],
    handle(input) {
      const { members, NextToken } = page(groups.all(), input, MAX_LISTED);
      const summaries = members.map(({ createdAt, description, name, state }) => ({
        Name: name,
        State: state,
        Description: description,
        CreationTime: new Date(createdAt),
        EngineVersion: ENGINE_VERSION,
      }));
      return { WorkGroups: summaries, NextToken };
    },
  };

  const update: Operation<UpdateWorkGroupInput, object> = {
    name: 'UpdateWorkGroup',
    authorize: ({ WorkGroup }) => on('UpdateWorkGroup', WorkGroup),
    async handle(input) {
      await groups.update(input);
      return {};
    },
  };

  const remove: Operation<DeleteWorkGroupInput, object> = {
    name: 'DeleteWorkGroup',
    authorize: ({ WorkGroup }) => on('DeleteWorkGroup', WorkGroup),
    async handle({ RecursiveDeleteOption, WorkGroup = '' }) {
      await deleteWorkGroup(groups, executions, queries, WorkGroup, RecursiveDeleteOption === true);
      return {};
    },
  };

  return [create, get, list, update, remove];
}

/** @throws AwsError `InvalidRequestException` for a workgroup that holds something, unless it is deleted with it */
export async function deleteWorkGroup(
  groups: WorkGroups,
  executions: Executions,
  queries: NamedQueries,
  name: string,
  recursive: boolean,
): Promise<void> {
  const held = queries.of(groups.require(name).name);
  if (!recursive && (held.length > 0 || executions.of(name).length > 0)) {
    throw invalidRequest(`WorkGroup ${name} is not empty`);
  }
  for (const { id } of held) await queries.delete(id);
  await groups.delete(name);
}
