import { SendMessageBatchCommand, type SQSClient } from '@aws-sdk/client-sqs';
import type { LetterPort } from './send-letters.ts';

/** Dead letters on an SQS queue. */
export function queueLetters(client: SQSClient, queueUrl: string, onFailure: (problem: unknown) => void): LetterPort {
  return {
    async send(letters) {
      try {
        const { Failed: failed } = await client.send(
          new SendMessageBatchCommand({
            QueueUrl: queueUrl,
            Entries: letters.map(({ body }, index) => ({ Id: String(index), MessageBody: body })),
          }),
        );
        if (failed !== undefined && failed.length > 0) onFailure(failed.map(({ Code: code }) => code));
        return (failed ?? []).map(({ Id: id }) => Number(id));
      } catch (error) {
        onFailure(error);
        throw error;
      }
    },
  };
}
