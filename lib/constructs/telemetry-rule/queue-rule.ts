import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { IotServiceRole } from '../service-role/iot-service-role.ts';
import { queueAction } from './rule-actions.ts';
import { TopicRule } from './topic-rule.ts';

export interface QueueRuleProps {
  readonly ruleName: string;
  readonly description: string;
  readonly sql: string;
  readonly queues: readonly IQueue[];
  readonly errorQueue: IQueue;
}

/** A rule that puts what it selects on queues, with a role of its own. */
export class QueueRule extends Construct {
  constructor(scope: Construct, id: string, props: QueueRuleProps) {
    super(scope, id);
    const role = new IotServiceRole(this, 'Role', { description: `Rule: ${props.description}` });
    new TopicRule(this, 'Rule', {
      ruleName: props.ruleName,
      description: props.description,
      sql: props.sql,
      actions: props.queues.map((queue) => queueAction(queue, role)),
      errorAction: queueAction(props.errorQueue, role),
      role,
    });
  }
}
