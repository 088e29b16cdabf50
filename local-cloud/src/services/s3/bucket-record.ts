import type { PolicyDocument } from '../../core/iam/policy-document.ts';
import type { LifecycleRule } from './lifecycle-rule.ts';
import type { NotificationSettings } from './notification-configuration.ts';

export interface PublicAccessBlock {
  readonly blockPublicAcls: boolean;
  readonly ignorePublicAcls: boolean;
  readonly blockPublicPolicy: boolean;
  readonly restrictPublicBuckets: boolean;
}

/** New buckets block all public access (since April 2023: "Blocking public access to your Amazon S3 storage"). */
export const ALL_BLOCKED: PublicAccessBlock = {
  blockPublicAcls: true,
  ignorePublicAcls: true,
  blockPublicPolicy: true,
  restrictPublicBuckets: true,
};

export interface BucketRecord {
  readonly name: string;
  readonly creationDate: number;
  versioning?: 'Enabled' | 'Suspended' | undefined;
  publicAccessBlock?: PublicAccessBlock | undefined;
  policy?: PolicyDocument | undefined;
  lifecycle: LifecycleRule[];
  notifications?: NotificationSettings | undefined;
  tags: { Key: string; Value: string }[];
  /** Recorded: no access logs are written. */
  logging?: Readonly<Record<string, unknown>> | undefined;
}
