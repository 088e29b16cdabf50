import { DEVICE_HISTORY_INDEX, FIRMWARE_PREFIXES, type PlatformNames } from '@fleetwright/contracts';
import { ArnFormat, Duration, Stack } from 'aws-cdk-lib';
import { Metric } from 'aws-cdk-lib/aws-cloudwatch';
import { AttributeType, type Table } from 'aws-cdk-lib/aws-dynamodb';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { Bucket } from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';
import type { OtaSettings } from '../../config/ota-settings.ts';
import { acknowledgeWildcard } from '../acknowledgement/acknowledge.ts';
import { OperatorAlarm } from '../operator-alarm/operator-alarm.ts';
import { QueueConsumer, type QueueConsumerDefaults } from '../queue-consumer/queue-consumer.ts';
import { StateTable } from '../queue-consumer/state-table.ts';
import { IotServiceRole } from '../service-role/iot-service-role.ts';
import { grantCampaigns } from './campaign-grants.ts';

export interface UpdateCampaignsProps extends QueueConsumerDefaults {
  readonly project: string;
  readonly stage: string;
  readonly names: PlatformNames;
  readonly deviceTypes: readonly string[];
  readonly settings: Pick<OtaSettings, 'campaign' | 'pollSeconds' | 'urlSeconds'>;
  readonly bucket: Bucket;
  readonly releases: Table;
}

/** Listing a large wave and its executions takes its time; most looks take well under a second. */
const TIMEOUT_SECONDS = 300;

/**
 * Carries releases to devices in waves. AWS IoT's job events would need a setting of the whole account, so jobs are looked
 * at: a message to the function itself comes back when it is time.
 */
export class UpdateCampaigns extends Construct {
  readonly consumer: QueueConsumer;
  readonly campaigns: StateTable;
  /** `{ campaignId, thingName, record }`, and by thing. */
  readonly devices: StateTable;

  constructor(scope: Construct, id: string, props: UpdateCampaignsProps) {
    super(scope, id);
    const { names, settings } = props;
    this.campaigns = new StateTable(this, 'Campaigns', ['campaignId'], props.removalPolicy);
    this.devices = new StateTable(this, 'Devices', ['campaignId', 'thingName'], props.removalPolicy);
    this.devices.addGlobalSecondaryIndex({
      indexName: DEVICE_HISTORY_INDEX,
      partitionKey: { name: 'thingName', type: AttributeType.STRING },
      sortKey: { name: 'campaignId', type: AttributeType.STRING },
    });
    const urlRole = new IotServiceRole(this, 'UrlRole', {
      description: 'Presigned URLs of update jobs: reads released firmware, nothing else',
    });
    const releases = props.bucket.arnForObjects(`${FIRMWARE_PREFIXES.releases}/*`);
    urlRole.addToPrincipalPolicy(
      new PolicyStatement({ sid: 'ReadReleases', actions: ['s3:GetObject'], resources: [releases] }),
    );
    acknowledgeWildcard(urlRole, releases, 'Files are named by version and digest, which come with each release.');

    this.consumer = new QueueConsumer(this, 'Conductor', {
      ...props,
      functionName: 'ota-campaign',
      description: 'Carries a release to devices, wave by wave',
      content: 'Looks at update campaigns',
      environment: {
        CAMPAIGN_TABLE: this.campaigns.tableName,
        DEVICE_TABLE: this.devices.tableName,
        RELEASE_TABLE: props.releases.tableName,
        FIRMWARE_BUCKET: props.bucket.bucketName,
        PROJECT: props.project,
        STAGE: props.stage,
        IOT_ARN_PREFIX: Stack.of(this).formatArn({
          service: 'iot',
          resource: '',
          arnFormat: ArnFormat.NO_RESOURCE_NAME,
        }),
        URL_ROLE_ARN: urlRole.roleArn,
        URL_SECONDS: String(settings.urlSeconds),
        POLL_SECONDS: String(settings.pollSeconds),
        CAMPAIGN_DEFAULTS: JSON.stringify(settings.campaign),
      },
      remindsItself: true,
      batchSize: 1,
      timeoutSeconds: TIMEOUT_SECONDS,
      memoryMegabytes: 512,
    });
    const { role } = this.consumer.function;
    this.campaigns.grantTracking(role, 'dynamodb:GetItem', 'dynamodb:PutItem');
    role.addToPrincipalPolicy(
      new PolicyStatement({
        sid: 'KeepDevices',
        actions: ['dynamodb:PutItem', 'dynamodb:Query'],
        resources: [this.devices.tableArn],
      }),
    );
    role.addToPrincipalPolicy(
      new PolicyStatement({
        sid: 'ReadReleases',
        actions: ['dynamodb:GetItem'],
        resources: [props.releases.tableArn],
      }),
    );
    grantCampaigns(role, { names, deviceTypes: props.deviceTypes, urlRole });
    // AWS IoT takes the role on as soon as a job names it.
    this.consumer.node.addDependency(urlRole);
    new OperatorAlarm(this, 'Stopped', {
      description: 'An update campaign stopped itself: see `fleetwright ota status`, and docs/updates.md.',
      metric: new Metric({
        namespace: props.metricsNamespace,
        metricName: 'campaignsStopped',
        dimensionsMap: { service: 'ota-campaign' },
        statistic: 'Sum',
        period: Duration.minutes(5),
      }),
      above: 0,
      actionArns: props.alarmActionArns,
    });
  }
}
