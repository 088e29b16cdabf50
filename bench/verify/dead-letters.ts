import { DeleteMessageBatchCommand, ReceiveMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { type DeadLetter, deadLetterSchema, ingestEnvelopeSchema } from '@fleetwright/contracts';
import type { Subject } from './subject.ts';

/** What a dead-letter queue says of one publish. */
export interface Letter {
  /** As it was published. */
  readonly payload: Buffer;
  /** Indexes of the refused samples; undefined when the message is refused whole. */
  readonly refused: readonly number[] | undefined;
}

/** Requests for letters under way at once. */
const READERS = 4;

/** Takes every letter that is in the three dead-letter queues now out of them. */
export async function takeLetters(subject: Subject): Promise<Letter[]> {
  const { FailedQueueUrl, RejectedQueueUrl, RuleErrorQueueUrl } = subject.platform.outputs;
  const queues = new SQSClient(subject.platform.settings);
  const letters: Letter[] = [];
  try {
    for (const url of [RejectedQueueUrl, FailedQueueUrl, RuleErrorQueueUrl]) {
      await Promise.all(Array.from({ length: READERS }, () => empty(queues, url, letters)));
    }
  } finally {
    queues.destroy();
  }
  return letters;
}

async function empty(queues: SQSClient, QueueUrl: string, letters: Letter[]): Promise<void> {
  for (;;) {
    const { Messages = [] } = await queues.send(
      new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10, VisibilityTimeout: 60 }),
    );
    if (Messages.length === 0) return;
    letters.push(...Messages.map(({ Body = '' }) => readLetter(Body)));
    const { Failed = [] } = await queues.send(
      new DeleteMessageBatchCommand({
        QueueUrl,
        Entries: Messages.map(({ ReceiptHandle }, at) => ({ Id: String(at), ReceiptHandle })),
      }),
    );
    if (Failed.length > 0) throw new Error(`${Failed.length} letters could not be deleted: ${Failed[0]?.Message}`);
  }
}

/** @throws Error for a letter of no known shape: it would account for nothing */
function readLetter(body: string): Letter {
  const value = JSON.parse(body) as Record<string, unknown>;
  const letter = deadLetterSchema.safeParse(value);
  if (letter.success) {
    return {
      payload: Buffer.from(letter.data.envelope?.payload ?? '', 'base64'),
      refused: refusedSamples(letter.data),
    };
  }
  // The failed queue holds what the rule sent; the rule-error queue holds AWS's error document.
  const envelope = ingestEnvelopeSchema.safeParse(value);
  const payload = envelope.success ? envelope.data.payload : value.base64OriginalPayload;
  if (typeof payload !== 'string') throw new Error(`a dead letter holds no payload: ${body.slice(0, 300)}`);
  return { payload: Buffer.from(payload, 'base64'), refused: undefined };
}

function refusedSamples({ rejections }: DeadLetter): number[] | undefined {
  return rejections.some(({ samples }) => samples === undefined)
    ? undefined
    : rejections.flatMap(({ samples = [] }) => samples);
}
