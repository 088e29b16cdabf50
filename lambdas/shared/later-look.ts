import { SendMessageCommand, type SQSClient } from '@aws-sdk/client-sqs';
import * as z from 'zod';

/** Longest delay of a message (SQS API reference, SendMessage, `DelaySeconds`). A later time takes several messages. */
const MAX_DELAY_SECONDS = 900;

/** A message by which a function reminds itself to look at a key. */
export const laterLookSchema = z.object({
  kind: z.literal('look'),
  key: z.string().min(1),
  /** ms since the epoch; a look that the state no longer expects for this time is dropped */
  dueAt: z.int(),
});

export type LaterLook = z.infer<typeof laterLookSchema>;

/** Puts a look at a key on a queue, to come at its time or, when that is far off, in between. */
export async function sendLook(
  client: SQSClient,
  queueUrl: string,
  key: string,
  dueAt: number,
  now: number,
): Promise<void> {
  const look: LaterLook = { kind: 'look', key, dueAt };
  await client.send(
    new SendMessageCommand({
      QueueUrl: queueUrl,
      MessageBody: JSON.stringify(look),
      DelaySeconds: delaySeconds(dueAt, now),
    }),
  );
}

/** Whole seconds, never too early. */
export function delaySeconds(dueAt: number, now: number): number {
  return Math.min(MAX_DELAY_SECONDS, Math.max(0, Math.ceil((dueAt - now) / 1_000)));
}
