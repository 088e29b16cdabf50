import { setTimeout as pause } from 'node:timers/promises';
import {
  ChangeMessageVisibilityBatchCommand,
  DeleteMessageCommand,
  ReceiveMessageCommand,
  SendMessageCommand,
  type SQSClient,
} from '@aws-sdk/client-sqs';
import { type LetterKind, type LetterSettings, readLetter } from './read-letter.ts';
import type { HeldLetter, LetterPorts } from './walk-letters.ts';

/** How long a letter is held while a queue is walked through, in seconds. */
const HOLD = 300;
const BATCH = 10;

/** A dead-letter queue on SQS and the queue that its letters came from, if there is one. */
export function letterQueue(
  client: SQSClient,
  kind: LetterKind,
  urls: { readonly queue: string; readonly source: string | undefined },
  settings: LetterSettings,
): LetterPorts {
  return {
    pause,
    async receive() {
      const { Messages = [] } = await client.send(
        new ReceiveMessageCommand({
          QueueUrl: urls.queue,
          MaxNumberOfMessages: BATCH,
          VisibilityTimeout: HOLD,
          WaitTimeSeconds: 1,
          MessageSystemAttributeNames: ['SentTimestamp'],
        }),
      );
      return Messages.map(({ Attributes, Body = '', MessageId = '', ReceiptHandle = '' }) => {
        const message = { messageId: MessageId, body: Body, sentAt: Number(Attributes?.SentTimestamp ?? 0) };
        return { letter: readLetter(kind, message, settings), receipt: ReceiptHandle };
      });
    },
    /** What cannot be released becomes visible by itself when its hold is over. */
    async release(held: readonly HeldLetter[]) {
      for (let at = 0; at < held.length; at += BATCH) {
        const Entries = held.slice(at, at + BATCH).map(({ receipt }, index) => ({
          Id: String(index),
          ReceiptHandle: receipt,
          VisibilityTimeout: 0,
        }));
        await client.send(new ChangeMessageVisibilityBatchCommand({ QueueUrl: urls.queue, Entries }));
      }
    },
    async send(body) {
      await client.send(new SendMessageCommand({ QueueUrl: urls.source, MessageBody: body }));
    },
    async delete({ receipt }) {
      await client.send(new DeleteMessageCommand({ QueueUrl: urls.queue, ReceiptHandle: receipt }));
    },
  };
}
