import { platformNames } from '@fleetwright/contracts';
import { CfnOutput, Stack, type StackProps } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { alarmActionArns, removalPolicy } from '../config/derived-settings.ts';
import type { PlatformConfig } from '../config/platform-config.ts';
import { DefenderAudit } from '../constructs/defender-audit/defender-audit.ts';
import { IotLogging } from '../constructs/iot-logging/iot-logging.ts';
import { NotificationTopic } from '../constructs/notification-topic/notification-topic.ts';
import { Quarantine } from '../constructs/quarantine/quarantine.ts';
import { SecurityProfiles } from '../constructs/security-profile/security-profiles.ts';

export interface SecurityStackProps extends StackProps {
  readonly config: PlatformConfig;
}

/** What devices are expected to do, and what becomes of those that do not. Needs the identity stack's thing group. */
export class SecurityStack extends Stack {
  constructor(scope: Construct, id: string, props: SecurityStackProps) {
    super(scope, id, props);
    const { project, stage, settings } = props.config;
    const { audit, detect, logging, quarantine } = settings.security;
    const names = platformNames(project, stage);
    const kept = { logRetentionDays: settings.retention.logDays, removalPolicy: removalPolicy(settings) };

    const findings = new NotificationTopic(this, 'Findings', {
      displayName: `${names.topicRoot} security`,
      publishers: [],
      emails: settings.alarms.emails,
    });
    const { topic } = findings;
    const held = new Quarantine(this, 'Quarantine', {
      ...kept,
      names,
      settings: quarantine,
      findings: topic,
      deadLetterDays: settings.retention.deadLetterDays,
      metricsNamespace: names.topicRoot,
      alarmActionArns: alarmActionArns(this, props.config),
    });
    if (detect.enabled) {
      const { customMetrics, groups, ...limits } = detect;
      const profiles = new SecurityProfiles(this, 'Detect', { names, limits, customMetrics, groups, findings: topic });
      // What is found from the first minute on has somewhere to go.
      profiles.node.addDependency(findings);
    }
    if (audit.ownAccountSettings) {
      const { checks, frequency, dayOfWeek } = audit;
      const auditName = `${names.topicRoot}-audit`;
      new DefenderAudit(this, 'Audit', { ...kept, auditName, checks, frequency, dayOfWeek, findings: topic });
    }
    if (logging.ownAccountSettings) new IotLogging(this, 'IotLogging', { ...kept, level: logging.level });

    const outputs: Record<string, string> = {
      SecurityFindingsTopicArn: topic.topicArn,
      QuarantineFunctionName: held.function.function.functionName,
      QuarantineTableName: held.records.tableName,
      QuarantineFailedQueueUrl: held.failedQueue.queueUrl,
      QuarantineGroupName: names.quarantine,
    };
    for (const [name, value] of Object.entries(outputs)) new CfnOutput(this, name, { value });
  }
}
