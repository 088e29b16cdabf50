import type { PlatformNames } from '@fleetwright/contracts';
import { Duration } from 'aws-cdk-lib';
import { Metric } from 'aws-cdk-lib/aws-cloudwatch';
import { Construct } from 'constructs';
import type { OtaSettings } from '../../config/ota-settings.ts';
import { OperatorAlarm } from '../operator-alarm/operator-alarm.ts';
import type { QueueConsumerDefaults } from '../queue-consumer/queue-consumer.ts';
import { KmsSigning, type ManifestSigning, SignerSigning } from './manifest-signing.ts';
import { ReleasePipeline } from './release-pipeline.ts';
import { UpdateCampaigns } from './update-campaigns.ts';

export interface SignedOtaProps extends QueueConsumerDefaults {
  readonly project: string;
  readonly stage: string;
  readonly names: PlatformNames;
  readonly deviceTypes: readonly string[];
  readonly settings: OtaSettings;
}

/** Firmware from an upload to devices: checked, signed, released, and carried out in waves that stop at trouble. */
export class SignedOta extends Construct {
  readonly signing: ManifestSigning;
  readonly pipeline: ReleasePipeline;
  readonly campaigns: UpdateCampaigns;

  constructor(scope: Construct, id: string, props: SignedOtaProps) {
    super(scope, id);
    const { names, settings } = props;
    this.signing = this.signer(props);
    this.pipeline = new ReleasePipeline(this, 'Pipeline', {
      ...props,
      signing: this.signing,
      uploadDays: settings.uploadDays,
      noncurrentDays: settings.noncurrentDays,
    });
    this.campaigns = new UpdateCampaigns(this, 'Campaigns', {
      ...props,
      names,
      settings,
      bucket: this.pipeline.bucket,
      releases: this.pipeline.releases,
    });
    new OperatorAlarm(this, 'Refused', {
      description: 'Uploaded firmware was refused: `fleetwright ota status` says why.',
      metric: new Metric({
        namespace: props.metricsNamespace,
        metricName: 'uploadsRefused',
        dimensionsMap: { service: 'ota-release' },
        statistic: 'Sum',
        period: Duration.minutes(5),
      }),
      above: 0,
      actionArns: props.alarmActionArns,
    });
  }

  private signer(props: SignedOtaProps): ManifestSigning {
    const { certificateArn, method } = props.settings.signing;
    if (method === 'signer' && certificateArn !== undefined) {
      return new SignerSigning(this, 'Signing', {
        ...props,
        certificateArn,
        namePrefix: `${props.names.topicRoot}-firmware`.replaceAll('-', '_'),
      });
    }
    return new KmsSigning(this, 'Signing', {
      description: `Signs firmware manifests of ${props.names.topicRoot}`,
      removalPolicy: props.removalPolicy,
    });
  }
}
