import { SNSClient, SubscribeCommand } from '@aws-sdk/client-sns';
import {
  CreateQueueCommand,
  DeleteMessageCommand,
  GetQueueAttributesCommand,
  ReceiveMessageCommand,
  SetQueueAttributesCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import { type Alert, alertSchema } from '@fleetwright/contracts';
import { editedAssembly, synthesizedAssembly } from './assembly.ts';
import { startTestPlatform, type TestPlatform, temporaryDirectory } from './platform.ts';

export interface TwinPlatform {
  readonly platform: TestPlatform;
  /** Outputs of the twin stack. */
  readonly outputs: Readonly<Record<string, string>>;
  /** Alerts that were published so far. */
  alerts(): Promise<readonly Alert[]>;
  stop(): Promise<void>;
}

/** The platform with the waits of its twin stack cut short, by environment variables of its functions. */
export async function startTwinPlatform(waits: Readonly<Record<string, string>>): Promise<TwinPlatform> {
  const directory = temporaryDirectory();
  const assembly = editedAssembly(await synthesizedAssembly(directory), 'hurried', 'twin', ({ Resources }) => {
    for (const { Properties, Type } of Object.values(Resources)) {
      if (Type !== 'AWS::Lambda::Function') continue;
      const { Variables } = Properties.Environment as { Variables: Record<string, unknown> };
      for (const [name, value] of Object.entries(waits)) if (name in Variables) Variables[name] = value;
    }
  });
  const platform = await startTestPlatform({ directory, assembly });
  const stack = platform.description.stacks.find(({ stackName }) => stackName.endsWith('-twin'));
  if (stack === undefined) throw new Error('the twin stack is not deployed');
  const inbox = await alertInbox(platform, stack.outputs.AlertTopicArn as string);
  return {
    platform,
    outputs: stack.outputs,
    alerts: inbox.read,
    async stop() {
      inbox.close();
      await platform.stop();
    },
  };
}

/** A queue that subscribes to the alert topic, as an operator's would. */
async function alertInbox(platform: TestPlatform, TopicArn: string) {
  const sqs = new SQSClient(platform.settings);
  const sns = new SNSClient(platform.settings);
  const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName: 'alert-inbox' }));
  const { Attributes } = await sqs.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['QueueArn'] }));
  const queueArn = Attributes?.QueueArn as string;
  const Policy = JSON.stringify({
    Version: '2012-10-17',
    Statement: {
      Effect: 'Allow',
      Principal: { Service: 'sns.amazonaws.com' },
      Action: 'sqs:SendMessage',
      Resource: queueArn,
      Condition: { ArnEquals: { 'aws:SourceArn': TopicArn } },
    },
  });
  await sqs.send(new SetQueueAttributesCommand({ QueueUrl, Attributes: { Policy } }));
  await sns.send(
    new SubscribeCommand({ TopicArn, Protocol: 'sqs', Endpoint: queueArn, Attributes: { RawMessageDelivery: 'true' } }),
  );
  const alerts: Alert[] = [];
  return {
    async read(): Promise<readonly Alert[]> {
      const { Messages = [] } = await sqs.send(new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10 }));
      for (const { Body = '', ReceiptHandle } of Messages) {
        alerts.push(alertSchema.parse(JSON.parse(Body)));
        await sqs.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle }));
      }
      return alerts;
    },
    close() {
      sqs.destroy();
      sns.destroy();
    },
  };
}
