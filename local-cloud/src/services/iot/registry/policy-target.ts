import { iotResourceName } from '../arns.ts';
import { invalidRequest, resourceNotFound } from '../errors.ts';
import type { RegistryState } from './registry-state.ts';
import { requireText } from './validation.ts';

export interface PolicyTarget {
  readonly type: 'cert' | 'thinggroup';
  readonly arn: string;
  /** Certificate id or group name. */
  readonly name: string;
}

/** What a policy may be attached to (API AttachPolicy). Cognito identities are not built and are refused here. */
export function readTarget(state: RegistryState, target: string | undefined): PolicyTarget {
  requireText('target', target, 1, 2048);
  const { account } = state.environment;
  const certificateId = iotResourceName(account, 'cert', target);
  if (certificateId !== undefined) {
    if (!state.certificates.has(certificateId)) {
      throw resourceNotFound('The certificate given in the principal does not exist.');
    }
    return { type: 'cert', arn: target, name: certificateId };
  }
  const groupName = iotResourceName(account, 'thinggroup', target);
  if (groupName !== undefined) {
    if (!state.thingGroups.has(groupName)) throw resourceNotFound(`Thing group ${groupName} not found.`);
    return { type: 'thinggroup', arn: target, name: groupName };
  }
  throw invalidRequest(
    `Invalid target: ${target} is neither a certificate nor a thing group of this account and region`,
  );
}

/** Certificate id of a principal. Cognito identities are not built. */
export function readPrincipal(state: RegistryState, principal: string | undefined): string {
  requireText('principal', principal, 1, 2048);
  const certificateId = iotResourceName(state.environment.account, 'cert', principal);
  if (certificateId === undefined) throw invalidRequest('The given ARN does not represent a cert');
  if (!state.certificates.has(certificateId)) {
    throw resourceNotFound('The certificate given in the principal does not exist.');
  }
  return certificateId;
}
