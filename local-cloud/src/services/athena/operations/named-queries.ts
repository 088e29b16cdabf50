import type {
  CreateNamedQueryInput,
  CreateNamedQueryOutput,
  DeleteNamedQueryInput,
  GetNamedQueryInput,
  GetNamedQueryOutput,
  ListNamedQueriesInput,
  ListNamedQueriesOutput,
} from '@aws-sdk/client-athena';
import type { Operation } from '../../../core/api.ts';
import { MAX_LISTED } from '../limits.ts';
import { type NamedQueries, wireNamedQuery } from '../named-queries.ts';
import { page } from '../page.ts';
import type { WorkGroups } from '../workgroups.ts';

export function namedQueryOperations(queries: NamedQueries, groups: WorkGroups): Operation[] {
  const on = (action: string, workGroup: string | undefined) => [
    { action: `athena:${action}`, resource: groups.arn(workGroup) },
  ];

  const create: Operation<CreateNamedQueryInput, CreateNamedQueryOutput> = {
    name: 'CreateNamedQuery',
    authorize: ({ WorkGroup }) => on('CreateNamedQuery', WorkGroup),
    handle: async (input) => ({ NamedQueryId: (await queries.create(input)).id }),
  };

  const get: Operation<GetNamedQueryInput, GetNamedQueryOutput> = {
    name: 'GetNamedQuery',
    authorize: ({ NamedQueryId }) => on('GetNamedQuery', queries.find(NamedQueryId)?.workGroup),
    handle: ({ NamedQueryId }) => ({ NamedQuery: wireNamedQuery(queries.require(NamedQueryId)) }),
  };

  const list: Operation<ListNamedQueriesInput, ListNamedQueriesOutput> = {
    name: 'ListNamedQueries',
    authorize: ({ WorkGroup }) => on('ListNamedQueries', WorkGroup),
    handle(input) {
      const { members, NextToken } = page(queries.of(groups.require(input.WorkGroup).name), input, MAX_LISTED);
      return { NamedQueryIds: members.map(({ id }) => id), NextToken };
    },
  };

  const remove: Operation<DeleteNamedQueryInput, object> = {
    name: 'DeleteNamedQuery',
    authorize: ({ NamedQueryId }) => on('DeleteNamedQuery', queries.find(NamedQueryId)?.workGroup),
    async handle({ NamedQueryId }) {
      await queries.delete(queries.require(NamedQueryId).id);
      return {};
    },
  };

  return [create, get, list, remove];
}
