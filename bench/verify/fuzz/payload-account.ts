import { createHash } from 'node:crypto';
import { DeleteMessageBatchCommand, ReceiveMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { type DeadLetter, deadLetterSchema, ingestEnvelopeSchema } from '@fleetwright/contracts';
import { decodePayload } from '../../../lambdas/ingest-telemetry/decode-payload.ts';
import { validateMessage } from '../../../lambdas/ingest-telemetry/validate-message.ts';
import type { Subject } from '../subject.ts';

/** A publish that the cloud has acknowledged. */
export interface AcknowledgedPayload {
  readonly thingName: string;
  readonly channel: 'telemetry' | 'event';
  readonly kind: string;
  readonly bytes: Buffer;
}

/** What the dead-letter queues say of one payload. */
interface Letters {
  /** Letters that no publish has been matched with yet. */
  unclaimed: number;
  /** Samples named as refused; undefined when a letter refuses the message whole. */
  refused: Set<number> | undefined;
}

/** Requests for letters under way at once. */
const READERS = 4;

/** Where each acknowledged payload ended, by the content of dead letters and the keys of rows. */
export class PayloadAccount {
  readonly #subject: Subject;
  readonly #queues: SQSClient;
  readonly #letters = new Map<string, Letters>();
  #letterCount = 0;

  constructor(subject: Subject) {
    this.#subject = subject;
    this.#queues = new SQSClient(subject.platform.settings);
  }

  get letterCount(): number {
    return this.#letterCount;
  }

  /** Takes every letter that is in the dead-letter queues now out of them. */
  async collect(): Promise<void> {
    const { FailedQueueUrl, RejectedQueueUrl, RuleErrorQueueUrl } = this.#subject.platform.outputs;
    for (const url of [RejectedQueueUrl, FailedQueueUrl, RuleErrorQueueUrl]) {
      await Promise.all(Array.from({ length: READERS }, () => this.#empty(url)));
    }
  }

  /**
   * Payloads of `acknowledged` that are neither stored whole nor in a letter for what is missing. A letter accounts for
   * one publish of its bytes, so a payload that was found is not to be asked for again.
   */
  async unaccounted(acknowledged: readonly AcknowledgedPayload[]): Promise<AcknowledgedPayload[]> {
    const readings = acknowledged.map(({ bytes }) => readable(bytes));
    const rows = await this.#rows(readings.flatMap((reading) => (reading === undefined ? [] : [reading.sequence])));
    return acknowledged.filter((payload, at) => {
      const letters = this.#letters.get(digest(payload.bytes));
      const reading = readings[at];
      if (reading !== undefined) {
        const stored = rows.get(`${payload.thingName} ${payload.channel} ${reading.bootId} ${reading.sequence}`) ?? 0;
        const refused = letters === undefined ? 0 : (letters.refused?.size ?? reading.samples);
        if (stored + refused >= reading.samples) return false;
      }
      const partial = reading !== undefined && letters?.refused !== undefined;
      if (letters === undefined || letters.unclaimed === 0 || partial) return true;
      letters.unclaimed--;
      return false;
    });
  }

  close(): void {
    this.#queues.destroy();
  }

  async #empty(QueueUrl: string): Promise<void> {
    for (;;) {
      const { Messages = [] } = await this.#queues.send(
        new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10, VisibilityTimeout: 60 }),
      );
      if (Messages.length === 0) return;
      for (const { Body = '' } of Messages) this.#note(Body);
      const { Failed = [] } = await this.#queues.send(
        new DeleteMessageBatchCommand({
          QueueUrl,
          Entries: Messages.map(({ ReceiptHandle }, at) => ({ Id: String(at), ReceiptHandle })),
        }),
      );
      if (Failed.length > 0) throw new Error(`${Failed.length} letters could not be deleted: ${Failed[0]?.Message}`);
    }
  }

  #note(body: string): void {
    this.#letterCount++;
    const value = JSON.parse(body) as Record<string, unknown>;
    const letter = deadLetterSchema.safeParse(value);
    if (letter.success) {
      this.#add(payloadOf(letter.data), refusedSamples(letter.data));
      return;
    }
    // The failed queue holds what the rule sent; the rule-error queue holds AWS's error document.
    const envelope = ingestEnvelopeSchema.safeParse(value);
    const payload = envelope.success ? envelope.data.payload : value.base64OriginalPayload;
    if (typeof payload === 'string') this.#add(Buffer.from(payload, 'base64'), undefined);
  }

  #add(payload: Buffer, refused: readonly number[] | undefined): void {
    const key = digest(payload);
    const known = this.#letters.get(key);
    if (known === undefined) {
      this.#letters.set(key, { unclaimed: 1, refused: refused === undefined ? undefined : new Set(refused) });
      return;
    }
    known.unclaimed++;
    if (refused === undefined) known.refused = undefined;
    else for (const sample of refused) known.refused?.add(sample);
  }

  /** Rows by thing, channel, boot and sequence, from the lowest of `sequences` on. */
  async #rows(sequences: readonly number[]): Promise<Map<string, number>> {
    if (sequences.length === 0) return new Map();
    const lowest = sequences.reduce((least, sequence) => Math.min(least, sequence));
    const { rows } = await this.#subject.reader.query(
      `SELECT thing_name, measure_name, boot_id, sequence, count(*) FROM ${this.#subject.telemetryTable}
       WHERE sequence >= ${lowest} GROUP BY thing_name, measure_name, boot_id, sequence`,
    );
    return new Map(
      rows.map(([thing, channel, boot, sequence, count]) => [`${thing} ${channel} ${boot} ${sequence}`, Number(count)]),
    );
  }
}

function payloadOf(letter: DeadLetter): Buffer {
  return Buffer.from(letter.envelope?.payload ?? '', 'base64');
}

function refusedSamples({ rejections }: DeadLetter): number[] | undefined {
  return rejections.some(({ samples }) => samples === undefined)
    ? undefined
    : rejections.flatMap(({ samples = [] }) => samples);
}

/** Key and size of a payload that the ingest function takes; undefined when it refuses the whole of it. */
function readable(bytes: Buffer): { bootId: number; sequence: number; samples: number } | undefined {
  try {
    const validation = validateMessage(decodePayload(bytes));
    if (!validation.ok) return undefined;
    const { bootId, samples, sequence } = validation.message;
    return { bootId, sequence, samples: samples.length };
  } catch {
    return undefined;
  }
}

function digest(bytes: Buffer): string {
  return createHash('sha1').update(bytes).digest('base64');
}
