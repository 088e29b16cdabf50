import type {
  FilteredLogEvent,
  FilterLogEventsRequest,
  FilterLogEventsResponse,
} from '@aws-sdk/client-cloudwatch-logs';
import type { Operation } from '../../../core/api.ts';
import { ConstraintViolations } from '../../../core/constraint-violations.ts';
import { AwsError } from '../../../core/errors.ts';
import type { CloudContext } from '../../../core/plugin.ts';
import type { Direction, StoredEvent } from '../event-order.ts';
import { compileFilterPattern } from '../filter-pattern.ts';
import {
  DESCENDING_SINCE,
  EVENT_OVERHEAD_BYTES,
  MAX_FILTER_PATTERN,
  MAX_FILTER_STREAMS,
  MAX_PAGE_BYTES,
  MAX_PAGE_EVENTS,
} from '../limits.ts';
import { groupPermission, requestedGroup } from '../log-arns.ts';
import type { LogGroup, LogGroups, LogStream } from '../log-groups.ts';
import { type PagePosition, pageToken, readPageToken } from '../page-token.ts';

export function createFilterLogEvents(
  context: CloudContext,
  logs: LogGroups,
): Operation<FilterLogEventsRequest, FilterLogEventsResponse> {
  return {
    name: 'FilterLogEvents',
    authorize(input) {
      const group = requestedGroup(context.account, input);
      return [
        groupPermission(context.account, 'FilterLogEvents', group),
        ...(input.unmask === true ? [groupPermission(context.account, 'Unmask', group)] : []),
      ];
    },
    async handle(input) {
      validate(input);
      const matches = compileFilterPattern(input.filterPattern);
      const group = logs.require(requestedGroup(context.account, input));
      const now = context.clock.now();
      const given = input.nextToken === undefined ? undefined : readPageToken(input.nextToken, now);
      const direction: Direction = given?.direction ?? (input.startFromHead === false ? 'descending' : 'ascending');
      const range = {
        from: Math.max(input.startTime ?? 0, logs.expiry(group)),
        // endTime is inclusive here, unlike in GetLogEvents.
        until: input.endTime === undefined ? undefined : input.endTime + 1,
        direction,
      };
      const page: FilteredLogEvent[] = [];
      let size = 0;
      for await (const { event, stream } of merged(selected(logs, group, input), range, given)) {
        if (!matches(event.message)) continue;
        size += Buffer.byteLength(event.message) + EVENT_OVERHEAD_BYTES;
        if (page.length === (input.limit ?? MAX_PAGE_EVENTS) || (size > MAX_PAGE_BYTES && page.length > 0)) {
          const place = { timestamp: event.timestamp, sequence: event.sequence, stream: stream.record.id, direction };
          return { events: page, searchedLogStreams: [], nextToken: pageToken(place, now) };
        }
        page.push({
          logStreamName: stream.record.name,
          timestamp: event.timestamp,
          message: event.message,
          ingestionTime: event.ingestionTime,
          eventId: eventId(stream, event),
        });
      }
      return { events: page, searchedLogStreams: [] };
    },
  };
}

function validate(input: FilterLogEventsRequest): void {
  new ConstraintViolations()
    .range('limit', input.limit, 1, MAX_PAGE_EVENTS)
    .length('logStreamNames', input.logStreamNames, 1, MAX_FILTER_STREAMS)
    .length('filterPattern', input.filterPattern, 0, MAX_FILTER_PATTERN)
    .throwIfAny('InvalidParameterException');
  if (input.logStreamNames !== undefined && input.logStreamNamePrefix !== undefined) {
    throw invalid('Only one of logStreamNames and logStreamNamePrefix can be specified.');
  }
  if (input.startTime !== undefined && input.endTime !== undefined && input.endTime < input.startTime) {
    throw invalid('End time should not be less than start time.');
  }
  if (input.startFromHead === false && (input.startTime === undefined || input.startTime < DESCENDING_SINCE)) {
    throw invalid('startFromHead=false is supported only when startTime is on or after Jan 1, 2024 00:00:00 UTC.');
  }
}

function selected(logs: LogGroups, group: LogGroup, input: FilterLogEventsRequest): LogStream[] {
  if (input.logStreamNames !== undefined) return input.logStreamNames.map((name) => logs.requireStream(group, name));
  const prefix = input.logStreamNamePrefix ?? '';
  return [...group.streams.values()].filter((stream) => stream.record.name.startsWith(prefix));
}

interface StreamEvent {
  readonly stream: LogStream;
  readonly event: StoredEvent;
}

/** Events of several streams in one order: time, then stream, then sequence, or the reverse; from `start` (inclusive) on. */
async function* merged(
  streams: readonly LogStream[],
  range: { from: number; until: number | undefined; direction: Direction },
  start: PagePosition | undefined,
): AsyncGenerator<StreamEvent> {
  const sign = range.direction === 'ascending' ? 1 : -1;
  const order = (a: StreamEvent, b: StreamEvent) =>
    sign *
    (a.event.timestamp - b.event.timestamp ||
      a.stream.record.id - b.stream.record.id ||
      a.event.sequence - b.event.sequence);
  const isBefore = ({ event, stream }: StreamEvent) =>
    start !== undefined &&
    sign * (event.timestamp - start.timestamp || stream.record.id - start.stream || event.sequence - start.sequence) <
      0;
  const times =
    start === undefined
      ? range
      : sign === 1
        ? { ...range, from: Math.max(range.from, start.timestamp) }
        : { ...range, until: Math.min(range.until ?? Number.MAX_SAFE_INTEGER, start.timestamp + 1) };
  const readers = streams.map((stream) => ({ stream, events: stream.events.read(times) }));
  const heads = new Map<(typeof readers)[number], StreamEvent>();
  const advance = async (reader: (typeof readers)[number]) => {
    const next = await reader.events.next();
    if (next.done === true) heads.delete(reader);
    else heads.set(reader, { stream: reader.stream, event: next.value });
  };
  for (const reader of readers) await advance(reader);
  while (heads.size > 0) {
    const [reader, head] = [...heads].reduce((least, entry) => (order(entry[1], least[1]) < 0 ? entry : least));
    if (!isBefore(head)) yield head;
    await advance(reader);
  }
}

/** 56 digits, unique within the account, growing with time. */
function eventId(stream: LogStream, event: StoredEvent): string {
  return [String(event.timestamp).padStart(16, '0'), stream.record.id, event.sequence]
    .map((part) => String(part).padStart(20, '0'))
    .join('')
    .slice(-56);
}

function invalid(message: string): AwsError {
  return new AwsError('InvalidParameterException', message);
}
