import type {
  ListTagsForResourceRequest,
  ListTagsForResourceResponse,
  TagResourceRequest,
  UntagResourceRequest,
} from '@aws-sdk/client-timestream-write';
import type { Operation } from '../../../core/api.ts';
import { validationError } from '../faults.ts';
import type { Timestream } from '../timestream.ts';

/** Tags of databases and tables. Those of scheduled queries are the query API's. */
export function tagOperations(timestream: Timestream): readonly Operation[] {
  const { catalog, tags } = timestream;

  /** @throws AwsError `ResourceNotFoundException`, `ValidationException` */
  function existing(resourceArn: string | undefined): string {
    const [, database, , table] = /:database\/([^/]+)(\/table\/([^/]+))?$/.exec(resourceArn ?? '') ?? [];
    if (database === undefined) throw validationError(`'${resourceArn}' is not the ARN of a database or table.`);
    if (table === undefined) catalog.database(database);
    else catalog.table(database, table);
    const expected = table === undefined ? catalog.databaseArn(database) : catalog.tableArn(database, table);
    if (expected !== resourceArn) throw validationError(`'${resourceArn}' is not of this account and region.`);
    return expected;
  }

  const add: Operation<TagResourceRequest, object> = {
    name: 'TagResource',
    authorize: ({ ResourceARN }) => [{ action: 'timestream:TagResource', resource: ResourceARN ?? '' }],
    async handle({ ResourceARN, Tags }) {
      tags.add(existing(ResourceARN), Tags ?? []);
      await timestream.context.store.durable();
      return {};
    },
  };

  const remove: Operation<UntagResourceRequest, object> = {
    name: 'UntagResource',
    authorize: ({ ResourceARN }) => [{ action: 'timestream:UntagResource', resource: ResourceARN ?? '' }],
    async handle({ ResourceARN, TagKeys }) {
      tags.remove(existing(ResourceARN), TagKeys ?? []);
      await timestream.context.store.durable();
      return {};
    },
  };

  const list: Operation<ListTagsForResourceRequest, ListTagsForResourceResponse> = {
    name: 'ListTagsForResource',
    authorize: ({ ResourceARN }) => [{ action: 'timestream:ListTagsForResource', resource: ResourceARN ?? '' }],
    handle: ({ ResourceARN }) => ({ Tags: tags.list(existing(ResourceARN)) }),
  };

  return [add, remove, list];
}
