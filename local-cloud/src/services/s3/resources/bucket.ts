import { uuid } from '../../../core/entropy.ts';
import { AwsError, NotImplementedError } from '../../../core/errors.ts';
import type { ResourceProvider, ResourceState } from '../../../core/resources.ts';
import { ALL_BLOCKED } from '../bucket-record.ts';
import { checkEncryption, checkOwnership, readPublicAccessBlock, readVersioning } from '../bucket-settings.ts';
import { type Bucket, type Buckets, checkBucketName } from '../buckets.ts';
import { readLifecycle, ruleOfTemplate } from '../lifecycle-configuration.ts';
import { MAX_BUCKET_NAME, MAX_BUCKET_TAGS } from '../limits.ts';
import { readNotifications } from '../notification-configuration.ts';
import { checkMinimumSize } from '../operations/bucket-settings.ts';
import { readTags } from '../tags.ts';

type Loose = Readonly<Record<string, unknown>>;

interface BucketProperties {
  AccessControl?: string;
  BucketEncryption?: { ServerSideEncryptionConfiguration?: Loose[] };
  BucketName?: string;
  IntelligentTieringConfigurations?: unknown[];
  LifecycleConfiguration?: { Rules?: Loose[]; TransitionDefaultMinimumObjectSize?: string };
  LoggingConfiguration?: Loose;
  NotificationConfiguration?: Loose;
  OwnershipControls?: { Rules?: Loose[] };
  PublicAccessBlockConfiguration?: Loose;
  Tags?: { Key: string; Value: string }[];
  VersioningConfiguration?: Loose;
}

/** CloudFormation template reference, "AWS::S3::Bucket". Access logs are recorded as wanted and not written. */
export function createBucketProvider(buckets: Buckets): ResourceProvider<BucketProperties> {
  const apply = async (bucket: Bucket, properties: BucketProperties) => {
    const { record } = bucket;
    checkSettings(properties);
    const { PublicAccessBlockConfiguration: block, VersioningConfiguration: versioning } = properties;
    const lifecycle = properties.LifecycleConfiguration;
    const rules = lifecycle?.Rules?.map(ruleOfTemplate);
    const read =
      rules === undefined || rules.length === 0 ? [] : readLifecycle(rules, () => uuid(buckets.context.entropy));
    record.publicAccessBlock = block === undefined ? ALL_BLOCKED : readPublicAccessBlock(block);
    // Versioning can be suspended but never turned off again.
    if (versioning !== undefined) record.versioning = readVersioning(versioning);
    else if (record.versioning === 'Enabled') record.versioning = 'Suspended';
    record.lifecycle = read;
    record.tags = readTags(properties.Tags, MAX_BUCKET_TAGS);
    record.logging = properties.LoggingConfiguration;
    record.notifications =
      properties.NotificationConfiguration === undefined
        ? undefined
        : readNotifications(properties.NotificationConfiguration, () => uuid(buckets.context.entropy));
    await buckets.save(bucket);
  };
  return {
    type: 'AWS::S3::Bucket',
    replaceOn: ['BucketName'],
    properties: [
      'AccessControl',
      'BucketEncryption',
      'BucketName',
      'IntelligentTieringConfigurations',
      'LifecycleConfiguration',
      'LoggingConfiguration',
      'NotificationConfiguration',
      'OwnershipControls',
      'PublicAccessBlockConfiguration',
      'Tags',
      'VersioningConfiguration',
    ],
    async create(properties, scope) {
      const name = properties.BucketName ?? scope.generateName(MAX_BUCKET_NAME, { lowercase: true });
      checkBucketName(name);
      checkSettings(properties);
      if (buckets.find(name) !== undefined) {
        throw new AwsError('BucketAlreadyOwnedByYou', `${name} already exists`, 409);
      }
      const bucket = buckets.create(name);
      try {
        await apply(bucket, properties);
      } catch (error) {
        await buckets.delete(bucket);
        throw error;
      }
      return stateOf(buckets, name);
    },
    async update(properties, _previous, state) {
      await apply(buckets.require(state.physicalId), properties);
      return stateOf(buckets, state.physicalId);
    },
    /** @throws AwsError `BucketNotEmpty`, as on AWS */
    async delete(state) {
      const bucket = buckets.find(state.physicalId);
      if (bucket !== undefined) await buckets.delete(bucket);
    },
  };
}

function checkSettings(properties: BucketProperties): void {
  if (properties.AccessControl !== undefined && properties.AccessControl !== 'Private') {
    throw new NotImplementedError(`AccessControl '${properties.AccessControl}' of a bucket`);
  }
  if ((properties.IntelligentTieringConfigurations ?? []).length > 0) {
    throw new NotImplementedError('IntelligentTieringConfigurations of a bucket');
  }
  if (properties.BucketEncryption !== undefined) {
    checkEncryption(properties.BucketEncryption.ServerSideEncryptionConfiguration);
  }
  if (properties.OwnershipControls !== undefined) checkOwnership(properties.OwnershipControls.Rules);
  checkMinimumSize(properties.LifecycleConfiguration?.TransitionDefaultMinimumObjectSize);
}

function stateOf(buckets: Buckets, name: string): ResourceState {
  const { region } = buckets.context.account;
  return {
    physicalId: name,
    attributes: {
      Arn: `arn:aws:s3:::${name}`,
      DomainName: `${name}.s3.amazonaws.com`,
      DualStackDomainName: `${name}.s3.dualstack.${region}.amazonaws.com`,
      RegionalDomainName: `${name}.s3.${region}.amazonaws.com`,
    },
  };
}
