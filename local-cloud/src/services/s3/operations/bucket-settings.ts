import type { ApiCall, Operation } from '../../../core/api.ts';
import { uuid } from '../../../core/entropy.ts';
import { AwsError, NotImplementedError } from '../../../core/errors.ts';
import { isPublicPolicy, readBucketPolicy } from '../bucket-policy.ts';
import { checkEncryption, checkOwnership, readPublicAccessBlock, readVersioning } from '../bucket-settings.ts';
import type { Bucket, Buckets } from '../buckets.ts';
import { readLifecycle, writeLifecycle } from '../lifecycle-configuration.ts';
import { MAX_BUCKET_TAGS } from '../limits.ts';
import { readNotifications, writeNotifications } from '../notification-configuration.ts';
import { bucketPermission } from '../permissions.ts';
import { readTags } from '../tags.ts';

interface BucketRequest {
  Bucket?: string | undefined;
  ExpectedBucketOwner?: string | undefined;
}

/** Policy, public access block, versioning, lifecycle, encryption, ownership and tags of a bucket. */
export function createBucketSettingOperations(buckets: Buckets): Operation[] {
  const { entropy } = buckets.context;
  /** An operation on a setting; `action` is the IAM action where it differs from the name. */
  const setting = <I extends BucketRequest, O>(
    name: string,
    action: string,
    handle: (bucket: Bucket, input: I) => O | Promise<O>,
  ): Operation<I, O> => ({
    name,
    authorize: (input: I, call: ApiCall) => [bucketPermission(buckets, action, input.Bucket, call)],
    handle: (input: I) => handle(buckets.require(input.Bucket ?? '', input.ExpectedBucketOwner), input),
  });
  const change = <I extends BucketRequest>(name: string, action: string, apply: (bucket: Bucket, input: I) => void) =>
    setting<I, object>(name, action, async (bucket, input) => {
      apply(bucket, input);
      await buckets.save(bucket);
      return {};
    });

  return [
    change<BucketRequest & { NotificationConfiguration?: Record<string, unknown> }>(
      'PutBucketNotificationConfiguration',
      'PutBucketNotification',
      ({ record }, input) => {
        record.notifications = readNotifications(input.NotificationConfiguration ?? {}, () => uuid(entropy));
      },
    ),
    setting('GetBucketNotificationConfiguration', 'GetBucketNotification', ({ record }) =>
      record.notifications === undefined ? {} : writeNotifications(record.notifications),
    ),
    change<BucketRequest & { Policy?: string }>('PutBucketPolicy', 'PutBucketPolicy', ({ record }, input) => {
      record.policy = readBucketPolicy(input.Policy, record);
    }),
    setting('GetBucketPolicy', 'GetBucketPolicy', ({ record }) => {
      if (record.policy === undefined)
        throw missing('NoSuchBucketPolicy', 'The bucket policy does not exist', record.name);
      return { Policy: JSON.stringify(record.policy) };
    }),
    setting('GetBucketPolicyStatus', 'GetBucketPolicyStatus', ({ record }) => {
      if (record.policy === undefined)
        throw missing('NoSuchBucketPolicy', 'The bucket policy does not exist', record.name);
      return { PolicyStatus: { IsPublic: isPublicPolicy(record.policy) } };
    }),
    change('DeleteBucketPolicy', 'DeleteBucketPolicy', ({ record }) => {
      record.policy = undefined;
    }),

    change<BucketRequest & { PublicAccessBlockConfiguration?: Record<string, unknown> }>(
      'PutPublicAccessBlock',
      'PutBucketPublicAccessBlock',
      ({ record }, input) => {
        record.publicAccessBlock = readPublicAccessBlock(input.PublicAccessBlockConfiguration);
      },
    ),
    setting('GetPublicAccessBlock', 'GetBucketPublicAccessBlock', ({ record }) => {
      const block = record.publicAccessBlock;
      if (block === undefined) {
        throw missing(
          'NoSuchPublicAccessBlockConfiguration',
          'The public access block configuration was not found',
          record.name,
        );
      }
      return {
        PublicAccessBlockConfiguration: {
          BlockPublicAcls: block.blockPublicAcls,
          IgnorePublicAcls: block.ignorePublicAcls,
          BlockPublicPolicy: block.blockPublicPolicy,
          RestrictPublicBuckets: block.restrictPublicBuckets,
        },
      };
    }),
    change('DeletePublicAccessBlock', 'PutBucketPublicAccessBlock', ({ record }) => {
      record.publicAccessBlock = undefined;
    }),

    change<BucketRequest & { VersioningConfiguration?: Record<string, unknown>; MFA?: string }>(
      'PutBucketVersioning',
      'PutBucketVersioning',
      ({ record }, input) => {
        if (input.MFA !== undefined) throw new NotImplementedError('S3 MFA delete');
        record.versioning = readVersioning(input.VersioningConfiguration);
      },
    ),
    setting('GetBucketVersioning', 'GetBucketVersioning', ({ record }) =>
      record.versioning === undefined ? {} : { Status: record.versioning },
    ),

    change<
      BucketRequest & { LifecycleConfiguration?: { Rules?: never[] }; TransitionDefaultMinimumObjectSize?: string }
    >('PutBucketLifecycleConfiguration', 'PutLifecycleConfiguration', ({ record }, input) => {
      checkMinimumSize(input.TransitionDefaultMinimumObjectSize);
      record.lifecycle = readLifecycle(input.LifecycleConfiguration?.Rules, () => uuid(entropy));
    }),
    setting('GetBucketLifecycleConfiguration', 'GetLifecycleConfiguration', ({ record }) => {
      if (record.lifecycle.length === 0) {
        throw missing('NoSuchLifecycleConfiguration', 'The lifecycle configuration does not exist', record.name);
      }
      return {
        Rules: writeLifecycle(record.lifecycle),
        TransitionDefaultMinimumObjectSize: 'all_storage_classes_128K' as const,
      };
    }),
    change('DeleteBucketLifecycle', 'PutLifecycleConfiguration', ({ record }) => {
      record.lifecycle = [];
    }),

    change<BucketRequest & { ServerSideEncryptionConfiguration?: { Rules?: Record<string, unknown>[] } }>(
      'PutBucketEncryption',
      'PutEncryptionConfiguration',
      (_bucket, input) => checkEncryption(input.ServerSideEncryptionConfiguration?.Rules),
    ),
    setting('GetBucketEncryption', 'GetEncryptionConfiguration', () => ({
      ServerSideEncryptionConfiguration: {
        Rules: [{ ApplyServerSideEncryptionByDefault: { SSEAlgorithm: 'AES256' as const }, BucketKeyEnabled: false }],
      },
    })),

    change<BucketRequest & { OwnershipControls?: { Rules?: Record<string, unknown>[] } }>(
      'PutBucketOwnershipControls',
      'PutBucketOwnershipControls',
      (_bucket, input) => checkOwnership(input.OwnershipControls?.Rules),
    ),
    setting('GetBucketOwnershipControls', 'GetBucketOwnershipControls', () => ({
      OwnershipControls: { Rules: [{ ObjectOwnership: 'BucketOwnerEnforced' as const }] },
    })),

    change<BucketRequest & { Tagging?: { TagSet?: { Key?: string; Value?: string }[] } }>(
      'PutBucketTagging',
      'PutBucketTagging',
      ({ record }, input) => {
        record.tags = readTags(input.Tagging?.TagSet, MAX_BUCKET_TAGS);
      },
    ),
    setting('GetBucketTagging', 'GetBucketTagging', ({ record }) => {
      if (record.tags.length === 0) throw missing('NoSuchTagSet', 'The TagSet does not exist', record.name);
      return { TagSet: record.tags.map((tag) => ({ ...tag })) };
    }),
    change('DeleteBucketTagging', 'PutBucketTagging', ({ record }) => {
      record.tags = [];
    }),
  ];
}

export function checkMinimumSize(wanted: string | undefined): void {
  if (wanted !== undefined && wanted !== 'all_storage_classes_128K') {
    throw new NotImplementedError(`S3 TransitionDefaultMinimumObjectSize '${wanted}'`);
  }
}

function missing(code: string, message: string, bucket: string): AwsError {
  return new AwsError(code, message, 404, { fields: { BucketName: bucket } });
}
