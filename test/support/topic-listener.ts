import { SNSClient, SubscribeCommand } from '@aws-sdk/client-sns';
import { CreateQueueCommand, DeleteMessageCommand, ReceiveMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import type { AwsClientSettings } from '../../cli/running-cloud.ts';

/** A queue that is subscribed to a topic, as an operator's own tooling would be. */
export interface TopicListener {
  /** Messages that have arrived so far, parsed; waits up to a second for more. */
  heard(): Promise<readonly Record<string, unknown>[]>;
  close(): void;
}

export async function listenToTopic(
  settings: AwsClientSettings,
  topicArn: string,
  queueName: string,
): Promise<TopicListener> {
  const sqs = new SQSClient(settings);
  const sns = new SNSClient(settings);
  const [, partition, , region, account] = topicArn.split(':');
  const queueArn = `arn:${partition}:sqs:${region}:${account}:${queueName}`;
  const Policy = JSON.stringify({
    Version: '2012-10-17',
    Statement: [
      {
        Effect: 'Allow',
        Principal: { Service: 'sns.amazonaws.com' },
        Action: 'sqs:SendMessage',
        Resource: queueArn,
        Condition: { ArnEquals: { 'aws:SourceArn': topicArn } },
      },
    ],
  });
  const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName: queueName, Attributes: { Policy } }));
  await sns.send(
    new SubscribeCommand({
      TopicArn: topicArn,
      Protocol: 'sqs',
      Endpoint: queueArn,
      Attributes: { RawMessageDelivery: 'true' },
    }),
  );
  const messages: Record<string, unknown>[] = [];
  return {
    async heard() {
      const { Messages = [] } = await sqs.send(
        new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10, WaitTimeSeconds: 1 }),
      );
      for (const { Body = '', ReceiptHandle } of Messages) {
        messages.push(JSON.parse(Body) as Record<string, unknown>);
        await sqs.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle }));
      }
      return messages;
    },
    close() {
      sqs.destroy();
      sns.destroy();
    },
  };
}
