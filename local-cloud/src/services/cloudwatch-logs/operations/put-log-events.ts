import type { InputLogEvent, PutLogEventsRequest, PutLogEventsResponse } from '@aws-sdk/client-cloudwatch-logs';
import type { Operation } from '../../../core/api.ts';
import { ConstraintViolations } from '../../../core/constraint-violations.ts';
import { AwsError, NotImplementedError } from '../../../core/errors.ts';
import type { CloudContext } from '../../../core/plugin.ts';
import {
  EVENT_OVERHEAD_BYTES,
  MAX_BATCH_BYTES,
  MAX_BATCH_EVENTS,
  MAX_BATCH_SPAN_MS,
  MAX_EVENT_AGE_MS,
  MAX_EVENT_BYTES,
  MAX_EVENT_LEAD_MS,
} from '../limits.ts';
import { streamPermission } from '../log-arns.ts';
import type { LogGroups } from '../log-groups.ts';
import type { NewEvent } from '../stream-events.ts';

export function createPutLogEvents(
  context: CloudContext,
  logs: LogGroups,
): Operation<PutLogEventsRequest, PutLogEventsResponse> {
  return {
    name: 'PutLogEvents',
    authorize: (input) => [
      streamPermission(context.account, 'PutLogEvents', input.logGroupName ?? '', input.logStreamName ?? ''),
    ],
    async handle(input) {
      if (input.entity !== undefined) throw new NotImplementedError('PutLogEvents entity');
      const events = validBatch(input);
      const group = logs.require(input.logGroupName as string);
      const stream = logs.requireStream(group, input.logStreamName as string);
      const now = context.clock.now();
      const rejected = rejections(events, now, logs.expiry(group));
      const accepted = events.slice(rejected.from, rejected.until);
      checkSpan(accepted);
      stream.record.lastIngestionTime = now;
      await stream.events.append(accepted, now);
      context.ports.find('logObserver')?.onLogEvents(group.record.name, stream.record.name, accepted);
      return {
        nextSequenceToken: String(stream.record.nextSequence).padStart(56, '0'),
        ...(rejected.info === undefined ? {} : { rejectedLogEventsInfo: rejected.info }),
      };
    },
  };
}

function validBatch(input: PutLogEventsRequest): NewEvent[] {
  const violations = new ConstraintViolations()
    .required('logGroupName', input.logGroupName)
    .required('logStreamName', input.logStreamName)
    .required('logEvents', input.logEvents)
    .length('logEvents', input.logEvents, 1, MAX_BATCH_EVENTS);
  input.logEvents?.forEach((event: InputLogEvent, index) => {
    violations
      .required(`logEvents.${index + 1}.member.timestamp`, event.timestamp)
      .range(`logEvents.${index + 1}.member.timestamp`, event.timestamp, 0, Number.MAX_SAFE_INTEGER)
      .required(`logEvents.${index + 1}.member.message`, event.message);
    if (event.message === '')
      violations.length(`logEvents.${index + 1}.member.message`, event.message, 1, MAX_EVENT_BYTES);
  });
  violations.throwIfAny('InvalidParameterException');
  const events = input.logEvents as NewEvent[];
  let size = 0;
  let previous = 0;
  for (const { message, timestamp } of events) {
    const bytes = Buffer.byteLength(message);
    if (bytes > MAX_EVENT_BYTES) {
      throw invalid(`Log event too large: ${bytes} bytes exceeds limit of ${MAX_EVENT_BYTES}`);
    }
    if (timestamp < previous) {
      throw invalid('Log events in a single PutLogEvents request must be in chronological order.');
    }
    previous = timestamp;
    size += bytes + EVENT_OVERHEAD_BYTES;
  }
  if (size > MAX_BATCH_BYTES) throw invalid(`Upload too large: ${size} bytes exceeds limit of ${MAX_BATCH_BYTES}`);
  return events;
}

interface Rejections {
  /** Accepted are the events from here … */
  readonly from: number;
  /** … to before here. */
  readonly until: number;
  readonly info?: PutLogEventsResponse['rejectedLogEventsInfo'];
}

/** The batch is in order, so what is rejected is a head (too old, expired) and a tail (too new). */
function rejections(events: readonly NewEvent[], now: number, expiry: number): Rejections {
  const before = (limit: number) => {
    const index = events.findIndex((event) => event.timestamp >= limit);
    return index === -1 ? events.length : index;
  };
  const tooOld = before(now - MAX_EVENT_AGE_MS);
  const expired = before(expiry);
  const tooNew = before(now + MAX_EVENT_LEAD_MS + 1);
  const from = Math.max(tooOld, expired);
  if (from === 0 && tooNew === events.length) return { from, until: tooNew };
  return {
    from,
    until: tooNew,
    info: {
      ...(tooOld > 0 ? { tooOldLogEventEndIndex: tooOld } : {}),
      ...(expired > tooOld ? { expiredLogEventEndIndex: expired } : {}),
      ...(tooNew < events.length ? { tooNewLogEventStartIndex: tooNew } : {}),
    },
  };
}

function checkSpan(accepted: readonly NewEvent[]): void {
  const [first] = accepted;
  const last = accepted.at(-1);
  if (first !== undefined && last !== undefined && last.timestamp - first.timestamp > MAX_BATCH_SPAN_MS) {
    throw invalid('The batch of log events in a single PutLogEvents request cannot span more than 24 hours.');
  }
}

function invalid(message: string): AwsError {
  return new AwsError('InvalidParameterException', message);
}
