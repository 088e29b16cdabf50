import type { PolicyDocument } from '../../core/iam/policy-document.ts';

/** A role as it is kept. Names are unique without regard to case. */
export interface RoleRecord {
  readonly roleName: string;
  /** `AROA…`: a role made again under the same name is another one. */
  readonly roleId: string;
  readonly path: string;
  readonly arn: string;
  /** ms since the epoch */
  readonly createDate: number;
  readonly trust: PolicyDocument;
  readonly description: string | undefined;
  /** seconds */
  readonly maxSessionDuration: number;
  readonly inline: Readonly<Record<string, PolicyDocument>>;
  /** ARNs of managed policies. */
  readonly attached: readonly string[];
  /** ARN of a managed policy. */
  readonly boundary: string | undefined;
  readonly tags: readonly Tag[];
}

export interface Tag {
  readonly Key: string;
  readonly Value: string;
}

export interface ManagedPolicyRecord {
  readonly policyName: string;
  /** `ANPA…` */
  readonly policyId: string;
  readonly path: string;
  readonly arn: string;
  readonly description: string | undefined;
  /** ms since the epoch */
  readonly createDate: number;
  readonly updateDate: number;
  /** `v1`, `v2`, … */
  readonly versionId: string;
  readonly document: PolicyDocument;
  readonly tags: readonly Tag[];
}
