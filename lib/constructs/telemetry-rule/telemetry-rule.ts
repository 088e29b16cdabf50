import { type Channel, INGEST_SELECT, type PlatformNames } from '@fleetwright/contracts';
import type { CfnDeliveryStream } from 'aws-cdk-lib/aws-kinesisfirehose';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { IotServiceRole } from '../service-role/iot-service-role.ts';
import { queueAction, streamAction } from './rule-actions.ts';
import { TopicRule } from './topic-rule.ts';

export interface TelemetryRuleProps {
  readonly names: PlatformNames;
  readonly channel: Channel;
  readonly ingestQueue: IQueue;
  readonly archive: CfnDeliveryStream;
  readonly errorQueue: IQueue;
  /** Further queues that take every message. @default none */
  readonly alsoTo?: readonly IQueue[];
}

/**
 * Carries one channel, whole and undecoded, to the ingest queue and to the raw archive.
 * It is reached both through Basic Ingest, by its name, and through its ordinary topics.
 */
export class TelemetryRule extends Construct {
  constructor(scope: Construct, id: string, props: TelemetryRuleProps) {
    super(scope, id);
    const role = new IotServiceRole(this, 'Role', {
      description: `Rule of the ${props.channel} channel: ingest queue, archive, rule errors`,
    });
    new TopicRule(this, 'Rule', {
      ruleName: props.names.ruleName(props.channel),
      description: `${props.channel} of all devices to the ingest queue and the raw archive`,
      sql: `${INGEST_SELECT} FROM '${props.names.topicRoot}/+/+/+/${props.channel}'`,
      actions: [
        queueAction(props.ingestQueue, role),
        streamAction(props.archive, role),
        ...(props.alsoTo ?? []).map((queue) => queueAction(queue, role)),
      ],
      errorAction: queueAction(props.errorQueue, role),
      role,
    });
  }
}
