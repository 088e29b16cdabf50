import type { GetLogEventsRequest, GetLogEventsResponse } from '@aws-sdk/client-cloudwatch-logs';
import type { Operation } from '../../../core/api.ts';
import { ConstraintViolations } from '../../../core/constraint-violations.ts';
import type { CloudContext } from '../../../core/plugin.ts';
import type { Boundary, Direction, StoredEvent } from '../event-order.ts';
import { EVENT_OVERHEAD_BYTES, MAX_PAGE_BYTES, MAX_PAGE_EVENTS } from '../limits.ts';
import { requestedGroup, streamPermission } from '../log-arns.ts';
import type { LogGroups } from '../log-groups.ts';
import { pageToken, readPageToken } from '../page-token.ts';

export function createGetLogEvents(
  context: CloudContext,
  logs: LogGroups,
): Operation<GetLogEventsRequest, GetLogEventsResponse> {
  return {
    name: 'GetLogEvents',
    authorize: (input) => [
      streamPermission(
        context.account,
        'GetLogEvents',
        requestedGroup(context.account, input),
        input.logStreamName ?? '',
      ),
      ...(input.unmask === true
        ? [streamPermission(context.account, 'Unmask', requestedGroup(context.account, input), '')]
        : []),
    ],
    async handle(input) {
      new ConstraintViolations()
        .required('logStreamName', input.logStreamName)
        .range('limit', input.limit, 1, MAX_PAGE_EVENTS)
        .throwIfAny('InvalidParameterException');
      const group = logs.require(requestedGroup(context.account, input));
      const stream = logs.requireStream(group, input.logStreamName as string);
      const now = context.clock.now();
      const given = input.nextToken === undefined ? undefined : readPageToken(input.nextToken, now);
      const direction: Direction = given?.direction ?? (input.startFromHead === true ? 'ascending' : 'descending');
      const page: StoredEvent[] = [];
      let size = 0;
      const events = stream.events.read({
        from: Math.max(input.startTime ?? 0, logs.expiry(group)),
        until: input.endTime,
        boundary: given,
        direction,
      });
      for await (const event of events) {
        size += Buffer.byteLength(event.message) + EVENT_OVERHEAD_BYTES;
        if (size > MAX_PAGE_BYTES && page.length > 0) break;
        page.push(event);
        if (page.length === (input.limit ?? MAX_PAGE_EVENTS)) break;
      }
      // A page always reads forward in time, whichever end it was taken from.
      if (direction === 'descending') page.reverse();
      const first = page[0];
      const last = page.at(-1);
      const token = (boundary: Boundary, towards: Direction) =>
        pageToken({ ...boundary, stream: 0, direction: towards }, now);
      const here = given ?? { timestamp: 0, sequence: 0 };
      const after = last === undefined ? here : { timestamp: last.timestamp, sequence: last.sequence + 1 };
      const before = first === undefined ? here : { timestamp: first.timestamp, sequence: first.sequence };
      const atEnd = page.length === 0 ? input.nextToken : undefined;
      return {
        events: page.map(({ timestamp, message, ingestionTime }) => ({ timestamp, message, ingestionTime })),
        nextForwardToken: (direction === 'ascending' ? atEnd : undefined) ?? token(after, 'ascending'),
        nextBackwardToken: (direction === 'descending' ? atEnd : undefined) ?? token(before, 'descending'),
      };
    },
  };
}
