import { AwsError } from '../../core/errors.ts';
import type { CloudContext } from '../../core/plugin.ts';
import type { StackView } from '../../core/stacks.ts';

export function allStacks({ ports }: CloudContext): readonly StackView[] {
  return ports.find('stacks')?.list() ?? [];
}

/** By name, for one that lives, or by id, for any. @throws AwsError `ValidationError` in CloudFormation's words */
export function findStack(context: CloudContext, nameOrId: string): StackView {
  const found = allStacks(context).find(({ stackId, stackName, status }) =>
    nameOrId.startsWith('arn:') ? stackId === nameOrId : stackName === nameOrId && status !== 'DELETE_COMPLETE',
  );
  if (found === undefined) throw new AwsError('ValidationError', `Stack with id ${nameOrId} does not exist`, 400);
  return found;
}

/** ARN for a permission: the stack's own, or of any stack of that name (service authorization reference, CloudFormation). */
export function stackArn({ account }: CloudContext, nameOrId: string): string {
  if (nameOrId.startsWith('arn:')) return nameOrId;
  return `arn:${account.partition}:cloudformation:${account.region}:${account.accountId}:stack/${nameOrId}/*`;
}
