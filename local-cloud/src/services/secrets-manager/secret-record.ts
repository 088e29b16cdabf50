import type { Tag } from '@aws-sdk/client-secrets-manager';
import type { PolicyDocument } from '../../core/iam/policy-document.ts';

export interface SecretRecord {
  readonly arn: string;
  readonly name: string;
  description?: string | undefined;
  tags: Tag[];
  readonly createdDate: number;
  lastChangedDate: number;
  /** Start of the day (UTC) of the last retrieval. */
  lastAccessedDate?: number;
  /** When DeleteSecret was called. */
  deletedDate?: number | undefined;
  /** End of the recovery window. */
  deletionDate?: number | undefined;
  policy?: PolicyDocument | undefined;
  versions: VersionRecord[];
}

export interface VersionRecord {
  readonly id: string;
  readonly createdDate: number;
  /** Start of the day (UTC) of the last retrieval. */
  lastAccessedDate?: number;
  stages: string[];
  readonly kind: 'text' | 'binary';
  readonly sealed: string;
}
