import type { PolicyDocument } from '../../core/iam/policy-document.ts';

/** Characters that count against IAM's size quotas: white space does not. */
export function policySize(document: PolicyDocument): number {
  return JSON.stringify(document).replace(/\s/g, '').length;
}
