import assert from 'node:assert/strict';
import {
  CreateRoleCommand,
  DeleteRoleCommand,
  DeleteRolePolicyCommand,
  PutRolePolicyCommand,
} from '@aws-sdk/client-iam';
import { CreateTopicRuleCommand, DeleteTopicRuleCommand } from '@aws-sdk/client-iot';
import {
  CreateQueueCommand,
  DeleteQueueCommand,
  GetQueueAttributesCommand,
  ReceiveMessageCommand,
} from '@aws-sdk/client-sqs';
import type { Behaviour } from '../behaviour.ts';
import type { Scene } from '../scene.ts';

async function queue(scene: Scene, base: string): Promise<{ queueUrl: string; queueArn: string }> {
  const { QueueUrl: queueUrl = '' } = await scene.sqs.send(new CreateQueueCommand({ QueueName: scene.name(base) }));
  scene.after(() => scene.sqs.send(new DeleteQueueCommand({ QueueUrl: queueUrl })));
  const { Attributes } = await scene.sqs.send(
    new GetQueueAttributesCommand({ QueueUrl: queueUrl, AttributeNames: ['QueueArn'] }),
  );
  return { queueUrl, queueArn: Attributes?.QueueArn ?? '' };
}

async function senderRole(scene: Scene, resources: readonly string[]): Promise<string> {
  const RoleName = scene.name('sender');
  const trust = { Effect: 'Allow', Principal: { Service: 'iot.amazonaws.com' }, Action: 'sts:AssumeRole' };
  const AssumeRolePolicyDocument = JSON.stringify({ Version: '2012-10-17', Statement: [trust] });
  const { Role } = await scene.iam.send(new CreateRoleCommand({ RoleName, AssumeRolePolicyDocument }));
  scene.after(() => scene.iam.send(new DeleteRoleCommand({ RoleName })));
  const allow = { Effect: 'Allow', Action: 'sqs:SendMessage', Resource: resources };
  const PolicyDocument = JSON.stringify({ Version: '2012-10-17', Statement: [allow] });
  await scene.iam.send(new PutRolePolicyCommand({ RoleName, PolicyName: 'send', PolicyDocument }));
  scene.after(() => scene.iam.send(new DeleteRolePolicyCommand({ RoleName, PolicyName: 'send' })));
  return Role?.Arn ?? '';
}

async function receive(scene: Scene, queueUrl: string): Promise<Record<string, unknown>> {
  return scene.eventually(async () => {
    const { Messages = [] } = await scene.sqs.send(
      new ReceiveMessageCommand({ QueueUrl: queueUrl, WaitTimeSeconds: 2 }),
    );
    assert.equal(Messages.length, 1, 'nothing came to the queue');
    return JSON.parse(Messages[0]?.Body ?? '') as Record<string, unknown>;
  });
}

export const rules: readonly Behaviour[] = [
  {
    title: 'a rule selects from matching messages and sends what it selected to its action',
    source: 'AWS IoT developer guide, iot-sql-reference, sqs-rule-action',
    async run(scene) {
      const { queueArn, queueUrl } = await queue(scene, 'selected');
      const roleArn = await senderRole(scene, [queueArn]);
      const ruleName = scene.name('rule').replaceAll('-', '_');
      const base = scene.name('plant');
      const sql = `SELECT temperature AS t, topic(2) AS pump, clientid() AS client FROM '${base}/+/data' WHERE temperature > 50`;
      const actions = [{ sqs: { roleArn, queueUrl } }];
      await scene.eventually(() =>
        scene.iot.send(
          new CreateTopicRuleCommand({ ruleName, topicRulePayload: { sql, actions, awsIotSqlVersion: '2016-03-23' } }),
        ),
      );
      scene.after(() => scene.iot.send(new DeleteTopicRuleCommand({ ruleName })));
      const device = await scene.trustedDevice();
      const client = scene.name('pump');
      const line = await scene.eventually(() => device.connect(client));
      await scene.eventually(async () => {
        await line.publish(`${base}/p7/data`, { temperature: 40 });
        await line.publish(`${base}/p7/data`, { temperature: 60 });
        assert.deepEqual(await receive(scene, queueUrl), { t: 60, pump: 'p7', client });
      });
    },
  },
  {
    title: 'a failed action is told to the error action, with the message and why',
    source: 'AWS IoT developer guide, rule-error-handling',
    async run(scene) {
      const { queueArn, queueUrl } = await queue(scene, 'failed');
      const allowed = await senderRole(scene, [queueArn]);
      const ruleName = scene.name('failing').replaceAll('-', '_');
      const topic = scene.name('doomed');
      const gone = `${queueUrl}-that-is-not-there`;
      const topicRulePayload = {
        sql: `SELECT * FROM '${topic}'`,
        awsIotSqlVersion: '2016-03-23',
        actions: [{ sqs: { roleArn: allowed, queueUrl: gone } }],
        errorAction: { sqs: { roleArn: allowed, queueUrl } },
      };
      await scene.eventually(() => scene.iot.send(new CreateTopicRuleCommand({ ruleName, topicRulePayload })));
      scene.after(() => scene.iot.send(new DeleteTopicRuleCommand({ ruleName })));
      const device = await scene.trustedDevice();
      const line = await scene.eventually(() => device.connect(scene.name('client')));
      const told = await scene.eventually(async () => {
        await line.publish(topic, { a: 1 });
        return receive(scene, queueUrl);
      });
      assert.equal(told.ruleName, ruleName);
      assert.equal(told.topic, topic);
      assert.equal(Buffer.from(String(told.base64OriginalPayload), 'base64').toString(), '{"a":1}');
      const [failure] = told.failures as { failedAction: string }[];
      assert.equal(failure?.failedAction, 'SqsAction');
    },
  },
];
