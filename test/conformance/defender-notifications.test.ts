import { IoTClient, StartOnDemandAuditTaskCommand, UpdateAccountAuditConfigurationCommand } from '@aws-sdk/client-iot';
import { CreateTopicCommand, SNSClient, SubscribeCommand } from '@aws-sdk/client-sns';
import { CreateQueueCommand, ReceiveMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { ManualClock } from '../../local-cloud/src/core/clock.ts';
import { createSnsPlugin } from '../../local-cloud/src/services/sns/plugin.ts';
import { createSqsPlugin } from '../../local-cloud/src/services/sqs/plugin.ts';
import { grantRole, signAtClock, startDefenderCloud } from '../support/defender-cloud.ts';

const QUEUE_ARN = 'arn:aws:sqs:us-east-1:123456789012:audits';

// source: developer guide, AuditCommands ("auditNotificationTargetConfigurations"); device-defender-audit, SNS payload
test('the end of an audit is told through SNS, counts and all', async () => {
  const clock = new ManualClock(Date.UTC(2026, 0, 1, 12));
  const { https, close } = await startDefenderCloud(clock, [
    (context) => {
      const endpoints = { apiUrl: 'https://localhost:4566', mqttHost: 'localhost', mqttPort: 8883, caFile: 'ca.pem' };
      context.ports.provide('endpoints', endpoints);
      return createSnsPlugin(context);
    },
    createSqsPlugin,
  ]);
  const settings = https.client();
  const iot = signAtClock(new IoTClient(settings), clock);
  const sns = signAtClock(new SNSClient(settings), clock);
  const sqs = signAtClock(new SQSClient({ ...settings, useQueueUrlAsEndpoint: false }), clock);
  try {
    const { TopicArn } = await sns.send(new CreateTopicCommand({ Name: 'audits' }));
    const Statement = [
      { Effect: 'Allow', Principal: { Service: 'sns.amazonaws.com' }, Action: 'sqs:SendMessage', Resource: QUEUE_ARN },
    ];
    const Attributes = { Policy: JSON.stringify({ Version: '2012-10-17', Statement }) };
    const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName: 'audits', Attributes }));
    const subscription = { TopicArn, Protocol: 'sqs', Endpoint: QUEUE_ARN, Attributes: { RawMessageDelivery: 'true' } };
    await sns.send(new SubscribeCommand(subscription));
    const roleArn = await grantRole(https, clock, 'audit', ['iot:GetLoggingOptions', 'iot:GetV2LoggingOptions']);
    const publisher = await grantRole(https, clock, 'publisher', ['sns:Publish']);
    await iot.send(
      new UpdateAccountAuditConfigurationCommand({
        roleArn,
        auditCheckConfigurations: { LOGGING_DISABLED_CHECK: { enabled: true } },
        auditNotificationTargetConfigurations: {
          SNS: { enabled: true, targetArn: TopicArn, roleArn: publisher },
        },
      }),
    );
    const { taskId } = await iot.send(
      new StartOnDemandAuditTaskCommand({ targetCheckNames: ['LOGGING_DISABLED_CHECK'] }),
    );
    let body: string | undefined;
    for (let attempt = 0; attempt < 200 && body === undefined; attempt++) {
      const { Messages } = await sqs.send(new ReceiveMessageCommand({ QueueUrl }));
      body = Messages?.[0]?.Body;
    }
    expect(JSON.parse(body ?? '{}')).toEqual({
      accountId: '123456789012',
      taskId,
      taskStatus: 'COMPLETED',
      taskType: 'ON_DEMAND_AUDIT_TASK',
      failedChecksCount: 0,
      canceledChecksCount: 0,
      nonCompliantChecksCount: 1,
      compliantChecksCount: 0,
      totalChecksCount: 1,
      taskStartTime: clock.now(),
      auditDetails: [
        {
          checkName: 'LOGGING_DISABLED_CHECK',
          checkRunStatus: 'COMPLETED_NON_COMPLIANT',
          nonCompliantResourcesCount: 1,
          totalResourcesCount: 1,
          suppressedNonCompliantResourcesCount: 0,
        },
      ],
    });
  } finally {
    for (const client of [iot, sns, sqs]) client.destroy();
    await close();
  }
});
