import type { SendMessageResult } from '@aws-sdk/client-sqs';
import { systemClock } from '../../../core/clock.ts';
import { systemEntropy } from '../../../core/entropy.ts';
import { ADMINISTRATOR, createTestCloud } from '../../../testing/context.ts';
import { createSqsPlugin } from '../plugin.ts';

/**
 * Sends to one queue without end and prints the id of each message that SendMessage has acknowledged, one per line,
 * until it is killed. The data directory is its argument.
 */
const SENDERS = 50;

async function main(directory: string): Promise<void> {
  const cloud = createTestCloud({ clock: systemClock, entropy: systemEntropy, directory });
  cloud.ports.provide('endpoints', { apiUrl: 'https://localhost:4566', mqttHost: '', mqttPort: 0, caFile: '' });
  cloud.use(createSqsPlugin);
  const call = <O>(operation: string, input: object): Promise<O> =>
    cloud.dispatcher.call<O>(ADMINISTRATOR, 'sqs', operation, input);
  const { QueueUrl } = await call<{ QueueUrl: string }>('CreateQueue', { QueueName: 'orders' });
  const MessageBody = 'x'.repeat(500);
  const send = async (): Promise<void> => {
    for (;;) {
      const { MessageId } = await call<SendMessageResult>('SendMessage', { QueueUrl, MessageBody });
      process.stdout.write(`${MessageId}\n`);
    }
  };
  await Promise.all(Array.from({ length: SENDERS }, send));
}

void main(process.argv[2] as string);
