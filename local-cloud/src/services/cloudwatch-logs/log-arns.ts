import { type Account, arn, parseArn } from '../../core/account.ts';
import { AwsError } from '../../core/errors.ts';
import type { Permission } from '../../core/iam/authorizer.ts';

/** ARN of a log group without the trailing `:*`. */
export function logGroupArn(account: Account, name: string): string {
  return arn(account, 'logs', `log-group:${name}`);
}

export function logStreamArn(account: Account, group: string, stream: string): string {
  return arn(account, 'logs', `log-group:${group}:log-stream:${stream}`);
}

/** CloudWatch Logs evaluates actions on a group against its ARN with an empty stream, which `log-group:<name>:*` covers. */
export function groupPermission(account: Account, action: string, group: string): Permission {
  return { action: `logs:${action}`, resource: logStreamArn(account, group, '') };
}

export function streamPermission(account: Account, action: string, group: string, stream: string): Permission {
  return { action: `logs:${action}`, resource: logStreamArn(account, group, stream) };
}

/** Tagging is the exception: it is evaluated against the ARN without `:*` ("TagResource"). */
export function tagPermission(account: Account, action: string, group: string): Permission {
  return { action: `logs:${action}`, resource: logGroupArn(account, group) };
}

/** Name of the group that a request means by `logGroupName` or `logGroupIdentifier` (a name or an ARN). */
export function requestedGroup(
  account: Account,
  input: { logGroupName?: string | undefined; logGroupIdentifier?: string | undefined },
): string {
  if ((input.logGroupName === undefined) === (input.logGroupIdentifier === undefined)) {
    throw new AwsError(
      'InvalidParameterException',
      'Exactly one of logGroupName or logGroupIdentifier must be specified.',
    );
  }
  if (input.logGroupName !== undefined) return input.logGroupName;
  return groupOfArn(account, input.logGroupIdentifier as string) ?? (input.logGroupIdentifier as string);
}

/** Name of the group in an ARN of this account, with or without `:*`; undefined for other text. */
export function groupOfArn(account: Account, text: string): string | undefined {
  const parsed = parseArn(text);
  if (parsed === undefined || parsed.service !== 'logs') return undefined;
  if (parsed.accountId !== account.accountId || parsed.region !== account.region) return undefined;
  const [kind, name] = parsed.resource.split(':');
  return kind === 'log-group' ? name : undefined;
}
