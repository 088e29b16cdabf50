import { platformNames } from '@fleetwright/contracts';
import { CfnOutput, Stack, type StackProps } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { alarmActionArns, alertChannels, removalPolicy } from '../config/derived-settings.ts';
import type { PlatformConfig } from '../config/platform-config.ts';
import { DeadLetterQueue } from '../constructs/dead-letter-queue/dead-letter-queue.ts';
import { DeviceCommand } from '../constructs/device-command/device-command.ts';
import { NotificationTopic } from '../constructs/notification-topic/notification-topic.ts';
import { DevicePresence } from '../constructs/presence/device-presence.ts';
import { RemainingLife } from '../constructs/remaining-life/remaining-life.ts';
import { TelemetryAlerts } from '../constructs/telemetry-alerts/telemetry-alerts.ts';
import type { HotStore } from '../constructs/telemetry-store/hot-store.ts';
import { TwinDrift } from '../constructs/twin-drift/twin-drift.ts';
import { TwinHistory } from '../constructs/twin-history/twin-history.ts';
import { WhatIf } from '../constructs/what-if/what-if.ts';

export interface TwinStackProps extends StackProps {
  readonly config: PlatformConfig;
  /** Of the telemetry stack, which is deployed before. */
  readonly store: HotStore;
}

/** What devices are and should be: histories of their shadows, drift, presence and commands. */
export class TwinStack extends Stack {
  constructor(scope: Construct, id: string, props: TwinStackProps) {
    super(scope, id, props);
    const { project, stage, settings } = props.config;
    const names = platformNames(project, stage);
    const defaults = {
      logRetentionDays: settings.retention.logDays,
      removalPolicy: removalPolicy(settings),
      metricsNamespace: names.topicRoot,
      deadLetterDays: settings.retention.deadLetterDays,
      alarmActionArns: alarmActionArns(this, props.config),
    };
    const { topic: alerts } = new NotificationTopic(this, 'Alerts', {
      displayName: `${names.topicRoot} devices`,
      publishers: [],
      emails: settings.alerts.emails,
    });
    const ruleErrors = new DeadLetterQueue(this, 'RuleErrors', {
      meaning: 'An action of a topic rule of the twin failed; the message holds it with its error.',
      retentionDays: defaults.deadLetterDays,
      removalPolicy: defaults.removalPolicy,
      alarmActionArns: defaults.alarmActionArns,
    });
    const shared = { ...defaults, names, errorQueue: ruleErrors.queue };
    const { deviceTypes } = settings.provisioning;

    const history = new TwinHistory(this, 'History', { ...shared, store: props.store });
    const drift = new TwinDrift(this, 'Drift', {
      ...shared,
      settings: settings.twin.drift,
      alerts,
      historyQueue: history.consumer.queue,
    });
    const presence = new DevicePresence(this, 'Presence', {
      ...shared,
      deviceTypes,
      settings: settings.twin.presence,
      alerts,
    });
    const command = new DeviceCommand(this, 'Command', { ...shared, deviceTypes, settings: settings.twin.commands });

    const { batchWindowSeconds, maxConcurrency, maxLatenessSeconds, rules } = settings.alerts;
    const telemetryAlerts =
      alertChannels(settings).size === 0
        ? undefined
        : new TelemetryAlerts(this, 'TelemetryAlerts', {
            ...shared,
            rules,
            maxLatenessSeconds,
            batchWindowSeconds,
            maxConcurrency,
            // Of the telemetry stack, by its name: its rule cannot name a queue of a stack that is deployed later.
            queueName: names.alertSamples,
            alerts,
          });

    // Both read telemetry where it lies on Timestream; the lake has no reader for functions.
    const onTimestream = settings.hotStore === 'timestream';
    const { models, remainingLife: life } = settings;
    const whatIf =
      onTimestream && Object.keys(models).length > 0
        ? new WhatIf(this, 'WhatIf', {
            ...shared,
            models,
            rules,
            alertStates: telemetryAlerts?.state,
            driftAfterSeconds: settings.twin.drift.raiseAfterSeconds,
          })
        : undefined;
    const remainingLife =
      onTimestream && Object.keys(life).length > 0
        ? new RemainingLife(this, 'RemainingLife', { ...shared, life })
        : undefined;

    const outputs: Record<string, string> = {
      ...(telemetryAlerts !== undefined && { AlertTableName: telemetryAlerts.state.tableName }),
      ...(whatIf !== undefined && { WhatIfFunctionName: whatIf.function.function.functionName }),
      ...(remainingLife !== undefined && { LifeFunctionName: remainingLife.function.function.functionName }),
      AlertTopicArn: alerts.topicArn,
      CommandFunctionName: command.issuer.function.functionName,
      CommandTableName: command.commands.tableName,
      CommandFailedQueueUrl: command.consumer.failedQueue.queueUrl,
      DriftTableName: drift.state.tableName,
      DriftFailedQueueUrl: drift.consumer.failedQueue.queueUrl,
      PresenceTableName: presence.state.tableName,
      PresenceFailedQueueUrl: presence.consumer.failedQueue.queueUrl,
      TwinHistoryFailedQueueUrl: history.consumer.failedQueue.queueUrl,
      TwinRuleErrorQueueUrl: ruleErrors.queue.queueUrl,
    };
    for (const [name, value] of Object.entries(outputs)) new CfnOutput(this, name, { value });
  }
}
