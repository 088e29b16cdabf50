import { AwsError } from '../../../core/errors.ts';
import type { AssumedRole } from '../../../core/iam/principal.ts';
import type { CloudContext } from '../../../core/plugin.ts';
import { accessDenied } from './rejection.ts';

/**
 * The role that makes what a template declares, taken on by AWS IoT on behalf of `sourceArn`.
 * @throws ProvisioningRejection ACCESS_DENIED when the role does not trust AWS IoT
 */
export function assumeProvisioningRole(
  { account, ports }: CloudContext,
  roleArn: string,
  sourceArn: string,
  certificateId: string,
): AssumedRole {
  const principal = {
    kind: 'service',
    service: 'iot.amazonaws.com',
    sourceArn,
    sourceAccount: account.accountId,
  } as const;
  try {
    return ports.get('authorizer').assumeRole(principal, roleArn, certificateId.slice(0, 32));
  } catch (error) {
    if (!(error instanceof AwsError)) throw error;
    throw accessDenied(`AWS IoT cannot assume the provisioning role ${roleArn}`, error);
  }
}
