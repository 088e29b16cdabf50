import type { GroupPolicy, GroupPolicyRequest } from './schema.ts';

export interface GroupPolicyPorts {
  /** Attaching again is fine. */
  attach(policyName: string, groupArn: string): Promise<void>;
  /** A policy, a group or an attachment that is gone is fine. */
  detach(policyName: string, groupArn: string): Promise<void>;
}

export const NOTHING_ATTACHED = 'no-attachment';

/**
 * Attaches a policy to a thing group: CloudFormation's own `AWS::IoT::PolicyPrincipalAttachment` takes certificates only.
 * The physical id is the attachment itself, so that a change of either makes a new one before the old one goes.
 */
export async function manageGroupPolicy(
  request: GroupPolicyRequest,
  ports: GroupPolicyPorts,
): Promise<{ physicalResourceId: string }> {
  if (request.RequestType === 'Delete') {
    const attachment = parse(request.PhysicalResourceId);
    if (attachment !== undefined) await ports.detach(attachment.PolicyName, attachment.GroupArn);
    return { physicalResourceId: request.PhysicalResourceId };
  }
  const { PolicyName, GroupArn } = request.ResourceProperties;
  await ports.attach(PolicyName, GroupArn);
  return { physicalResourceId: `${PolicyName}|${GroupArn}` };
}

/** Policy names match `[\w+=,.@-]+` (IoT API reference, CreatePolicy). */
function parse(physicalId: string): GroupPolicy | undefined {
  const at = physicalId.indexOf('|');
  return at < 0 ? undefined : { PolicyName: physicalId.slice(0, at), GroupArn: physicalId.slice(at + 1) };
}
