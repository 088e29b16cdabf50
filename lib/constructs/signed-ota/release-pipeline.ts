import { FIRMWARE_PREFIXES } from '@fleetwright/contracts';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { Bucket } from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';
import { acknowledgeWildcard } from '../acknowledgement/acknowledge.ts';
import { QueueConsumer, type QueueConsumerDefaults } from '../queue-consumer/queue-consumer.ts';
import { StateTable } from '../queue-consumer/state-table.ts';
import { FirmwareBucket } from './firmware-bucket.ts';
import type { ManifestSigning } from './manifest-signing.ts';

export interface ReleasePipelineProps extends QueueConsumerDefaults {
  readonly deviceTypes: readonly string[];
  readonly signing: ManifestSigning;
  readonly uploadDays: number;
  readonly noncurrentDays: number;
}

/** An image of 5 GB, the largest that S3 copies at once, streams through in well under this time. */
const TIMEOUT_SECONDS = 900;
/** Lambda's network grows with its memory. */
const MEMORY = 1_024;

/** From an upload to a signed release: manifest and files checked, signed, verified, recorded. */
export class ReleasePipeline extends Construct {
  readonly bucket: Bucket;
  /** `{ id, record, … }`: `upload#{uploadId}` and `release#{version}`. */
  readonly releases: StateTable;
  readonly consumer: QueueConsumer;

  constructor(scope: Construct, id: string, props: ReleasePipelineProps) {
    super(scope, id);
    this.releases = new StateTable(this, 'Releases', ['id'], props.removalPolicy);
    this.consumer = new QueueConsumer(this, 'Publisher', {
      ...props,
      functionName: 'ota-release',
      description: 'Checks uploaded firmware, has its manifest signed and releases it',
      content: 'Uploads of firmware',
      environment: {
        ...props.signing.environment,
        RELEASE_TABLE: this.releases.tableName,
        DEVICE_TYPES: props.deviceTypes.join(','),
      },
      remindsItself: true,
      batchSize: 1,
      timeoutSeconds: TIMEOUT_SECONDS,
      memoryMegabytes: MEMORY,
    });
    const { queue } = this.consumer;
    const { function: publisher, role } = this.consumer.function;
    this.bucket = new FirmwareBucket(this, 'Firmware', { ...props, uploads: queue }).bucket;
    publisher.addEnvironment('FIRMWARE_BUCKET', this.bucket.bucketName);
    this.releases.grantTracking(role, 'dynamodb:GetItem', 'dynamodb:PutItem');
    const uploads = this.bucket.arnForObjects(`${FIRMWARE_PREFIXES.uploads}/*`);
    const releases = this.bucket.arnForObjects(`${FIRMWARE_PREFIXES.releases}/*`);
    for (const [sid, actions, resource] of [
      ['ReadUploads', ['s3:GetObject', 's3:GetObjectVersion'], uploads],
      ['WriteReleases', ['s3:PutObject'], releases],
      // Without it S3 answers 403 for a file that is missing.
      ['TellMissing', ['s3:ListBucket'], this.bucket.bucketArn],
    ] as const) {
      role.addToPrincipalPolicy(new PolicyStatement({ sid, actions: [...actions], resources: [resource] }));
    }
    for (const objects of [uploads, releases]) {
      acknowledgeWildcard(
        role,
        objects,
        'Files are named by upload, version and digest, which come with each release.',
      );
    }
    props.signing.grantSign(role, this.bucket);
  }
}
