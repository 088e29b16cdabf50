import { randomText } from '../../../core/entropy.ts';
import type { AssumedRole } from '../../../core/iam/principal.ts';
import type { CloudContext } from '../../../core/plugin.ts';

const ALPHABET = '0123456789abcdef';

/**
 * AWS IoT takes on a role that a configuration names. Its trust policy must name `iot.amazonaws.com` (developer guide,
 * `dd-mitigation-actions`, "Permissions").
 *
 * @throws AwsError AccessDenied (403) when the role is missing or does not trust AWS IoT
 */
export function assumeServiceRole(context: CloudContext, roleArn: string, purpose: string): AssumedRole {
  const { accountId, region } = context.account;
  const service = {
    kind: 'service',
    service: 'iot.amazonaws.com',
    sourceArn: `arn:aws:iot:${region}:${accountId}:${purpose}`,
    sourceAccount: accountId,
  } as const;
  return context.ports.get('authorizer').assumeRole(service, roleArn, randomText(context.entropy, 16, ALPHABET));
}

/** @throws AwsError of the role or of SNS */
export async function publishToTopic(
  context: CloudContext,
  roleArn: string,
  topicArn: string,
  message: object,
): Promise<void> {
  const role = assumeServiceRole(context, roleArn, 'devicedefender');
  await context.api.call(role, 'sns', 'Publish', { TopicArn: topicArn, Message: JSON.stringify(message) });
}

/** Identifiers of tasks, findings and violations: 32 hexadecimal digits (developer guide, `AuditCommands`). */
export function newId(context: CloudContext): string {
  return context.entropy.bytes(16).toString('hex');
}
