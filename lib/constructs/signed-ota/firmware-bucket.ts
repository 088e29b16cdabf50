import { FIRMWARE_PREFIXES, MANIFEST_FILE } from '@fleetwright/contracts';
import { Aws, Duration, type RemovalPolicy } from 'aws-cdk-lib';
import { PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { BlockPublicAccess, Bucket, BucketEncryption, type CfnBucket, ObjectOwnership } from 'aws-cdk-lib/aws-s3';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { acknowledge } from '../acknowledgement/acknowledge.ts';

export interface FirmwareBucketProps {
  /** Told of every manifest that is uploaded. */
  readonly uploads: Queue;
  readonly uploadDays: number;
  readonly noncurrentDays: number;
  readonly removalPolicy: RemovalPolicy;
}

/**
 * Firmware: uploads, releases, signatures and the key set, by prefix, every version kept for a while.
 *
 * The upload of a manifest is told to a queue, from which nothing is lost while a function fails. The notification is the
 * bucket's own property: the CDK's would be set by a function that may change the notifications of every bucket.
 */
export class FirmwareBucket extends Construct {
  readonly bucket: Bucket;

  constructor(scope: Construct, id: string, props: FirmwareBucketProps) {
    super(scope, id);
    const { uploads } = props;
    // The bucket's name is not known before it is made, and it is made only once it may send.
    const { policyDependable } = uploads.addToResourcePolicy(
      new PolicyStatement({
        sid: 'TellOfUploads',
        principals: [new ServicePrincipal('s3.amazonaws.com')],
        actions: ['sqs:SendMessage'],
        resources: [uploads.queueArn],
        conditions: { StringEquals: { 'aws:SourceAccount': Aws.ACCOUNT_ID } },
      }),
    );
    this.bucket = new Bucket(this, 'Bucket', {
      blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
      encryption: BucketEncryption.S3_MANAGED,
      enforceSSL: true,
      objectOwnership: ObjectOwnership.BUCKET_OWNER_ENFORCED,
      versioned: true,
      removalPolicy: props.removalPolicy,
      lifecycleRules: [
        {
          id: 'uploads',
          prefix: `${FIRMWARE_PREFIXES.uploads}/`,
          expiration: Duration.days(props.uploadDays),
          noncurrentVersionExpiration: Duration.days(1),
        },
        { id: 'replaced', noncurrentVersionExpiration: Duration.days(props.noncurrentDays) },
        { id: 'unfinished-uploads', abortIncompleteMultipartUploadAfter: Duration.days(7) },
      ],
    });
    const resource = this.bucket.node.defaultChild as CfnBucket;
    resource.notificationConfiguration = {
      queueConfigurations: [
        {
          event: 's3:ObjectCreated:*',
          queue: uploads.queueArn,
          filter: {
            s3Key: {
              rules: [
                { name: 'prefix', value: `${FIRMWARE_PREFIXES.uploads}/` },
                { name: 'suffix', value: `/${MANIFEST_FILE}` },
              ],
            },
          },
        },
      ],
    };
    if (policyDependable !== undefined) this.bucket.node.addDependency(policyDependable);
    acknowledge(
      this.bucket,
      'AwsSolutions-S1',
      'Who publishes is on record in the release table, and what devices read in the campaign tables; single requests ' +
        'are recorded by CloudTrail data events, which an account turns on once for all its buckets.',
    );
  }
}
