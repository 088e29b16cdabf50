import type { ResourceProvider } from '../../../core/resources.ts';
import { readBucketPolicy } from '../bucket-policy.ts';
import type { Buckets } from '../buckets.ts';

interface BucketPolicyProperties {
  Bucket: string;
  PolicyDocument: unknown;
}

/** CloudFormation template reference, "AWS::S3::BucketPolicy". */
export function createBucketPolicyProvider(buckets: Buckets): ResourceProvider<BucketPolicyProperties> {
  const apply = async ({ Bucket: name, PolicyDocument: document }: BucketPolicyProperties) => {
    const bucket = buckets.require(name);
    bucket.record.policy = readBucketPolicy(document, bucket.record);
    await buckets.save(bucket);
    return { physicalId: name, attributes: {} };
  };
  return {
    type: 'AWS::S3::BucketPolicy',
    replaceOn: ['Bucket'],
    properties: ['Bucket', 'PolicyDocument'],
    create: apply,
    update: apply,
    async delete(state) {
      const bucket = buckets.find(state.physicalId);
      if (bucket === undefined) return;
      bucket.record.policy = undefined;
      await buckets.save(bucket);
    },
  };
}
