import { AwsError } from '../errors.ts';
import type { Denial } from './decision.ts';
import type { Principal } from './principal.ts';

/** The name under which AWS's texts speak of a caller. */
export function nameOf(principal: Principal): string {
  switch (principal.kind) {
    case 'account':
    case 'assumed-role':
      return principal.arn;
    case 'service':
      return principal.service;
    case 'device':
      return principal.principalId;
    case 'anonymous':
      return 'anonymous';
  }
}

/** AWS's text (IAM user guide, "Troubleshoot access denied error messages"). */
export function denialText(principal: Principal, action: string, resource: string, denial: Denial): string {
  const who = `User: ${nameOf(principal)} is not authorized to perform: ${action} on resource: ${resource}`;
  return denial.startsWith('explicit')
    ? `${who} with an ${denial}`
    : `${who} because ${denial} allows the ${action} action`;
}

/** As JSON services answer it; the front door renames it `AccessDenied` for the XML services. */
export function accessDenied(principal: Principal, action: string, resource: string, denial: Denial): AwsError {
  return new AwsError('AccessDeniedException', denialText(principal, action, resource, denial), 403);
}
