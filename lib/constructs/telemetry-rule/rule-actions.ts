import { type IGrantable, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { CfnTopicRule } from 'aws-cdk-lib/aws-iot';
import type { CfnDeliveryStream } from 'aws-cdk-lib/aws-kinesisfirehose';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import type { IotServiceRole } from '../service-role/iot-service-role.ts';

/** Sends each result to a queue, as it is. Grants the role what the action needs. */
export function queueAction(queue: IQueue, role: IotServiceRole): CfnTopicRule.ActionProperty {
  allow(role, 'sqs:SendMessage', queue.queueArn);
  return { sqs: { queueUrl: queue.queueUrl, roleArn: role.roleArn, useBase64: false } };
}

/** Appends each result as one line to a delivery stream. Grants the role what the action needs. */
export function streamAction(stream: CfnDeliveryStream, role: IotServiceRole): CfnTopicRule.ActionProperty {
  allow(role, 'firehose:PutRecord', stream.attrArn);
  return { firehose: { deliveryStreamName: stream.ref, roleArn: role.roleArn, separator: '\n', batchMode: false } };
}

function allow(grantee: IGrantable, action: string, resource: string): void {
  grantee.grantPrincipal.addToPrincipalPolicy(new PolicyStatement({ actions: [action], resources: [resource] }));
}
