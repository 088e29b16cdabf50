import { Aws, Duration, RemovalPolicy } from 'aws-cdk-lib';
import { Effect, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { CfnDeliveryStream } from 'aws-cdk-lib/aws-kinesisfirehose';
import { LogGroup, LogStream, type RetentionDays } from 'aws-cdk-lib/aws-logs';
import { BlockPublicAccess, Bucket, BucketEncryption, ObjectOwnership, StorageClass } from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';
import { acknowledge, acknowledgeWildcard } from '../acknowledgement/acknowledge.ts';

export interface RawArchiveProps {
  /** A file is closed after this time, in seconds (0–900). */
  readonly bufferSeconds: number;
  /** … or at this size, in MiB (1–128), whichever comes first. */
  readonly bufferMegabytes: number;
  readonly archiveDays: number;
  readonly logRetentionDays: number;
  readonly removalPolicy: RemovalPolicy;
}

/** Keys under which the bucket is divided. */
export const ARCHIVE_PREFIXES = {
  raw: 'raw',
  errors: 'raw-errors',
  storeRejects: 'timestream-rejects',
  rollupErrors: 'rollup-errors',
} as const;

/**
 * Everything that arrived, as it arrived: one line of JSON for each message, gathered by a delivery stream into
 * compressed files by hour, so that what the store refuses or forgets can be read again.
 */
export class RawArchive extends Construct {
  readonly bucket: Bucket;
  readonly stream: CfnDeliveryStream;

  constructor(scope: Construct, id: string, props: RawArchiveProps) {
    super(scope, id);
    this.bucket = new Bucket(this, 'Bucket', {
      blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
      encryption: BucketEncryption.S3_MANAGED,
      enforceSSL: true,
      objectOwnership: ObjectOwnership.BUCKET_OWNER_ENFORCED,
      removalPolicy: props.removalPolicy,
      lifecycleRules: [
        {
          id: 'archive',
          prefix: `${ARCHIVE_PREFIXES.raw}/`,
          // Below 60 days the minimum storage time of the colder class costs more than it saves.
          transitions:
            props.archiveDays > 60
              ? [{ storageClass: StorageClass.GLACIER_INSTANT_RETRIEVAL, transitionAfter: Duration.days(30) }]
              : [],
          expiration: Duration.days(props.archiveDays),
        },
        { id: 'unfinished-uploads', abortIncompleteMultipartUploadAfter: Duration.days(7) },
      ],
    });
    acknowledge(
      this.bucket,
      'AwsSolutions-S1',
      'Only the delivery stream and Timestream write here; who reads is recorded by CloudTrail data events, which an ' +
        'account turns on once for all its buckets. A log bucket per archive would be one more store to keep.',
    );

    const logs = new LogGroup(this, 'Logs', {
      retention: props.logRetentionDays as RetentionDays,
      removalPolicy: props.removalPolicy,
    });
    const logStream = new LogStream(this, 'LogStream', { logGroup: logs, removalPolicy: RemovalPolicy.DESTROY });

    const role = new Role(this, 'Role', {
      description: 'Delivery stream of the raw archive: writes files and its own log',
      assumedBy: new ServicePrincipal('firehose.amazonaws.com', {
        conditions: { StringEquals: { 'aws:SourceAccount': Aws.ACCOUNT_ID } },
      }),
    });
    const objects = [ARCHIVE_PREFIXES.raw, ARCHIVE_PREFIXES.errors].map((prefix) =>
      this.bucket.arnForObjects(`${prefix}/*`),
    );
    for (const object of objects) acknowledgeWildcard(role, object, 'The stream names its files as it writes them.');
    // Firehose developer guide, "Grant Firehose access to an Amazon S3 destination", cut to the prefixes in use.
    role.addToPrincipalPolicy(
      new PolicyStatement({
        effect: Effect.ALLOW,
        actions: ['s3:AbortMultipartUpload', 's3:GetObject', 's3:PutObject'],
        resources: objects,
      }),
    );
    role.addToPrincipalPolicy(
      new PolicyStatement({
        actions: ['s3:GetBucketLocation', 's3:ListBucket', 's3:ListBucketMultipartUploads'],
        resources: [this.bucket.bucketArn],
      }),
    );
    role.addToPrincipalPolicy(new PolicyStatement({ actions: ['logs:PutLogEvents'], resources: [logs.logGroupArn] }));

    this.stream = new CfnDeliveryStream(this, 'Stream', {
      deliveryStreamType: 'DirectPut',
      deliveryStreamEncryptionConfigurationInput: { keyType: 'AWS_OWNED_CMK' },
      extendedS3DestinationConfiguration: {
        bucketArn: this.bucket.bucketArn,
        roleArn: role.roleArn,
        bufferingHints: { intervalInSeconds: props.bufferSeconds, sizeInMBs: props.bufferMegabytes },
        compressionFormat: 'GZIP',
        fileExtension: '.jsonl.gz',
        prefix: `${ARCHIVE_PREFIXES.raw}/date=!{timestamp:yyyy-MM-dd}/hour=!{timestamp:HH}/`,
        errorOutputPrefix: `${ARCHIVE_PREFIXES.errors}/!{firehose:error-output-type}/date=!{timestamp:yyyy-MM-dd}/`,
        cloudWatchLoggingOptions: {
          enabled: true,
          logGroupName: logs.logGroupName,
          logStreamName: logStream.logStreamName,
        },
      },
    });
    this.stream.node.addDependency(role);
  }
}
