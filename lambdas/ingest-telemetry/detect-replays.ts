import { createHash } from 'node:crypto';
import type { TelemetryMessage } from '@fleetwright/contracts';
import type { Received, Rejection } from './model.ts';

/** What is known of a message's sequence number after asking the table of received sequences. */
export type SequenceVerdict = 'new' | 'duplicate' | 'replay';

export interface SequenceClaim {
  /** `{thingName}/{channel}/{bootId}` */
  readonly stream: string;
  readonly sequence: number;
  /** See {@link contentDigest}. */
  readonly digest: string;
}

export interface BatchScreening {
  /** Messages to go on with, one for each sequence number. */
  readonly unique: readonly Received[];
  /** Messages equal to one in `unique`: they end as it does. */
  readonly duplicates: ReadonlyMap<string, readonly string[]>;
  readonly rejections: readonly Rejection[];
  readonly duplicateCount: number;
  /** Sequence numbers missing between the lowest and the highest of each stream in this batch. */
  readonly gaps: number;
}

/**
 * Tells duplicates and replays apart within one batch: the same sequence number with the same content is a duplicate,
 * with other content a replay, and the one that was received first stands.
 */
export function screenBatch(messages: readonly Received[]): BatchScreening {
  const first = new Map<string, Received>();
  const duplicates = new Map<string, string[]>();
  const rejections: Rejection[] = [];
  const spans = new Map<string, { low: number; high: number; count: number }>();
  let duplicateCount = 0;
  for (const received of messages) {
    const stream = streamOf(received);
    const { sequence } = received.message;
    const key = `${stream}/${sequence}`;
    const earlier = first.get(key);
    if (earlier === undefined) {
      first.set(key, received);
      widen(spans, stream, sequence);
    } else if (sameContent(earlier, received)) {
      duplicateCount++;
      const same = duplicates.get(earlier.messageId);
      if (same === undefined) duplicates.set(earlier.messageId, [received.messageId]);
      else same.push(received.messageId);
    } else {
      rejections.push(replayed(received));
    }
  }
  let gaps = 0;
  for (const { low, high, count } of spans.values()) gaps += high - low + 1 - count;
  return { unique: [...first.values()], duplicates, rejections, duplicateCount, gaps };
}

export function replayed(received: Received): Rejection {
  const { bootId, sequence } = received.message;
  return {
    messageId: received.messageId,
    reason: 'REPLAYED_SEQUENCE',
    detail: `sequence ${sequence} of boot ${bootId} was received before with other content`,
  };
}

export function sequenceClaim(received: Received): SequenceClaim {
  return {
    stream: streamOf(received),
    sequence: received.message.sequence,
    digest: contentDigest(received.message),
  };
}

function streamOf({ address, channel, message }: Received): string {
  return `${address.thingName}/${channel}/${message.bootId}`;
}

function widen(spans: Map<string, { low: number; high: number; count: number }>, stream: string, sequence: number) {
  const span = spans.get(stream);
  if (span === undefined) {
    spans.set(stream, { low: sequence, high: sequence, count: 1 });
    return;
  }
  span.low = Math.min(span.low, sequence);
  span.high = Math.max(span.high, sequence);
  span.count++;
}

function sameContent(left: Received, right: Received): boolean {
  return (
    left.envelope.payload === right.envelope.payload || contentDigest(left.message) === contentDigest(right.message)
  );
}

/**
 * 72 bits of SHA-256 over the samples, in base64url. Independent of encoding and of the order of the values, so that a
 * message that is encoded anew is still the same message.
 */
export function contentDigest(message: TelemetryMessage): string {
  const samples = message.samples.map(({ time, values }) => [
    time,
    Object.entries(values).sort(([left], [right]) => (left < right ? -1 : 1)),
  ]);
  return createHash('sha256').update(JSON.stringify(samples)).digest().subarray(0, 9).toString('base64url');
}
