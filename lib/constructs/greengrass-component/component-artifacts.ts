import { CustomResource, Duration, RemovalPolicy } from 'aws-cdk-lib';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { BlockPublicAccess, Bucket, BucketEncryption, ObjectOwnership } from 'aws-cdk-lib/aws-s3';
import { Asset } from 'aws-cdk-lib/aws-s3-assets';
import { Construct } from 'constructs';
import { acknowledge } from '../acknowledgement/acknowledge.ts';
import { BundledFunction } from '../bundled-function/bundled-function.ts';
import type { BuiltArtifact } from './built-component.ts';

export interface ComponentArtifactsProps {
  readonly logRetentionDays: number;
  readonly removalPolicy: RemovalPolicy;
  readonly metricsNamespace: string;
}

/**
 * Where cores get the files of components: `<component>/<version>/<file>`, each written once and for good.
 *
 * The bucket of the CDK's own assets would not do: its keys are hashes, which become the names of the files on a core;
 * what no template names any more may be collected there, while a core that comes back still needs it; and a role
 * could not tell components from everything else that was ever deployed.
 */
export class ComponentArtifacts extends Construct {
  readonly bucket: Bucket;
  readonly #publisher: BundledFunction;

  constructor(scope: Construct, id: string, props: ComponentArtifactsProps) {
    super(scope, id);
    this.bucket = new Bucket(this, 'Bucket', {
      blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
      encryption: BucketEncryption.S3_MANAGED,
      enforceSSL: true,
      objectOwnership: ObjectOwnership.BUCKET_OWNER_ENFORCED,
      versioned: true,
      removalPolicy: props.removalPolicy,
      lifecycleRules: [{ id: 'unfinished-uploads', abortIncompleteMultipartUploadAfter: Duration.days(7) }],
    });
    acknowledge(
      this.bucket,
      'AwsSolutions-S1',
      'Only deployments write here; what cores read is on record with their deployments, and single requests are ' +
        'recorded by CloudTrail data events, which an account turns on once for all its buckets.',
    );
    this.#publisher = new BundledFunction(this, 'Publisher', {
      ...props,
      name: 'publish-artifact',
      description: 'Puts built files of components where cores find them',
      environment: {},
      timeout: Duration.minutes(2),
      memoryMegabytes: 512,
    });
  }

  /**
   * @param scope of one version of one component
   * @returns what a component version waits for
   */
  publish(scope: Construct, artifact: BuiltArtifact, key: string): CustomResource {
    const source = new Asset(scope, `Asset-${artifact.fileName}`, { path: artifact.path });
    const { role } = this.#publisher;
    role.addToPrincipalPolicy(
      new PolicyStatement({
        actions: ['s3:GetObject'],
        resources: [source.bucket.arnForObjects(source.s3ObjectKey)],
      }),
    );
    role.addToPrincipalPolicy(
      new PolicyStatement({
        actions: ['s3:GetObject', 's3:PutObject'],
        resources: [this.bucket.arnForObjects(key)],
      }),
    );
    const published = new CustomResource(scope, `Published-${artifact.fileName}`, {
      resourceType: 'Custom::ComponentArtifact',
      serviceToken: this.#publisher.function.functionArn,
      serviceTimeout: Duration.minutes(5),
      // Nothing is taken away with it.
      removalPolicy: RemovalPolicy.DESTROY,
      properties: {
        SourceBucket: source.s3BucketName,
        SourceKey: source.s3ObjectKey,
        Bucket: this.bucket.bucketName,
        Key: key,
        Sha256: artifact.sha256,
      },
    });
    published.node.addDependency(role);
    return published;
  }
}
