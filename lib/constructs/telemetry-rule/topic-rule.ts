import { CfnTopicRule } from 'aws-cdk-lib/aws-iot';
import { Construct } from 'constructs';
import type { IotServiceRole } from '../service-role/iot-service-role.ts';

export interface TopicRuleProps {
  /** Letters, digits and underscores, at most 128 (IoT API reference, CreateTopicRule). */
  readonly ruleName: string;
  readonly description: string;
  readonly sql: string;
  /** At most 10 (IoT quotas, "Maximum number of actions per rule"). */
  readonly actions: readonly CfnTopicRule.ActionProperty[];
  /** Runs when one of the actions fails; without it the message is lost. */
  readonly errorAction: CfnTopicRule.ActionProperty;
  /** Role of the actions: it and its policy exist before the rule, because AWS IoT takes it on when the rule is made. */
  readonly role: IotServiceRole;
}

const RULE_NAME = /^[a-zA-Z0-9_]{1,128}$/;
const MAX_ACTIONS = 10;

/** A rule that cannot lose a message silently. */
export class TopicRule extends Construct {
  constructor(scope: Construct, id: string, props: TopicRuleProps) {
    super(scope, id);
    if (!RULE_NAME.test(props.ruleName)) {
      throw new Error(`rule name must be 1 to 128 letters, digits or underscores, got '${props.ruleName}'`);
    }
    if (props.actions.length === 0 || props.actions.length > MAX_ACTIONS) {
      throw new Error(`rule must have 1 to ${MAX_ACTIONS} actions, got ${props.actions.length}`);
    }
    const rule = new CfnTopicRule(this, 'Rule', {
      ruleName: props.ruleName,
      topicRulePayload: {
        description: props.description,
        awsIotSqlVersion: '2016-03-23',
        sql: props.sql,
        actions: [...props.actions],
        errorAction: props.errorAction,
        ruleDisabled: false,
      },
    });
    rule.node.addDependency(props.role);
  }
}
