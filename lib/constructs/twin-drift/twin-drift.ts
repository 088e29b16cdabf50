import type { PlatformNames } from '@fleetwright/contracts';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import type { TwinSettings } from '../../config/twin-settings.ts';
import { QueueConsumer, type QueueConsumerDefaults } from '../queue-consumer/queue-consumer.ts';
import { StateTable } from '../queue-consumer/state-table.ts';
import { QueueRule } from '../telemetry-rule/queue-rule.ts';
import { deletedShadows, desiredShadows, SHADOW_KINDS } from '../twin-history/shadow-selection.ts';

export interface TwinDriftProps extends QueueConsumerDefaults {
  readonly names: PlatformNames;
  readonly settings: TwinSettings['drift'];
  readonly alerts: ITopic;
  /** Also takes the deletions of shadows. */
  readonly historyQueue: IQueue;
  readonly errorQueue: IQueue;
}

/** Desired state that is not reported for too long: an alert, cleared when it has been reported for a while. */
export class TwinDrift extends Construct {
  readonly consumer: QueueConsumer;
  readonly state: StateTable;

  constructor(scope: Construct, id: string, props: TwinDriftProps) {
    super(scope, id);
    const { names, settings } = props;
    this.state = new StateTable(this, 'State', ['thingName', 'shadowName'], props.removalPolicy);
    this.consumer = new QueueConsumer(this, 'Detector', {
      ...props,
      functionName: 'detect-drift',
      description: 'Raises and clears alerts on desired state that is not reported',
      content: 'Changes of shadows',
      environment: {
        STATE_TABLE: this.state.tableName,
        ALERT_TOPIC_ARN: props.alerts.topicArn,
        RAISE_AFTER_SECONDS: String(settings.raiseAfterSeconds),
        CLEAR_AFTER_SECONDS: String(settings.clearAfterSeconds),
      },
      remindsItself: true,
    });
    const { role } = this.consumer.function;
    this.state.grantTracking(role, 'dynamodb:GetItem', 'dynamodb:PutItem');
    role.addToPrincipalPolicy(
      new PolicyStatement({ sid: 'Alert', actions: ['sns:Publish'], resources: [props.alerts.topicArn] }),
    );
    for (const kind of SHADOW_KINDS) {
      new QueueRule(this, `${kind}-rule`, {
        ruleName: names.ruleName(`drift-${kind}`),
        description: `changes of ${kind} shadows with desired state to the detection of drift`,
        sql: desiredShadows(names, kind),
        queues: [this.consumer.queue],
        errorQueue: props.errorQueue,
      });
      new QueueRule(this, `${kind}-deletion-rule`, {
        ruleName: names.ruleName(`shadow-deleted-${kind}`),
        description: `deletions of ${kind} shadows to history and drift`,
        sql: deletedShadows(names, kind),
        queues: [this.consumer.queue, props.historyQueue],
        errorQueue: props.errorQueue,
      });
    }
  }
}
