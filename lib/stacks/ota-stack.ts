import { platformNames } from '@fleetwright/contracts';
import { CfnOutput, Stack, type StackProps } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { alarmActionArns, removalPolicy } from '../config/derived-settings.ts';
import type { PlatformConfig } from '../config/platform-config.ts';
import { SignedOta } from '../constructs/signed-ota/signed-ota.ts';

export interface OtaStackProps extends StackProps {
  readonly config: PlatformConfig;
}

/** How devices get new firmware. */
export class OtaStack extends Stack {
  constructor(scope: Construct, id: string, props: OtaStackProps) {
    super(scope, id, props);
    const { project, stage, settings } = props.config;
    const names = platformNames(project, stage);
    const { campaigns, pipeline, signing } = new SignedOta(this, 'Ota', {
      project,
      stage,
      names,
      deviceTypes: settings.provisioning.deviceTypes,
      settings: settings.ota,
      deadLetterDays: settings.retention.deadLetterDays,
      logRetentionDays: settings.retention.logDays,
      removalPolicy: removalPolicy(settings),
      metricsNamespace: names.topicRoot,
      alarmActionArns: alarmActionArns(this, props.config),
    });
    const outputs: Record<string, string> = {
      ...signing.outputs,
      FirmwareBucketName: pipeline.bucket.bucketName,
      ReleaseTableName: pipeline.releases.tableName,
      CampaignTableName: campaigns.campaigns.tableName,
      CampaignDeviceTableName: campaigns.devices.tableName,
      CampaignFunctionName: campaigns.consumer.function.function.functionName,
      ReleaseFailedQueueUrl: pipeline.consumer.failedQueue.queueUrl,
      CampaignFailedQueueUrl: campaigns.consumer.failedQueue.queueUrl,
    };
    for (const [name, value] of Object.entries(outputs)) new CfnOutput(this, name, { value });
  }
}
