import { PublishCommand, type SNSClient } from '@aws-sdk/client-sns';
import type { Alert } from '@fleetwright/contracts';

/** Publishes an alert, with the attributes that subscribers filter by. */
export async function publishAlert(client: SNSClient, topicArn: string, alert: Alert): Promise<void> {
  await client.send(
    new PublishCommand({
      TopicArn: topicArn,
      Message: JSON.stringify(alert),
      MessageAttributes: {
        kind: { DataType: 'String', StringValue: alert.kind },
        state: { DataType: 'String', StringValue: alert.state },
        ...('severity' in alert && { severity: { DataType: 'String', StringValue: alert.severity } }),
      },
    }),
  );
}
