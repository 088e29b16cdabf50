import type {
  PutEventsRequest,
  PutEventsRequestEntry,
  PutEventsResponse,
  PutEventsResultEntry,
} from '@aws-sdk/client-eventbridge';
import type { Operation } from '../../../core/api.ts';
import { ConstraintViolations } from '../../../core/constraint-violations.ts';
import { NotImplementedError } from '../../../core/errors.ts';
import { validation } from '../errors.ts';
import { type EventBridge, nameOfBus } from '../event-bridge.ts';
import { MAX_ENTRIES, MAX_ENTRIES_BYTES } from '../limits.ts';

export function putEvents(bridge: EventBridge): Operation<PutEventsRequest, PutEventsResponse> {
  return {
    name: 'PutEvents',
    authorize: ({ Entries }) => {
      const buses = new Set((Entries ?? []).map(({ EventBusName }) => nameOfBus(EventBusName)));
      return [...buses].map((bus) => ({ action: 'events:PutEvents', resource: bridge.busArn(bus) }));
    },
    async handle({ EndpointId, Entries }) {
      if (EndpointId !== undefined) throw new NotImplementedError('EventBridge: EndpointId');
      new ConstraintViolations().required('entries', Entries).length('entries', Entries, 1, MAX_ENTRIES).throwIfAny();
      const entries = Entries ?? [];
      if (entries.reduce((sum, entry) => sum + sizeOf(entry), 0) > MAX_ENTRIES_BYTES) {
        throw validation(`Total size of the entries in the request is over the limit.`);
      }
      const results: PutEventsResultEntry[] = [];
      for (const entry of entries) results.push(await putEvent(bridge, entry));
      return { FailedEntryCount: results.filter(({ ErrorCode }) => ErrorCode !== undefined).length, Entries: results };
    },
  };
}

async function putEvent(bridge: EventBridge, entry: PutEventsRequestEntry): Promise<PutEventsResultEntry> {
  const { Detail, DetailType, Resources = [], Source, Time } = entry;
  for (const [name, value] of Object.entries({ Source, DetailType, Detail })) {
    if (value === undefined || value === '') {
      return refusal('InvalidArgument', `Parameter ${name} is not valid. Reason: ${name} is a required argument.`);
    }
  }
  if (Source?.startsWith('aws.')) return refusal('NotAuthorizedForSourceException', 'Not authorized for the source.');
  const detail = detailOf(Detail ?? '');
  if (detail === undefined) return refusal('MalformedDetail', 'Detail is malformed.');
  const bus = bridge.findBus(entry.EventBusName);
  // An event for a bus that is not there is taken, and goes nowhere.
  const event = bridge.event({
    source: Source ?? '',
    detailType: DetailType ?? '',
    time: Time?.getTime() ?? bridge.context.clock.now(),
    resources: Resources,
    detail,
  });
  if (bus !== undefined) await bridge.accept(bus.name, event);
  return { EventId: event.id };
}

function detailOf(text: string): Record<string, unknown> | undefined {
  try {
    const detail: unknown = JSON.parse(text);
    const isObject = typeof detail === 'object' && detail !== null && !Array.isArray(detail);
    return isObject ? (detail as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

function refusal(ErrorCode: string, ErrorMessage: string): PutEventsResultEntry {
  return { ErrorCode, ErrorMessage };
}

/** User guide, "Calculating Amazon EventBridge PutEvents event entry size". */
function sizeOf({ Detail = '', DetailType = '', Resources = [], Source = '', Time }: PutEventsRequestEntry): number {
  const texts = [Source, DetailType, Detail, ...Resources];
  return texts.reduce((sum, text) => sum + Buffer.byteLength(text), Time === undefined ? 0 : 14);
}
