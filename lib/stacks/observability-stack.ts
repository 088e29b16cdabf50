import { platformNames } from '@fleetwright/contracts';
import { CfnOutput, Stack, type StackProps } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { alarmActionArns, removalPolicy } from '../config/derived-settings.ts';
import type { PlatformConfig } from '../config/platform-config.ts';
import { CostGuard } from '../constructs/cost-guard/cost-guard.ts';
import { FleetAlarms } from '../constructs/fleet-alarms/fleet-alarms.ts';
import { JobFailures } from '../constructs/job-failures/job-failures.ts';
import { NotificationTopic } from '../constructs/notification-topic/notification-topic.ts';
import { OfflineShare } from '../constructs/offline-share/offline-share.ts';
import { OperatorDashboard } from '../constructs/operator-dashboard/operator-dashboard.ts';

export interface ObservabilityStackProps extends StackProps {
  readonly config: PlatformConfig;
}

/**
 * Who is told, and what there is to see. Alarms stand beside what they watch, in the stacks of that; they name this
 * stack's topic by its fixed name, so no stack waits for another.
 */
export class ObservabilityStack extends Stack {
  constructor(scope: Construct, id: string, props: ObservabilityStackProps) {
    super(scope, id, props);
    const { project, stage, settings } = props.config;
    const { jobFailures, monthlyBudget, offlinePercent } = settings.observability;
    const names = platformNames(project, stage);
    const { topic } = new NotificationTopic(this, 'Alarms', {
      topicName: names.alarmTopic,
      displayName: `${names.topicRoot} alarms`,
      publishers: ['cloudwatch.amazonaws.com', ...(monthlyBudget === null ? [] : ['budgets.amazonaws.com'])],
      emails: settings.alarms.emails,
    });
    const actionArns = alarmActionArns(this, props.config);
    new FleetAlarms(this, 'Fleet', { names, actionArns });
    new JobFailures(this, 'JobFailures', {
      names,
      above: jobFailures,
      deadLetterDays: settings.retention.deadLetterDays,
      removalPolicy: removalPolicy(settings),
      alarmActionArns: actionArns,
    });
    if (offlinePercent !== null) {
      new OfflineShare(this, 'OfflineShare', { names, above: offlinePercent, alarmActionArns: actionArns });
    }
    if (monthlyBudget !== null) {
      new CostGuard(this, 'CostGuard', {
        budgetName: `${names.topicRoot}-monthly`,
        limit: monthlyBudget,
        stage,
        topic,
      });
    }
    new OperatorDashboard(this, 'Operations', { names });
    new CfnOutput(this, 'AlarmTopicArn', { value: topic.topicArn });
  }
}
