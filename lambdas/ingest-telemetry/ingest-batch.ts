import type { IngestEnvelope } from '@fleetwright/contracts';
import { checkMeasures } from './check-measures.ts';
import { checkTimes, timeBounds } from './check-times.ts';
import type { MeasureChecks } from './compile-measures.ts';
import { writeLetters } from './dead-letters.ts';
import { replayed, type SequenceClaim, type SequenceVerdict, screenBatch, sequenceClaim } from './detect-replays.ts';
import { type LateSlotPort, lateSlots } from './late-slots.ts';
import type { IngestedChannel, QueueMessage, Received, Rejection } from './model.ts';
import { readMessage } from './read-message.ts';
import type { SampleSink } from './sample-sink.ts';
import { type LetterPort, sendLetters } from './send-letters.ts';
import type { RetryPorts } from './write-records.ts';

export interface IngestSettings {
  readonly topicRoot: string;
  readonly memoryHours: number;
  readonly magneticDays: number;
  readonly lateAfterSeconds: number;
  readonly strictChannels: ReadonlySet<string>;
  readonly measures: MeasureChecks;
  /** Age up to which roll-ups are made anew for a sample. */
  readonly maxOfflineHours: number;
}

export interface SequencePort {
  /** Records sequence numbers and tells what is known of each; `undefined` where the table did not answer. */
  claim(claims: readonly SequenceClaim[]): Promise<readonly (SequenceVerdict | undefined)[]>;
}

export interface IngestPorts extends RetryPorts {
  now(): number;
  /** The hot store, then whatever else gets what it took. */
  readonly sinks: readonly SampleSink[];
  readonly letters: LetterPort;
  readonly sequences: SequencePort;
  /** Undefined where nothing makes roll-ups beforehand. */
  readonly lateSlots?: LateSlotPort | undefined;
}

export interface IngestReport {
  /** Ids of messages that must be delivered again. */
  readonly failed: readonly string[];
  readonly samplesStored: number;
  readonly duplicates: number;
  readonly replays: number;
  readonly late: number;
  /** Stored samples that are too old for their roll-ups to be made anew. */
  readonly lateBeyondBound: number;
  readonly gaps: number;
  readonly retries: number;
  /** Rejected messages and samples by reason, as far as their letters were sent. */
  readonly rejected: Readonly<Partial<Record<Rejection['reason'], number>>>;
}

/**
 * Takes one batch of the ingest queue to the store.
 *
 * INVARIANTS
 * - Every message ends in exactly one of three ways: all its samples stored; the refused ones in a dead letter and the
 *   others stored; or delivered again.
 * - A message that is delivered again is not yet in the dead letters, and storing its samples twice changes nothing.
 * @throws FunctionError `STORE_REFUSED`: nothing of the batch counts as done
 */
export async function ingestBatch(
  records: readonly QueueMessage[],
  settings: IngestSettings,
  ports: IngestPorts,
): Promise<IngestReport> {
  const rejections: Rejection[] = [];
  const envelopes = new Map<string, IngestEnvelope>();
  const readable: Received[] = [];
  for (const record of records) {
    const reading = readMessage(record, settings.topicRoot);
    if (reading.ok) {
      readable.push(reading.received);
      envelopes.set(record.messageId, reading.received.envelope);
    } else {
      rejections.push(reading.rejection);
      if (reading.envelope !== undefined) envelopes.set(record.messageId, reading.envelope);
    }
  }

  const screening = screenBatch(readable);
  rejections.push(...screening.rejections);
  const claimed = await claimSequences(screening.unique, settings.strictChannels, ports.sequences);
  rejections.push(...claimed.rejections);

  const bounds = timeBounds(ports.now(), settings.memoryHours, settings.magneticDays, settings.lateAfterSeconds);
  const times = checkTimes(claimed.accepted, bounds);
  const refused = new Set<string>();
  const again = new Set(claimed.unfinished);
  const refuse = (some: readonly Rejection[]): void => {
    rejections.push(...some);
    for (const { messageId, sample } of some) refused.add(`${messageId}/${sample}`);
  };
  refuse(times.rejections);
  refuse(checkMeasures(claimed.accepted, settings.measures));
  const isWanted = (received: Received, sample: number): boolean =>
    !again.has(received.messageId) && (refused.size === 0 || !refused.has(`${received.messageId}/${sample}`));
  let stored: number | undefined;
  let retries = 0;
  for (const sink of ports.sinks) {
    const written = await sink.write(claimed.accepted, isWanted, bounds, ports);
    refuse(written.rejections);
    for (const messageId of written.unfinished) again.add(messageId);
    stored ??= written.stored;
    retries += written.retries;
  }
  const late = await noteLateSlots(claimed.accepted, isWanted, settings, ports);
  for (const messageId of late.unfinished) again.add(messageId);

  const final = rejections.filter(({ messageId }) => !again.has(messageId));
  const bodies = new Map(records.map(({ messageId, body }) => [messageId, body]));
  const letters = writeLetters(final, (messageId) => original(messageId, envelopes, bodies), ports.now());
  for (const messageId of await sendLetters(letters, ports.letters, ports.pause)) again.add(messageId);
  for (const messageId of [...again]) {
    for (const duplicate of screening.duplicates.get(messageId) ?? []) again.add(duplicate);
  }

  const counted = final.filter(({ messageId }) => !again.has(messageId));
  return {
    failed: [...again],
    samplesStored: stored ?? 0,
    duplicates: screening.duplicateCount + claimed.duplicates,
    replays: counted.filter(({ reason }) => reason === 'REPLAYED_SEQUENCE' || reason === 'CONFLICTING_RECORD').length,
    late: times.late,
    lateBeyondBound: late.beyondBound,
    gaps: screening.gaps,
    retries,
    rejected: countReasons(counted),
  };
}

/** Messages whose slots could not be noted are unfinished: they are delivered again, and noted then. */
async function noteLateSlots(
  messages: readonly Received[],
  isStored: (received: Received, sample: number) => boolean,
  { maxOfflineHours }: IngestSettings,
  ports: IngestPorts,
): Promise<{ readonly unfinished: readonly string[]; readonly beyondBound: number }> {
  if (ports.lateSlots === undefined) return { unfinished: [], beyondBound: 0 };
  const { beyondBound, slots } = lateSlots(messages, ports.now(), maxOfflineHours, isStored);
  if (slots.size === 0) return { unfinished: [], beyondBound };
  try {
    await ports.lateSlots.note({ version: 1, slots: [...slots.keys()] });
    return { unfinished: [], beyondBound };
  } catch {
    return { unfinished: [...slots.values()].flatMap((messageIds) => [...messageIds]), beyondBound };
  }
}

interface Claimed {
  readonly accepted: readonly Received[];
  readonly rejections: readonly Rejection[];
  readonly unfinished: readonly string[];
  readonly duplicates: number;
}

/**
 * Asks the table of received sequences about the strict channels. A duplicate goes on to the store all the same: it may
 * be the second delivery of a message whose first never got there, and the store takes the same record again.
 */
async function claimSequences(
  messages: readonly Received[],
  strictChannels: ReadonlySet<string>,
  port: SequencePort,
): Promise<Claimed> {
  const strict = messages.filter(({ channel }) => strictChannels.has(channel satisfies IngestedChannel));
  if (strict.length === 0) return { accepted: messages, rejections: [], unfinished: [], duplicates: 0 };
  const verdicts = await port.claim(strict.map(sequenceClaim));
  const accepted = messages.filter(({ channel }) => !strictChannels.has(channel));
  const rejections: Rejection[] = [];
  const unfinished: string[] = [];
  let duplicates = 0;
  strict.forEach((received, index) => {
    const verdict = verdicts[index];
    if (verdict === undefined) unfinished.push(received.messageId);
    else if (verdict === 'replay') rejections.push(replayed(received));
    else accepted.push(received);
    if (verdict === 'duplicate') duplicates++;
  });
  return { accepted, rejections, unfinished, duplicates };
}

function original(
  messageId: string,
  envelopes: ReadonlyMap<string, IngestEnvelope>,
  bodies: ReadonlyMap<string, string>,
): { envelope: IngestEnvelope } | { body: string } {
  const envelope = envelopes.get(messageId);
  return envelope === undefined ? { body: bodies.get(messageId) ?? '' } : { envelope };
}

function countReasons(rejections: readonly Rejection[]): Partial<Record<Rejection['reason'], number>> {
  const counts: Partial<Record<Rejection['reason'], number>> = {};
  for (const { reason } of rejections) counts[reason] = (counts[reason] ?? 0) + 1;
  return counts;
}
