import type { Operation } from '../../../core/api.ts';
import type { Permission } from '../../../core/iam/authorizer.ts';

/** Whoever names a role that AWS IoT will use must be allowed to pass it (IAM user guide, "Pass a role to an AWS service"). */
export function passingRole<I, O>(
  operation: Operation<I, O>,
  roleOf: (input: I) => string | undefined,
  service = 'iot.amazonaws.com',
): Operation<I, O> {
  return {
    ...operation,
    authorize(input, call): readonly Permission[] {
      const own = operation.authorize(input, call);
      const role = roleOf(input);
      if (role === undefined) return own;
      return [...own, { action: 'iam:PassRole', resource: role, conditions: { 'iam:PassedToService': service } }];
    },
  };
}
