import type {
  ListDeadLetterSourceQueuesRequest,
  ListDeadLetterSourceQueuesResult,
  ListQueuesRequest,
  ListQueuesResult,
} from '@aws-sdk/client-sqs';
import type { Operation } from '../../../core/api.ts';
import { invalidParameter, invalidValue } from '../errors.ts';
import type { Queue } from '../queue.ts';
import type { QueueDirectory } from '../queue-directory.ts';

const MAX_RESULTS = 1000;

export function listQueues(queues: QueueDirectory): Operation<ListQueuesRequest, ListQueuesResult> {
  return {
    name: 'ListQueues',
    authorize: () => [{ action: 'sqs:ListQueues', resource: '*' }],
    handle(input) {
      const prefix = input.QueueNamePrefix ?? '';
      const { page, next } = paged(
        queues.all().filter((queue) => queue.configuration.name.startsWith(prefix)),
        input,
      );
      return { QueueUrls: page.map((queue) => queues.url(queue)), NextToken: next };
    },
  };
}

export function listDeadLetterSourceQueues(
  queues: QueueDirectory,
): Operation<ListDeadLetterSourceQueuesRequest, ListDeadLetterSourceQueuesResult> {
  return {
    name: 'ListDeadLetterSourceQueues',
    authorize: (input) => queues.byUrl(input.QueueUrl).permissions('sqs:ListDeadLetterSourceQueues'),
    handle(input) {
      const { page, next } = paged(queues.sourcesOf(queues.byUrl(input.QueueUrl)), input);
      return { queueUrls: page.map((queue) => queues.url(queue)), NextToken: next };
    },
  };
}

/** A token is the name of the last queue of the page before; AWS gives tokens only when MaxResults is set. */
function paged(
  all: Queue[],
  input: { MaxResults?: number | undefined; NextToken?: string | undefined },
): { page: Queue[]; next: string | undefined } {
  const most = input.MaxResults;
  if (most === undefined) {
    if (input.NextToken !== undefined) throw invalidParameter('MaxResults must be set to use NextToken.');
    return { page: all.slice(0, MAX_RESULTS), next: undefined };
  }
  if (!Number.isInteger(most) || most < 1 || most > MAX_RESULTS) {
    throw invalidValue(most, 'MaxResults', 'Must be between 1 and 1000, if provided.');
  }
  const after = input.NextToken === undefined ? '' : Buffer.from(input.NextToken, 'base64url').toString();
  const rest = all.filter((queue) => queue.configuration.name > after);
  const page = rest.slice(0, most);
  const last = rest.length > most ? page.at(-1) : undefined;
  return { page, next: last && Buffer.from(last.configuration.name).toString('base64url') };
}
