import {
  type AlertRules,
  healthMessageSchema,
  ingestEnvelopeSchema,
  type JudgedSample,
  parseChannelTopic,
  telemetryMessageSchema,
} from '@fleetwright/contracts';
import { decodePayload } from '../shared/decode-payload.ts';
import type { QueueMessage } from '../shared/queue-batch.ts';

/** Samples of one device in one batch. */
export interface DeviceSamples {
  readonly thingName: string;
  readonly rules: AlertRules;
  /** In the order of time. */
  readonly samples: JudgedSample[];
  readonly messageIds: string[];
}

export interface ReadBatch {
  readonly devices: readonly DeviceSamples[];
  /** Messages that nobody could judge. The ingest function keeps them with what is wrong; here they are only counted. */
  readonly unreadable: number;
  /** Samples too old to raise anything, and those of a clock that is ahead. */
  readonly late: number;
  readonly ahead: number;
}

export interface ReadSettings {
  readonly topicRoot: string;
  readonly rules: Readonly<Record<string, AlertRules>>;
  /** ms between a sample's time and its receipt */
  readonly maxLateness: number;
}

/** As the store has it (Timestream developer guide, "Quotas"): what is further ahead is no time of a sample. */
const MAX_AHEAD = 15 * 60_000;
/** What `clientid()` yields for a message that came over HTTPS (IoT developer guide, SQL functions). */
const NO_CLIENT = 'n/a';

/**
 * Opens a batch of what the rules of the channels send, and puts each device's samples in the order of their time.
 * Messages of types without rules are not even decoded.
 */
export function readSamples(records: readonly QueueMessage[], settings: ReadSettings): ReadBatch {
  const devices = new Map<string, DeviceSamples>();
  let unreadable = 0;
  let late = 0;
  let ahead = 0;
  for (const { messageId, body } of records) {
    const opened = open(body, settings);
    if (opened === 'foreign') continue;
    if (opened === 'unreadable') {
      unreadable++;
      continue;
    }
    const { channel, receivedAt, rules, samples, thingName } = opened;
    let device = devices.get(thingName);
    if (device === undefined) {
      device = { thingName, rules, samples: [], messageIds: [] };
      devices.set(thingName, device);
    }
    device.messageIds.push(messageId);
    for (const { time, values } of samples) {
      if (time > receivedAt + MAX_AHEAD) ahead++;
      else if (time < receivedAt - settings.maxLateness) late++;
      else device.samples.push({ time, values, channel });
    }
  }
  for (const { samples } of devices.values()) samples.sort((left, right) => left.time - right.time);
  return { devices: [...devices.values()], unreadable, late, ahead };
}

function healthSample(payload: unknown): Opened['samples'][number] {
  const { battery, memoryFree, signal, time } = healthMessageSchema.parse(payload);
  return { time, values: { battery, memoryFree, signal } };
}

interface Opened {
  readonly thingName: string;
  readonly channel: string;
  readonly receivedAt: number;
  readonly rules: AlertRules;
  readonly samples: readonly { readonly time: number; readonly values: JudgedSample['values'] }[];
}

function open(body: string, { rules, topicRoot }: ReadSettings): Opened | 'foreign' | 'unreadable' {
  try {
    const envelope = ingestEnvelopeSchema.parse(JSON.parse(body));
    const place = parseChannelTopic(envelope.topic);
    if (place === undefined || place.topicRoot !== topicRoot) return 'unreadable';
    const { channel, deviceType, thingName } = place;
    if (envelope.clientId !== thingName && envelope.clientId !== NO_CLIENT) return 'unreadable';
    const own = Object.hasOwn(rules, deviceType) ? rules[deviceType] : undefined;
    if (own === undefined || !Object.values(own).some((rule) => rule.channel === channel)) return 'foreign';
    const payload = decodePayload(Buffer.from(envelope.payload, 'base64'));
    const samples = channel === 'health' ? [healthSample(payload)] : telemetryMessageSchema.parse(payload).samples;
    return { thingName, channel, receivedAt: envelope.receivedAt, rules: own, samples };
  } catch {
    return 'unreadable';
  }
}
