import type { IngestEnvelope } from '@fleetwright/contracts';
import { buildBatches } from './build-records.ts';
import { checkTimes, timeBounds } from './check-times.ts';
import { writeLetters } from './dead-letters.ts';
import { replayed, type SequenceClaim, type SequenceVerdict, screenBatch, sequenceClaim } from './detect-replays.ts';
import type { IngestedChannel, QueueMessage, Received, Rejection } from './model.ts';
import { readMessage } from './read-message.ts';
import { type LetterPort, sendLetters } from './send-letters.ts';
import { type RetryPorts, type StorePort, writeRecords } from './write-records.ts';

export interface IngestSettings {
  readonly topicRoot: string;
  readonly memoryHours: number;
  readonly magneticDays: number;
  readonly parallelWrites: number;
  readonly lateAfterSeconds: number;
  readonly strictChannels: ReadonlySet<string>;
}

export interface SequencePort {
  /** Records sequence numbers and tells what is known of each; `undefined` where the table did not answer. */
  claim(claims: readonly SequenceClaim[]): Promise<readonly (SequenceVerdict | undefined)[]>;
}

export interface IngestPorts extends RetryPorts {
  now(): number;
  readonly store: StorePort;
  readonly letters: LetterPort;
  readonly sequences: SequencePort;
}

export interface IngestReport {
  /** Ids of messages that must be delivered again. */
  readonly failed: readonly string[];
  readonly samplesStored: number;
  readonly duplicates: number;
  readonly replays: number;
  readonly late: number;
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
  rejections.push(...times.rejections);
  const refused = new Set(times.rejections.map(({ messageId, sample }) => `${messageId}/${sample}`));
  const batches = buildBatches(
    claimed.accepted,
    (received, sample) => refused.size === 0 || !refused.has(`${received.messageId}/${sample}`),
  );
  const written = await writeRecords(batches, settings.parallelWrites, bounds, ports.store, ports);
  rejections.push(...written.rejections);

  const again = new Set([...claimed.unfinished, ...written.unfinished]);
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
    samplesStored: written.stored,
    duplicates: screening.duplicateCount + claimed.duplicates,
    replays: counted.filter(({ reason }) => reason === 'REPLAYED_SEQUENCE' || reason === 'CONFLICTING_RECORD').length,
    late: times.late,
    gaps: screening.gaps,
    retries: written.retries,
    rejected: countReasons(counted),
  };
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
